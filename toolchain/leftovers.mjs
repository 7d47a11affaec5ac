import { parseJson } from "./json.mjs";

/**
 * What a killed run leaves behind, told from its state alone: pure functions, no I/O.
 *
 * @typedef {{pid: number, hostname: string, timestamp: string}} Lock
 * @typedef {string | {plaintext?: string}} Secret as Pulumi exports one: where it is asked to show it, as JSON in clear
 * @typedef {{host?: string, labels?: {label: string, value: string}[] | Record<string, string>, accountId?: string, zoneId?: string, name?: string, type?: string, comment?: string, apiToken?: Secret, baseUrl?: Secret}} Inputs
 * @typedef {{urn: string, type: string, id?: string, protect?: boolean, provider?: string, inputs?: Inputs}} Resource
 * @typedef {{resources?: Resource[], pending_operations?: {type: string, resource: Resource}[]}} Deployment
 * @typedef {{kind: "container" | "network", id: string, name: string}} Found an object on an engine
 * @typedef {{id: string, name: string, comment?: string | null, status?: string}} AtCloudflare a tunnel, or a DNS record
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

/**
 * @typedef {object} Begun a tunnel or a DNS record that Cloudflare may have made
 * @property {string} what it is, in words
 * @property {string} name
 * @property {string | undefined} [comment] by which the program knows its own records
 * @property {string} folder where Cloudflare's API has it
 * @property {Record<string, string>} query by which it is found there
 * @property {string} page of Cloudflare's dashboard
 * @property {string | undefined} provider urn and id of the one that was to make it
 */

/**
 * @param {Deployment} deployment
 * @returns {Begun[]} those whose making was cut short
 */
export const begunAtCloudflare = ({ pending_operations = [] }) =>
  pending_operations
    .filter(({ type }) => type === "creating")
    .flatMap(({ resource }) => begunOf(resource));

/**
 * @param {Resource} resource
 * @returns {Begun[]}
 */
function begunOf({ type: resource, provider, inputs = {} }) {
  const { accountId, zoneId, name = "", type = "", comment } = inputs;
  switch (resource) {
    case "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared":
      return [
        {
          what: `tunnel ${name}`,
          name,
          folder: `/accounts/${accountId}/cfd_tunnel`,
          query: { name, is_deleted: "false" },
          page: "Networks, Connectors",
          provider,
        },
      ];
    case "cloudflare:index/dnsRecord:DnsRecord":
      return [
        {
          what: `record ${type} ${name}`,
          name,
          comment,
          folder: `/zones/${zoneId}/dns_records`,
          query: { name, type },
          page: "DNS, Records",
          provider,
        },
      ];
    default:
      return [];
  }
}

/**
 * @param {Deployment} deployment
 * @param {Begun} begun
 * @param {readonly AtCloudflare[]} found what Cloudflare has under its name
 * @returns {{id: string, used: boolean}[]} what of it the state knows nothing of; `used`: a tunnel that was opened, which
 *   takes a key that a run only asks for once it has recorded the tunnel, so that no killed one has left it
 */
export function leftAtCloudflare({ resources = [] }, { name, comment }, found) {
  const known = new Set(resources.map(({ id }) => id));
  return found
    .filter((each) => !known.has(each.id) && each.name === name && each.comment === comment)
    .map(({ id, status = "inactive" }) => ({ id, used: status !== "inactive" }));
}

/**
 * @param {Deployment} deployment with its secrets shown
 * @param {Begun} begun
 * @returns {{token: string, baseUrl: string}} what its provider was given; empty where that was left to its variables
 */
export function accessTo({ resources = [] }, { provider }) {
  const { apiToken, baseUrl } =
    resources.find(({ urn, id }) => `${urn}::${id}` === provider)?.inputs ?? {};
  return { token: inClear(apiToken), baseUrl: inClear(baseUrl) };
}

/** @param {Secret | undefined} secret */
const inClear = (secret = "") =>
  typeof secret === "string" ? secret : String(parseJson(secret.plaintext ?? '""'));
