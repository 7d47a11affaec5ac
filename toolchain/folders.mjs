import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this project. */
export const project = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * The only two places outside the project that are written to.
 * `state` cannot be made again (what exists, and the passphrase that opens it); `cache` can.
 * @param {NodeJS.ProcessEnv} env
 */
export function foldersFor(env) {
  const home = env.HOME || homedir();
  return {
    state: path.resolve(
      env.MASTODON_STATE ||
        path.join(env.XDG_STATE_HOME || path.join(home, ".local/state"), "mastodon"),
    ),
    cache: path.resolve(
      env.MASTODON_CACHE || path.join(env.XDG_CACHE_HOME || path.join(home, ".cache"), "mastodon"),
    ),
  };
}

export const { state, cache } = foldersFor(process.env);
