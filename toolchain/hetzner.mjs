import { begunAtHetzner, leftAtHetzner, takeOver } from "./leftovers.mjs";
import { loadCompiled } from "./plan.mjs";
import { seeTo } from "./provider.mjs";
import { say, warn } from "./report.mjs";

/**
 * @typedef {import("./leftovers.mjs").Deployment} Deployment
 * @typedef {import("./leftovers.mjs").BegunAtHetzner} BegunAtHetzner
 * @typedef {import("../components/host/hetznerApi.js").HetznerApi} HetznerApi
 */

/** Until then it is only waited, as for anything else. */
const silenceMs = 5_000;

/**
 * Removes what Hetzner has made and a killed run did not get to record: another one of its name would be refused, and a
 * server goes on being paid for. What may hold data stays. The sources must have been compiled.
 * @param {Deployment} deployment with its secrets shown
 * @param {NodeJS.ProcessEnv} env
 */
export async function removeFromHetzner(deployment, env) {
  const { HetznerApi, tokenShape } =
    /** @type {typeof import("../components/host/hetznerApi.js")} */ (
      loadCompiled("components/host/hetznerApi")
    );
  await seeTo(
    { tokenShape, variables: { token: "HCLOUD_TOKEN", baseUrl: "HCLOUD_ENDPOINT" } },
    { deployment, begun: begunAtHetzner(deployment), env },
    (access, begun) => removeLeft(new HetznerApi(access), deployment, begun),
    (begun, reason) =>
      `Whether the last run left the ${begun.what} at Hetzner could not be seen to: ${reason}. ${byHand(begun)}`,
  );
}

/**
 * @param {HetznerApi} api
 * @param {Deployment} deployment
 * @param {BegunAtHetzner} begun
 */
async function removeLeft(api, deployment, begun) {
  const { what, kind, name } = begun;
  /** @type {import("./leftovers.mjs").AtHetzner[]} */
  const found = await api.named(kind, name);
  for (const { id, use, isProtected } of leftAtHetzner(deployment, begun, found)) {
    if (use) {
      warn(`The ${what} at Hetzner ${use}, so it stays. ${byHand(begun, id)}`);
      continue;
    }
    const told = setTimeout(
      () => say(`Waiting for Hetzner to remove the ${what}, which can take two minutes …`),
      silenceMs,
    );
    try {
      if (isProtected) await api.liftProtection(`/${kind}/${id}`);
      await api.remove(`/${kind}/${id}`);
    } finally {
      clearTimeout(told);
    }
    say(`Removed the ${what} at Hetzner, which the last run made and did not get to record.`);
  }
}

/**
 * @param {BegunAtHetzner} begun
 * @param {string} [id] where it was found
 */
function byHand(begun, id) {
  const [needless, instead] =
    begun.kind === "volumes"
      ? ["nothing is on it", id && ` Or take it over as it is: ${takeOver(begun, id)}`]
      : ["nobody needs it", ""];
  return `If ${needless}, delete it in the Hetzner Cloud Console (${begun.page}).${instead ?? ""}`;
}
