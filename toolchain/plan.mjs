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

/**
 * What a stack will be, so that what it needs can be seen to, and a bad configuration be refused, before Pulumi runs.
 * @param {string} stack
 * @returns {Promise<import("../plan/index.js").Plan>}
 */
export async function planOf(stack) {
  const { ConfigError, makePlan, parseConfig } = /** @type {typeof import("../plan/index.js")} */ (
    loadCompiled("plan/index")
  );
  const config = Object.entries(await readConfig(stack)).filter(
    ([key, value]) => key.startsWith("mastodon:") && !isSecret(value),
  );
  const raw = Object.fromEntries(
    config.map(([key, value]) => [key.slice("mastodon:".length), value]),
  );
  try {
    return makePlan(parseConfig(raw));
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
const isSecret = (value) => typeof value === "object" && value !== null && "secure" in value;
