import { homedir } from "node:os";
import path from "node:path";

/** Where what takes long to make is kept between runs, outside of the project: as in `toolchain/folders.mjs`. */
export function cacheFolder(): string {
  const { MASTODON_CACHE, XDG_CACHE_HOME } = process.env;
  return MASTODON_CACHE ?? path.join(XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "mastodon");
}
