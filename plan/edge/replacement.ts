/**
 * Removes a DNS record of somebody else, whose name the stack file has released. Run by Node.js, with the access to
 * Cloudflare in its environment.
 */
export const removeRecord = `
const { CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL, ZONE, RECORD } = process.env;
const api = CLOUDFLARE_BASE_URL || "https://api.cloudflare.com/client/v4";
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const remove = () =>
  fetch(api + "/zones/" + ZONE + "/dns_records/" + RECORD, {
    method: "DELETE",
    headers: { Authorization: "Bearer " + CLOUDFLARE_API_TOKEN },
    signal: AbortSignal.timeout(30000),
  }).catch(({ message }) => ({ ok: false, status: 503, json: async () => ({ errors: [{ message }] }) }));
let answer;
for (let tries = 0; tries < 6; tries += 1) {
  if (tries > 0) await pause(2 ** Math.min(tries, 4));
  answer = await remove();
  if (answer.status !== 429 && answer.status < 500) break;
}
// What is gone already needs no removing.
if (!answer.ok && answer.status !== 404) {
  const { errors: [error] = [] } = await answer.json().catch(() => ({}));
  console.error("Cloudflare did not remove the record " + RECORD + ": " + (error?.message ?? "status " + answer.status));
  process.exitCode = 1;
}
`;
