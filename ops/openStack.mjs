import { compile } from "../toolchain/compile.mjs";
import { withSshOf } from "../toolchain/docker.mjs";
import { parseJson } from "../toolchain/json.mjs";
import { loadCompiled } from "../toolchain/plan.mjs";
import { run } from "../toolchain/processes.mjs";
import { parseArguments } from "../toolchain/pulumiArguments.mjs";
import { rehearsalEnv } from "../toolchain/rehearsal.mjs";
import { UserError } from "../toolchain/report.mjs";
import {
  defaultStack,
  hasStackFile,
  rehearsalStack,
  stackFileOf,
  writeStackFile,
} from "../toolchain/stack.mjs";
import { ensurePackages, openWorkspace } from "../toolchain/workspace.mjs";

/**
 * @typedef {import("./checks/check.js").Subject} Subject
 * @typedef {Record<string, {value?: string, objectValue?: unknown, secret: boolean}>} StackConfig as Pulumi tells it
 */

/** What stands in Pulumi.yaml for a value that is not set. */
const unset = ["", "{}"];

/**
 * The stack that a command is about, with what its work needs: the npm packages, and the sources compiled.
 * @param {readonly string[]} args `--stack` among them; default: `dev`
 * @returns {Promise<string>}
 */
export async function chooseStack(args) {
  const { stack = defaultStack } = parseArguments(["", ...args]);
  if (stack !== rehearsalStack && !(await hasStackFile(stack)))
    throw new UserError(`There is no Pulumi.${stack}.yaml. Name a stack that has one: --stack dev`);
  await ensurePackages();
  await compile();
  return stack;
}

/**
 * Finds a stack that is up: what its file says, secrets included, and what Pulumi knows of it.
 * @param {readonly string[]} args of a command, `--stack` among them; default: `dev`
 * @returns {Promise<Subject & {stack: string, engine: NodeJS.ProcessEnv}>} `engine`: what a script of its own is run with
 */
export async function openStack(args) {
  const stack = await chooseStack(args);
  const workspace = await openWorkspace();
  const env = stack === rehearsalStack ? rehearsalEnv(workspace.env) : workspace.env;
  const file = stack === rehearsalStack ? stackFileOf(stack) : await writeStackFile(stack);
  const settings = workspace.own ? ["--config-file", file] : [];
  const [config, outputs] = await Promise.all([
    tell(env, stack, ["config", ...settings]),
    tell(env, stack, ["stack", "output"]),
  ]);
  const { host } = outputs;
  if (typeof host !== "string")
    throw new UserError(
      `The stack ${stack} is not up. Bring it up first: npm run pulumi -- up --stack ${stack}`,
    );
  const values = keysOf(/** @type {StackConfig} */ (config));
  const engine = { ...withSshOf(host, env), DOCKER_HOST: host };
  return {
    stack,
    outputs,
    ...values,
    ...planOf(values),
    engine,
    shell: (script, environment) =>
      run("sh", ["-c", script], { env: { ...engine, ...environment }, limit: 600_000 }),
  };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {string[]} args what Pulumi is to tell; it is not printed
 * @returns {Promise<Record<string, unknown>>}
 */
async function tell(env, stack, args) {
  const all = [...args, "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const { code, stdout, stderr } = await run("pulumi", all, { env, limit: 60_000 });
  if (code !== 0)
    throw new UserError(`The stack ${stack} could not be read. Pulumi says: ${stderr.trim()}`);
  return /** @type {Record<string, unknown>} */ (parseJson(stdout));
}

/**
 * @param {StackConfig} config
 * @returns {{raw: Record<string, unknown>, secrets: Record<string, string>}}
 */
function keysOf(config) {
  const prefix = "mastodon:";
  const set = Object.entries(config)
    .filter(([key, { value }]) => key.startsWith(prefix) && !unset.includes(value ?? ""))
    .map(([key, entry]) => /** @type {const} */ ([key.slice(prefix.length), entry]));
  return {
    raw: Object.fromEntries(
      set
        .filter(([, { secret }]) => !secret)
        .map(([key, { value, objectValue }]) => [key, objectValue ?? parsed(value ?? "")]),
    ),
    secrets: Object.fromEntries(
      set.filter(([, { secret }]) => secret).map(([key, { value }]) => [key, value ?? ""]),
    ),
  };
}

/**
 * Pulumi tells a number or a truth value by its text.
 * @param {string} text
 * @returns {unknown}
 */
function parsed(text) {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** @param {{raw: Record<string, unknown>, secrets: Record<string, string>}} values */
function planOf({ raw, secrets }) {
  const { ConfigError, makePlan, parseConfig, secretKeys } =
    /** @type {typeof import("../plan/index.js")} */ (loadCompiled("plan/index"));
  try {
    const config = parseConfig(
      raw,
      secretKeys.filter((key) => key in secrets),
    );
    return { config, plan: makePlan(config) };
  } catch (error) {
    throw error instanceof ConfigError ? new UserError(error.message) : error;
  }
}
