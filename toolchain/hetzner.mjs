import { begunAtHetzner, begunAttachments, leftAtHetzner, takeOver } from "./leftovers.mjs";
import { loadCompiled } from "./plan.mjs";
import { seeTo } from "./provider.mjs";
import { say, warn } from "./report.mjs";

/**
 * @typedef {import("./leftovers.mjs").Deployment} Deployment
 * @typedef {import("./leftovers.mjs").BegunAtHetzner} BegunAtHetzner
 * @typedef {import("./leftovers.mjs").BegunAttachment} BegunAttachment
 * @typedef {import("../components/host/hetznerApi.js").HetznerApi} HetznerApi
 */

/** Until then it is only waited, as for anything else. */
const silenceMs = 5_000;

/**
 * Removes what Hetzner has made and a killed run did not get to record: another one of its name would be refused, and a
 * server goes on being paid for. What may hold data stays, but is detached. The sources must have been compiled.
 * @param {Deployment} deployment with its secrets shown
 * @param {NodeJS.ProcessEnv} env
 */
export async function removeFromHetzner(deployment, env) {
  const { HetznerApi, tokenShape } =
    /** @type {typeof import("../components/host/hetznerApi.js")} */ (
      loadCompiled("components/host/hetznerApi")
    );
  const provider = {
    tokenShape,
    variables: { token: "HCLOUD_TOKEN", baseUrl: "HCLOUD_ENDPOINT" },
  };
  await seeTo(
    provider,
    { deployment, begun: begunAtHetzner(deployment), env },
    (access, begun) => removeLeft(new HetznerApi(access), deployment, begun),
    (begun, reason) =>
      `Whether the last run left the ${begun.what} at Hetzner could not be seen to: ${reason}. ${byHand(begun)}`,
  );
  await seeTo(
    provider,
    { deployment, begun: begunAttachments(deployment), env },
    (access, begun) => detachLeft(new HetznerApi(access), begun),
    ({ what }, reason) =>
      `Whether the last run left the ${what} attached at Hetzner could not be seen to: ${reason}. If up then says volume_already_attached, ${detachByHand}.`,
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
    await patiently(`remove the ${what}`, async () => {
      if (isProtected) await api.liftProtection(`/${kind}/${id}`);
      await api.remove(`/${kind}/${id}`);
    });
    say(`Removed the ${what} at Hetzner, which the last run made and did not get to record.`);
  }
}

const detachByHand = "detach it in the Hetzner Cloud Console (Volumes)";

/**
 * So that the next run can attach it: Hetzner refuses to where that is done already. Nothing has mounted it. The set-up
 * over SSH does that, and it depends on the attachment.
 * @param {HetznerApi} api
 * @param {BegunAttachment} begun
 */
async function detachLeft(api, { what, volume, server }) {
  const holder = await patiently(`attach the ${what}`, () => api.holderOf(volume));
  if (holder === null) return;
  if (holder !== server) {
    warn(
      `The ${what} at Hetzner is attached to the server ${holder}, which the last run did not ask for, so it stays. If nobody uses it there, ${detachByHand}.`,
    );
    return;
  }
  await patiently(`detach the ${what}`, () => api.detach(volume));
  say(`Detached the ${what} at Hetzner, which the last run attached and did not get to record.`);
}

/**
 * @template T
 * @param {string} what Hetzner is to do, in words
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function patiently(what, work) {
  const told = setTimeout(
    () => say(`Waiting for Hetzner to ${what}, which can take two minutes …`),
    silenceMs,
  );
  try {
    return await work();
  } finally {
    clearTimeout(told);
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
