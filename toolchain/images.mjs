import { ask } from "./docker.mjs";
import { answers } from "./network.mjs";

/**
 * The registries that a run would need and that the engine cannot reach. It is the engine that is asked, since it may
 * have a mirror or a proxy of its own.
 * @param {import("./docker.mjs").Engine} engine
 * @param {readonly string[]} references of images
 * @returns {Promise<string[]>} host names
 */
export async function unreachableRegistries({ socket }, references) {
  const missing = socket
    ? await keepIf(references, async (name) => !(await isStored(socket, name)))
    : references;
  const byRegistry = new Map(missing.map((reference) => [registryOf(reference), reference]));
  return keepIf([...byRegistry.keys()], async (registry) => {
    const reference = /** @type {string} */ (byRegistry.get(registry));
    return !(socket ? await mayPull(socket, reference) : await answers(`https://${registry}/v2/`));
  });
}

/**
 * @template T
 * @param {readonly T[]} values
 * @param {(value: T) => Promise<boolean>} test
 */
async function keepIf(values, test) {
  const keep = await Promise.all(values.map(test));
  return values.filter((_, index) => keep[index]);
}

/**
 * @param {string} socket
 * @param {string} reference
 */
async function isStored(socket, reference) {
  return (await ask(socket, `/images/${reference}/json`, 10_000)).status === 200;
}

/**
 * A registry that refuses has been reached, and its reason is better told by the pull itself.
 * @param {string} socket
 * @param {string} reference
 */
const mayPull = (socket, reference) =>
  ask(socket, `/distribution/${reference}/json`, 10_000).then(
    ({ status }) => status < 500,
    () => false,
  );

/**
 * @param {string} reference of an image
 * @returns {string} the host that it is pulled from
 */
export function registryOf(reference) {
  const [first = "", ...rest] = reference.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "registry-1.docker.io";
}
