/**
 * What a killed run leaves behind, told from its state alone: pure functions, no I/O.
 *
 * @typedef {{pid: number, hostname: string, timestamp: string}} Lock
 * @typedef {{urn: string, type: string, id?: string, protect?: boolean, inputs?: {host?: string, labels?: {label: string, value: string}[] | Record<string, string>}}} Resource
 * @typedef {{resources?: Resource[], pending_operations?: {type: string, resource: Resource}[]}} Deployment
 * @typedef {{kind: "container" | "network", id: string, name: string}} Found an object on an engine
 */

const instanceLabel = "org.joinmastodon.instance";

/**
 * @param {string} instance
 * @returns {string[]} arguments of the docker client that leave only what belongs to an instance
 */
export const instanceFilter = (instance) => ["--filter", `label=${instanceLabel}=${instance}`];

/** @param {Deployment} deployment */
export const hasPending = (deployment) => (deployment.pending_operations ?? []).length > 0;

/**
 * @param {Deployment} deployment
 * @returns {Deployment}
 */
export function withoutPending(deployment) {
  const { pending_operations: _, ...rest } = deployment;
  return rest;
}

/** @param {Deployment} deployment */
const everyResource = (deployment) => [
  ...(deployment.resources ?? []),
  ...(deployment.pending_operations ?? []).map(({ resource }) => resource),
];

/**
 * @param {Deployment} deployment
 * @returns {string[]} the instances whose label a resource carries, also one whose making was cut short
 */
export function instancesIn(deployment) {
  const labels = everyResource(deployment).flatMap(({ type, inputs }) =>
    type.startsWith("docker:") && Array.isArray(inputs?.labels) ? inputs.labels : [],
  );
  return [
    ...new Set(labels.filter(({ label }) => label === instanceLabel).map(({ value }) => value)),
  ];
}

/**
 * @param {Deployment} deployment
 * @returns {Resource[]} what holds data: volumes of an engine, and disks at a provider of servers
 */
export const dataIn = ({ resources = [] }) =>
  resources.filter(({ type }) => /^(docker|hcloud):index\/volume:Volume$/.test(type));

/**
 * @param {Deployment} deployment
 * @returns {boolean} whether the program made the server too, which then goes with all that is on it
 */
export const ownsServer = (deployment) =>
  everyResource(deployment).some(({ type }) => type === "hcloud:index/server:Server");

/**
 * @param {Deployment} deployment
 * @returns {string[]} the addresses of its Docker engines, as in DOCKER_HOST
 */
export function enginesIn(deployment) {
  const providers = everyResource(deployment).filter(
    ({ type }) => type === "pulumi:providers:docker",
  );
  return [
    ...new Set(
      providers.map(({ inputs }) => inputs?.host).filter((host) => typeof host === "string"),
    ),
  ];
}

/**
 * @param {Deployment} deployment
 * @param {readonly Found[]} found what an engine has of the instance
 * @returns {Found[]} what the state knows nothing of, in the same order
 */
export function findOrphans(deployment, found) {
  const known = new Set((deployment.resources ?? []).map(({ id }) => id));
  return found.filter(({ id }) => !known.has(id));
}
