/**
 * @param {string} text such as "v3.259.0" or "3.259.0-alpha.1"
 * @returns {[number, number, number] | undefined} undefined when no version is in it
 */
export function parseVersion(text) {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

/**
 * @param {string} version
 * @param {string} minimum
 * @returns {boolean} false also when `version` is none
 */
export function isAtLeast(version, minimum) {
  const [own, least] = [parseVersion(version), parseVersion(minimum)];
  if (!own || !least) return false;
  const place = own.findIndex((part, index) => part !== least[index]);
  return place < 0 || /** @type {number} */ (own[place]) > /** @type {number} */ (least[place]);
}
