import { createRequire } from "node:module";
import path from "node:path";
import { project } from "./folders.mjs";
import { UserError } from "./report.mjs";
import { readConfig } from "./stack.mjs";

const require = createRequire(import.meta.url);

/**
 * Loads a compiled module of the project. Its sources must have been compiled.
 * @param {string} name path without `dist/` and extension
 * @returns {unknown}
 */
export const loadCompiled = (name) => require(path.join(project, "dist", `${name}.js`));

/** @typedef {import("../plan/index.js").Plan} Plan */

const plan = () => /** @type {typeof import("../plan/index.js")} */ (loadCompiled("plan/index"));

/**
 * The keys of a stack file, without their namespace and without secrets.
 * @param {string} stack
 * @returns {Promise<Record<string, unknown>>}
 */
async function readKeys(stack) {
  const config = Object.entries(await readConfig(stack)).filter(
    ([key, value]) => key.startsWith("mastodon:") && !isSecret(value),
  );
  return Object.fromEntries(config.map(([key, value]) => [key.slice("mastodon:".length), value]));
}

/**
 * What a stack would be, with examples in place of what its owner has yet to fill in.
 * @param {string} stack
 * @returns {Promise<{plan: Plan, open: string[]}>} `open`: the keys that are yet to be filled in
 */
export async function examplePlanOf(stack) {
  const { makePlan, parseConfig, placeholderFaults, withExamples } = plan();
  const raw = await readKeys(stack);
  const open = Object.entries(raw).flatMap(([key, value]) => placeholderFaults(key, value));
  const config = parseConfig(withExamples(raw), undefined, await secretVariablesOf(stack));
  return { plan: makePlan(config), open: open.map(({ path }) => path) };
}

/**
 * What a stack will be, so that what it needs can be seen to, and a bad configuration be refused, before Pulumi runs.
 * @param {string} stack
 * @returns {Promise<Plan>}
 */
export async function planOf(stack) {
  const { ConfigError, makePlan, parseConfig } = plan();
  const raw = await readKeys(stack);
  try {
    return makePlan(parseConfig(raw, undefined, await secretVariablesOf(stack)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Told together, so that nobody mends the one only to meet the other.
    const { findHost } = /** @type {typeof import("../components/host/findHost.js")} */ (
      loadCompiled("components/host/findHost")
    );
    const { faults } = await findHost(raw);
    throw new UserError(new ConfigError([...error.faults, ...faults]).message);
  }
}

/** @param {unknown} value */
const isEncrypted = (value) => typeof value === "object" && value !== null && "secure" in value;

/** A secret, or a map of secrets. @param {unknown} value */
const isSecret = (value) =>
  isEncrypted(value) ||
  (typeof value === "object" && value !== null && Object.values(value).some(isEncrypted));

/**
 * The names of the variables that a stack file holds encrypted.
 * @param {string} stack
 */
const secretVariablesOf = async (stack) =>
  Object.keys((await readConfig(stack))["mastodon:secretEnvironment"] ?? {});
