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

/**
 * Go's own folders, put into the cache: by default it fills three of the person's. Those that the person has set stay.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>} variables for the `go` command
 */
export function goFolders(env) {
  const folder = path.join(foldersFor(env).cache, "go");
  const home = env.HOME || homedir();
  const settings =
    env.XDG_CONFIG_HOME ||
    path.join(home, process.platform === "darwin" ? "Library/Application Support" : ".config");
  return {
    GOPATH: env.GOPATH || folder,
    GOMODCACHE: env.GOMODCACHE || path.join(folder, "modules"),
    GOCACHE: env.GOCACHE || path.join(folder, "build"),
    // Where Go counts its uses; its settings stay where the person made them.
    XDG_CONFIG_HOME: path.join(folder, "config"),
    GOENV: env.GOENV || path.join(settings, "go/env"),
    // Go makes modules read-only, and a folder of such files cannot be removed.
    GOFLAGS: [env.GOFLAGS, "-modcacherw"].filter(Boolean).join(" "),
  };
}
