/** What Hetzner can protect from being deleted, as its API calls it. */
export type ProtectedKind = "servers" | "volumes";

/**
 * Lifts the protection of a server or volume that Pulumi is about to delete: its provider does not, and the API then
 * refuses (https://docs.hetzner.cloud/reference/cloud#server-actions-change-server-protection). Run by Node.js, with the
 * access to Hetzner in its environment.
 */
export const liftProtection = (kind: ProtectedKind): string => `
const { HCLOUD_TOKEN, HCLOUD_ENDPOINT, PROTECTED } = process.env;
const api = HCLOUD_ENDPOINT || "https://api.hetzner.cloud/v1";
const ask = async (path, body) => {
  const answer = await fetch(api + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: "Bearer " + HCLOUD_TOKEN, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(30000),
  });
  return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
};
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const busy = ({ status, error }) =>
  status >= 500 || status === 429 || ["conflict", "locked"].includes(error?.code);
let answer;
for (let tries = 0; tries < 8; tries += 1) {
  if (tries > 0) await pause(2 ** Math.min(tries, 4));
  answer = await ask(
    "/${kind}/" + PROTECTED + "/actions/change_protection",
    ${JSON.stringify(kind === "servers" ? { delete: false, rebuild: false } : { delete: false })},
  ).catch(({ message }) => ({ status: 503, error: { message } }));
  if (!busy(answer)) break;
}
for (let tries = 0; answer.action?.status === "running" && tries < 60; tries += 1) {
  await pause(1);
  answer = await ask("/actions/" + answer.action.id);
}
// What is gone already needs no lifting.
if (answer.status !== 404 && answer.action?.status !== "success") {
  const reason = answer.error?.message ?? answer.action?.error?.message ?? "status " + answer.status;
  console.error("Hetzner did not lift the protection of ${kind}/" + PROTECTED + ": " + reason);
  process.exitCode = 1;
}
`;
