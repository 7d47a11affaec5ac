import { copyFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { project, state } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { run } from "./processes.mjs";
import { UserError } from "./report.mjs";

/** The stack that `npm start` brings up. */
export const defaultStack = "dev";

/** Its name in Pulumi.yaml. */
const projectName = "mastodon";

const folder = path.join(state, "config");

/** The stack that stands in for it where the real images or plugins cannot be had. */
export const rehearsalStack = "rehearsal";

/** @param {string} stack */
export const checkpointFile = (stack) =>
  path.join(state, ".pulumi/stacks", projectName, `${stack}.json`);

/**
 * @param {string} stack
 * @returns {Promise<import("./leftovers.mjs").Deployment>} what the state folder holds of a stack; empty when it is none
 */
export async function readCheckpoint(stack) {
  const file = checkpointFile(stack);
  return (await parsedCheckpoint(file)) ?? (await parsedCheckpoint(`${file}.bak`)) ?? {};
}

/**
 * The state of a stack as Pulumi gives it, wherever it is kept.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {{secrets?: boolean}} [options] `secrets`: shows them in clear
 * @returns {Promise<{exported?: {deployment: import("./leftovers.mjs").Deployment}, reason: string}>} nothing for a stack
 *   that does not exist or cannot be read; then the reason is what Pulumi says
 */
export async function exportStack(env, stack, { secrets = false } = {}) {
  const shown = secrets ? ["--show-secrets"] : [];
  const { code, stdout, stderr } = await run(
    "pulumi",
    ["stack", "export", "--stack", stack, "--non-interactive", ...shown],
    { env, limit: 60_000 },
  );
  if (code !== 0) return { reason: stderr.trim() };
  const exported = /** @type {{deployment: import("./leftovers.mjs").Deployment}} */ (
    parseJson(stdout)
  );
  return { exported, reason: "" };
}

/**
 * A run that is killed while it writes the state can leave a file that nothing can be read from. Pulumi keeps the one
 * before it as a backup, which is one step older: what that step made is then among the leftovers.
 * @param {string} stack
 * @returns {Promise<boolean>} whether the state had to be taken from its backup
 */
export async function mendCheckpoint(stack) {
  const file = checkpointFile(stack);
  if (!(await exists(file)) || (await parsedCheckpoint(file))) return false;
  if (!(await parsedCheckpoint(`${file}.bak`))) {
    throw new UserError(
      `The state of the stack ${stack} cannot be read: ${file} and its backup beside it are damaged. Put back your copy of the state folder.`,
    );
  }
  await copyFile(`${file}.bak`, `${file}.mended`);
  await rename(`${file}.mended`, file);
  return true;
}

/**
 * @param {string} file
 * @returns {Promise<import("./leftovers.mjs").Deployment | undefined>} undefined where it cannot be read
 */
async function parsedCheckpoint(file) {
  try {
    const { checkpoint } =
      /** @type {{checkpoint?: {latest?: import("./leftovers.mjs").Deployment}}} */ (
        parseJson(await readFile(file, "utf8"))
      );
    return checkpoint?.latest ?? {};
  } catch {
    return undefined;
  }
}

/**
 * @param {string} stack
 * @returns {Promise<boolean>} whether any of it runs, or has data
 */
export async function isInUse(stack) {
  const { resources = [] } = await readCheckpoint(stack);
  return resources.some(({ type }) => type.startsWith("docker:"));
}

/**
 * @param {string} stack
 * @returns {Promise<boolean>} whether any container of it is in the state
 */
export async function hasContainers(stack) {
  const { resources = [] } = await readCheckpoint(stack);
  return resources.some(({ type }) => type === "docker:index/container:Container");
}

/**
 * Makes a stack in the state folder, where it is not there yet. Pulumi would write the key's salt into the stack file, so
 * this is done from a folder beside the state: the committed file stays as it is, and the state itself holds the salt.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 */
export async function ensureStack(env, stack) {
  if (await exists(checkpointFile(stack))) return;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "Pulumi.yaml"), `name: ${projectName}\nruntime: nodejs\n`);
  const { code, stderr } = await run(
    "pulumi",
    ["-C", folder, "stack", "init", stack, "--non-interactive"],
    { env },
  );
  if (code !== 0 && !(await exists(checkpointFile(stack)))) {
    throw new UserError(
      `The stack ${stack} could not be made in ${state}. Pulumi says: ${stderr.trim()}`,
    );
  }
}

/** @param {string} file */
const exists = (file) =>
  stat(file).then(
    () => true,
    () => false,
  );

/** @param {string} stack */
export const stackFileOf = (stack) => path.join(folder, `Pulumi.${stack}.yaml`);

/**
 * The stack file that Pulumi is given: a copy of the project's, made anew for each run, into which Pulumi may write the
 * salt. Edits belong into the project's own.
 * @param {string} stack
 * @param {{from?: string, values?: Record<string, unknown>}} [options] `from`: the stack whose file is copied, default
 *   the same; `values`: configuration put in place of what the file says
 * @returns {Promise<string>} its path
 */
export async function writeStackFile(stack, { from = stack, values = {} } = {}) {
  const text = await readStackFile(from);
  const file = stackFileOf(stack);
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, Object.keys(values).length === 0 ? text : await merged(text, values), {
    mode: 0o600,
  });
  await rename(draft, file);
  return file;
}

/** @param {string} stack */
const projectFileOf = (stack) => path.join(project, `Pulumi.${stack}.yaml`);

/**
 * @param {string} stack
 * @returns {Promise<boolean>} whether the project has a file for it, so that nobody needs to make it by hand
 */
export const hasStackFile = (stack) => exists(projectFileOf(stack));

/** @param {string} stack */
const readStackFile = (stack) => readFile(projectFileOf(stack), "utf8").catch(() => "config: {}\n");

/**
 * @param {string} text
 * @param {Record<string, unknown>} values
 */
async function merged(text, values) {
  const { parse, stringify } = await import("yaml");
  return stringify(mergeConfig(parse(text), values));
}

/**
 * @param {unknown} file a parsed stack file; an empty one is null
 * @param {Record<string, unknown>} values
 * @returns {Record<string, unknown>}
 */
export function mergeConfig(file, values) {
  const whole = /** @type {{config?: Record<string, unknown>}} */ (file ?? {});
  return { ...whole, config: { ...whole.config, ...values } };
}

/**
 * @param {string} stack
 * @returns {Promise<Record<string, unknown>>} the configuration of a stack file, by full key
 */
export async function readConfig(stack) {
  const { parse } = await import("yaml");
  /** @type {unknown} */
  const file = parse(await readStackFile(stack));
  return /** @type {{config?: Record<string, unknown>} | null} */ (file)?.config ?? {};
}
