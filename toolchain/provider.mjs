import { accessTo } from "./leftovers.mjs";
import { loadCompiled } from "./plan.mjs";
import { warn } from "./report.mjs";

/**
 * @typedef {object} Provider
 * @property {RegExp} tokenShape
 * @property {{token: string, baseUrl: string}} variables that it is asked by where the stack file says nothing
 */

/**
 * Sees to each thing that a killed run may have left at a provider, with the access that the run had. What cannot be
 * seen to is told, and no reason to stop: the run that follows meets the same. The sources must have been compiled.
 * @template {{provider: string | undefined}} Begun
 * @param {Provider} provider
 * @param {{deployment: import("./leftovers.mjs").Deployment, begun: readonly Begun[], env: NodeJS.ProcessEnv}} left
 *   the deployment with its secrets shown
 * @param {(access: {token: string, baseUrl: string | undefined}, begun: Begun) => Promise<void>} work
 * @param {(begun: Begun, reason: string) => string} explain why it could not be seen to
 */
export async function seeTo({ tokenShape, variables }, { deployment, begun, env }, work, explain) {
  const { ApiError } = /** @type {typeof import("../components/restApi.js")} */ (
    loadCompiled("components/restApi")
  );
  for (const each of begun) {
    const access = accessTo(deployment, each);
    const token = access.token || env[variables.token] || "";
    const baseUrl = access.baseUrl || env[variables.baseUrl] || undefined;
    try {
      if (!tokenShape.test(token)) throw new ApiError(0, "there is no token to ask with");
      await work({ token, baseUrl }, each);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      warn(explain(each, error.message));
    }
  }
}
