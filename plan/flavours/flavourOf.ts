import type { ParsedConfig } from "../configSchema";
import type { Flavour } from "./flavour";
import { linuxserver } from "./linuxserver";
import { official } from "./official";
import { source } from "./source";

/** The one place in which the flavour of the image decides anything. */
export function flavourOf(image: ParsedConfig["image"]): Flavour {
  switch (image.flavour) {
    case "official":
      return official(image.version);
    case "linuxserver":
      return linuxserver(image);
    case "source":
      return source(image);
    default:
      return image satisfies never;
  }
}
