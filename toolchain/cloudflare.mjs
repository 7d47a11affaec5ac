import { URLSearchParams } from "node:url";
import { begunAtCloudflare, leftAtCloudflare } from "./leftovers.mjs";
import { loadCompiled } from "./plan.mjs";
import { seeTo } from "./provider.mjs";
import { say, warn } from "./report.mjs";

/**
 * @typedef {import("./leftovers.mjs").Deployment} Deployment
 * @typedef {import("./leftovers.mjs").Begun} Begun
 * @typedef {import("../components/edge/cloudflareApi.js").CloudflareApi} CloudflareApi
 */

/**
 * Removes the tunnels and DNS records that Cloudflare has made and a killed run did not get to record: another one of
 * their names would be refused. The sources must have been compiled.
 * @param {Deployment} deployment with its secrets shown
 * @param {NodeJS.ProcessEnv} env
 */
export async function removeFromCloudflare(deployment, env) {
  const { CloudflareApi, tokenShape } =
    /** @type {typeof import("../components/edge/cloudflareApi.js")} */ (
      loadCompiled("components/edge/cloudflareApi")
    );
  await seeTo(
    { tokenShape, variables: { token: "CLOUDFLARE_API_TOKEN", baseUrl: "CLOUDFLARE_BASE_URL" } },
    { deployment, begun: begunAtCloudflare(deployment), env },
    (access, begun) => removeLeft(new CloudflareApi(access), deployment, begun),
    (begun, reason) =>
      `Whether the last run left the ${begun.what} at Cloudflare could not be seen to: ${reason}. ${byHand(begun)}`,
  );
}

/**
 * @param {CloudflareApi} api
 * @param {Deployment} deployment
 * @param {Begun} begun
 */
async function removeLeft(api, deployment, begun) {
  const { what, folder, query } = begun;
  /** @type {import("./leftovers.mjs").AtCloudflare[]} */
  const found = await api.list(`${folder}?${new URLSearchParams(query).toString()}`);
  for (const { id, used } of leftAtCloudflare(deployment, begun, found)) {
    if (used) {
      warn(`The ${what} at Cloudflare was opened by somebody, so it stays. ${byHand(begun)}`);
    } else {
      await api.remove(`${folder}/${id}`);
      say(`Removed the ${what} at Cloudflare, which the last run made and did not get to record.`);
    }
  }
}

/** @param {Begun} begun */
const byHand = ({ page }) =>
  `Should it stand in the way, delete it in Cloudflare's dashboard (${page}).`;
