import type { ParsedConfig } from "../configSchema";
import type { Flavour } from "./flavour";
import { linuxserver } from "./linuxserver";
import { official } from "./official";

/** The one place in which the flavour of the image decides anything. */
export function flavourOf(image: ParsedConfig["image"]): Flavour {
  switch (image.flavour) {
    case "official":
      return official(image.version);
    case "linuxserver":
      return linuxserver(image);
    case "source":
      return official(image.ref);
    default:
      return image satisfies never;
  }
}
