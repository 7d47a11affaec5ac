import { readFileSync } from "node:fs";
import path from "node:path";

/** `/opt/mastodon` inside the images: the folder above the compiled stand-in. */
export const home = path.dirname(__dirname);

let baked: string | undefined;

/** The release that this image plays, such as `4.7.2`: baked into the image, beyond reach of the environment. */
export function release(): string {
  baked ??= readFileSync(path.join(home, "VERSION"), "utf8").trim();
  return baked;
}

/** Whether `version` comes at or after `minimum`, both as `major.minor.patch`. */
export function atLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, "en", { numeric: true }) >= 0;
}
