import type { ParsedConfig } from "../configSchema";
import type { Flavour } from "./flavour";
import { official } from "./official";

/** The one place in which the flavour of the image decides anything. */
export function flavourOf(image: ParsedConfig["image"]): Flavour {
  switch (image.flavour) {
    case "official":
    case "linuxserver":
      return official(image.version);
    case "source":
      return official(image.ref);
    default:
      return image satisfies never;
  }
}
