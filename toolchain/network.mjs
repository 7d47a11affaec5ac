/**
 * Whether a site answers at all, whatever it says. The limit is short: who has no way out should not wait for minutes.
 * @param {string} url
 * @param {number} [limit] milliseconds, default 5 seconds
 * @returns {Promise<boolean>}
 */
export const answers = (url, limit = 5_000) =>
  fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(limit) }).then(
    () => true,
    () => false,
  );
