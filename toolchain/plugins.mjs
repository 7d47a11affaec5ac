import { cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { project } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { withLock } from "./lock.mjs";
import { answers } from "./network.mjs";
import { onPath, run } from "./processes.mjs";
import { step } from "./report.mjs";

/** Whence Pulumi downloads the official plugins. */
export const pluginHost = "get.pulumi.com";

const names = ["docker", "random", "command", "hcloud", "tls", "cloudflare"];

/** @typedef {{name: string, version: string}} Plugin */

/** @returns {Promise<Plugin[]>} the plugins that the installed packages ask for */
export function wantedPlugins() {
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(project, "node_modules/@pulumi", name, "package.json");
      const { version } = /** @type {{version: string}} */ (
        parseJson(await readFile(file, "utf8"))
      );
      return { name, version };
    }),
  );
}

/**
 * Makes sure that the provider plugins are there.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Plugin[]>} those that could not be had
 */
export async function ensurePlugins(env) {
  const missing = await absent(await wantedPlugins(), env);
  if (missing.length === 0) return [];
  return withLock("plugins", async () => {
    for (const plugin of missing) await adopt(plugin, env);
    const wanted = await absent(missing, env);
    if (wanted.length === 0 || !(await answers(`https://${pluginHost}`))) return wanted;
    await step("Pulumi's provider plugins: downloading them", "about a minute", () =>
      Promise.all(wanted.map(({ name, version }) => install(name, version, env))),
    );
    return absent(wanted, env);
  });
}

/**
 * @param {Plugin[]} plugins
 * @param {NodeJS.ProcessEnv} env
 */
async function absent(plugins, env) {
  const found = await Promise.all(plugins.map((plugin) => isThere(plugin, env)));
  return plugins.filter((_, index) => !found[index]);
}

/**
 * @param {Plugin} plugin
 * @param {NodeJS.ProcessEnv} env
 */
const isThere = async (plugin, env) =>
  (await isComplete(folderOf(env.PULUMI_HOME, plugin))) ||
  (await onPath(`pulumi-resource-${plugin.name}`, env)) !== undefined;

/**
 * @param {string | undefined} home of Pulumi
 * @param {Plugin} plugin
 */
const folderOf = (home, { name, version }) =>
  path.join(home ?? path.join(homedir(), ".pulumi"), "plugins", `resource-${name}-v${version}`);

/**
 * Pulumi leaves a file beside a plugin whose installation has not ended.
 * @param {string} folder
 */
async function isComplete(folder) {
  const [own, partial] = await Promise.all(
    [folder, `${folder}.partial`].map((place) => stat(place).catch(() => undefined)),
  );
  return own !== undefined && partial === undefined;
}

/**
 * Copies a plugin that the person's own Pulumi has. (Pulumi does not follow a link to a plugin's folder.)
 * @param {Plugin} plugin
 * @param {NodeJS.ProcessEnv} env
 */
async function adopt(plugin, env) {
  const [source, target] = [folderOf(undefined, plugin), folderOf(env.PULUMI_HOME, plugin)];
  if (source === target || !(await isComplete(source))) return;
  await mkdir(path.dirname(target), { recursive: true });
  const draft = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}`);
  await cp(source, draft, { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
}

/**
 * @param {string} name
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env
 */
const install = (name, version, env) =>
  run("pulumi", ["plugin", "install", "resource", name, version, "--non-interactive"], {
    env,
    limit: 300_000,
  });
