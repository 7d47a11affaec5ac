import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { cache, state } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { say, UserError } from "./report.mjs";

const passphraseFile = path.join(state, "passphrase");

/**
 * How many resources Pulumi works on at once; by itself it takes four for each core. Each has an SSH connection of its
 * own to an engine that is reached by SSH, and sshd turns connections away, by its default of MaxStartups, where ten
 * others have not logged in yet.
 */
const mostAtOnce = "8";

/**
 * @typedef {object} Backend
 * @property {NodeJS.ProcessEnv} env what the Pulumi CLI and the program run with
 * @property {boolean} own whether it is this project's state folder, not one that the person is logged in to
 */

/**
 * Where Pulumi keeps its state: where the person is logged in, else the state folder, which is made on the first run.
 * @param {string} cliFolder goes first on PATH
 * @param {{local?: boolean}} [options] `local`: the state folder whatever the person is logged in to
 * @returns {Promise<Backend>}
 */
export async function openBackend(cliFolder, { local = false } = {}) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    PATH: `${cliFolder}${path.delimiter}${process.env.PATH ?? ""}`,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_PARALLEL: process.env.PULUMI_PARALLEL || mostAtOnce,
    NODE_COMPILE_CACHE: path.join(cache, "v8"),
  };
  if (!local && (await isLoggedInElsewhere())) return { env, own: false };
  await makeState();
  const passphrase =
    "PULUMI_CONFIG_PASSPHRASE" in env || env.PULUMI_CONFIG_PASSPHRASE_FILE
      ? {}
      : { PULUMI_CONFIG_PASSPHRASE_FILE: await ensurePassphrase() };
  return {
    own: true,
    env: {
      ...env,
      ...passphrase,
      PULUMI_HOME: env.PULUMI_HOME || path.join(cache, "pulumi-home"),
      // No second file with attributes beside each: Pulumi does not write those in one piece, and a run that is killed
      // meanwhile leaves a state that it cannot read any more.
      PULUMI_BACKEND_URL: `file://${state}?metadata=skip`,
      // The plugins are seen to before Pulumi runs; by itself it would look for them on the net and stall without one.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // The key's salt is kept in the state, so that no committed stack file needs one.
      PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    },
  };
}

async function isLoggedInElsewhere() {
  if (process.env.PULUMI_BACKEND_URL || process.env.PULUMI_ACCESS_TOKEN) return true;
  const home = process.env.PULUMI_HOME || path.join(process.env.HOME || homedir(), ".pulumi");
  return isLoggedIn(await readFile(path.join(home, "credentials.json"), "utf8").catch(() => "{}"));
}

/**
 * @param {string} text Pulumi's `credentials.json`
 * @returns {boolean}
 */
export function isLoggedIn(text) {
  try {
    return Boolean(/** @type {{current?: string}} */ (parseJson(text)).current);
  } catch {
    return false;
  }
}

async function makeState() {
  await mkdir(state, { recursive: true, mode: 0o700 });
  await chmod(state, 0o700);
}

/** @returns {Promise<string>} the path of the passphrase file */
async function ensurePassphrase() {
  if (await stat(passphraseFile).catch(() => undefined)) return passphraseFile;
  const stacks = await readdir(path.join(state, ".pulumi/stacks"), { recursive: true }).catch(
    () => [],
  );
  if (stacks.some((name) => name.endsWith(".json"))) {
    throw new UserError(
      `The state in ${state} is encrypted, and its passphrase ${passphraseFile} is gone. Put it back from your copy, or set PULUMI_CONFIG_PASSPHRASE.`,
    );
  }
  const draft = `${passphraseFile}.${process.pid}`;
  const file = await open(draft, "w", 0o600);
  await file.writeFile(randomBytes(32).toString("base64url"));
  await file.sync();
  await file.close();
  // A link does not overwrite: of two first runs at once, both use the passphrase of the one that came first.
  await link(draft, passphraseFile).catch((/** @type {unknown} */ error) => {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  });
  await rm(draft, { force: true });
  say(
    [
      "What exists, and the passphrase that encrypts its secrets, are kept in",
      `  ${state}`,
      `  ${passphraseFile}`,
      "Keep a copy of both elsewhere: without them the instance can no longer be changed, nor its secrets be read.",
    ].join("\n"),
  );
  return passphraseFile;
}
