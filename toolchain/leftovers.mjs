import { parseJson } from "./json.mjs";

/**
 * What a killed run leaves behind, told from its state alone: pure functions, no I/O.
 *
 * @typedef {{pid: number, hostname: string, timestamp: string}} Lock
 * @typedef {string | {plaintext?: string}} Secret as Pulumi exports one: where it is asked to show it, as JSON in clear
 * @typedef {{host?: string, labels?: {label: string, value: string}[] | Record<string, string>, accountId?: string, zoneId?: string, name?: string, type?: string, comment?: string, volumeId?: number, serverId?: number, apiToken?: Secret, baseUrl?: Secret, token?: Secret, endpoint?: Secret}} Inputs
 * @typedef {{urn: string, type: string, id?: string, parent?: string, protect?: boolean, retainOnDelete?: boolean, provider?: string, inputs?: Inputs}} Resource
 * @typedef {{resources?: Resource[], pending_operations?: {type: string, resource: Resource}[]}} Deployment
 * @typedef {{kind: "container" | "network", id: string, name: string}} Found an object on an engine
 * @typedef {{id: string, name: string, comment?: string | null, status?: string}} AtCloudflare a tunnel, or a DNS record
 * @typedef {{id: number, name: string, labels: Record<string, string>, volumes?: number[], assignee_id?: number | null, applied_to?: unknown[], protection?: {delete: boolean}}} AtHetzner
 */

const instanceLabel = "org.joinmastodon.instance";

const passwordType = "random:index/randomPassword:RandomPassword";
const volumeType = "docker:index/volume:Volume";
const diskType = "hcloud:index/volume:Volume";
const serverType = "hcloud:index/server:Server";
const attachmentType = "hcloud:index/volumeAttachment:VolumeAttachment";

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

/**
 * @param {Deployment} deployment
 * @returns {boolean} whether a container, network or volume was being made or removed
 */
export const isCutOnEngine = ({ pending_operations = [] }) =>
  pending_operations.some(({ resource }) => resource.type.startsWith("docker:"));

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
  resources.filter(({ type }) => type === volumeType || type === diskType);

/**
 * @param {Deployment} deployment
 * @returns {Resource[]} what is made once and never again
 */
export const secretsIn = ({ resources = [] }) =>
  resources.filter(({ type, protect }) => type === passwordType && protect === true);

/**
 * How `pulumi destroy` is told to leave what is protected. Volumes of an engine whose data is on a protected disk are no
 * part of that: they would keep their engine, and so the server. Pulumi only forgets them, and finds them again by their
 * names once the disk is on another server. Their protection is not lifted in the state: a run that is killed would
 * leave it so, and with `--run-program` that of the program counts.
 * @param {Deployment} deployment
 * @returns {string[]} arguments
 */
export function keeping({ resources = [] }) {
  const held = resources.filter(({ protect }) => protect === true);
  const released = held.some(({ type }) => type === diskType)
    ? held.filter(({ type, retainOnDelete }) => type === volumeType && retainOnDelete === true)
    : [];
  if (released.length === 0) return ["--exclude-protected"];
  const kept = held.filter((each) => !released.includes(each));
  return ["--ignore-protect", ...kept.flatMap(({ urn }) => ["--exclude", urn])];
}

/**
 * @param {Deployment} deployment
 * @returns {boolean} whether the program made the server too, which then goes with all that is on it
 */
export const ownsServer = (deployment) =>
  everyResource(deployment).some(({ type }) => type === serverType);

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
 * @returns {Resource[]} those whose making was cut short
 */
const begunIn = ({ pending_operations = [] }) =>
  pending_operations.filter(({ type }) => type === "creating").map(({ resource }) => resource);

/**
 * @param {Deployment} deployment
 * @returns {Begun[]} those whose making was cut short
 */
export const begunAtCloudflare = (deployment) => begunIn(deployment).flatMap(begunOf);

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
 * @typedef {object} BegunAtHetzner what Hetzner may have made
 * @property {string} type as Pulumi calls it
 * @property {string} what it is, in words
 * @property {string} name unique among its kind
 * @property {string | undefined} instance that it is labelled with
 * @property {string} kind as Hetzner's API calls it
 * @property {string} page of Hetzner's console
 * @property {string} urn
 * @property {string | undefined} [parent] its urn
 * @property {string | undefined} provider urn and id of the one that was to make it
 */

/**
 * `use`: what nothing has that a killed run left.
 * @type {Readonly<Record<string, {noun: string, kind: string, page: string, use: string}>>}
 */
const kindsAtHetzner = {
  [serverType]: {
    noun: "server",
    kind: "servers",
    page: "Servers",
    use: "has a data volume",
  },
  "hcloud:index/primaryIp:PrimaryIp": {
    noun: "address",
    kind: "primary_ips",
    page: "Primary IPs",
    use: "is assigned to a server",
  },
  "hcloud:index/firewall:Firewall": {
    noun: "firewall",
    kind: "firewalls",
    page: "Firewalls",
    use: "is applied to a server",
  },
  "hcloud:index/sshKey:SshKey": {
    noun: "SSH key",
    kind: "ssh_keys",
    page: "Security, SSH keys",
    use: "",
  },
  [diskType]: { noun: "volume", kind: "volumes", page: "Volumes", use: "may hold data" },
};

/**
 * @param {Deployment} deployment
 * @returns {BegunAtHetzner[]} those whose making was cut short
 */
export const begunAtHetzner = (deployment) =>
  begunIn(deployment).flatMap(({ type, urn, parent, provider, inputs = {} }) => {
    const { name = "", labels = {} } = inputs;
    const found = kindsAtHetzner[type];
    if (!found || Array.isArray(labels)) return [];
    const { noun, kind, page } = found;
    const instance = labels[instanceLabel];
    const what = `${noun} ${name}`;
    return [{ type, what, name, instance, kind, page, urn, parent, provider }];
  });

/**
 * @param {Deployment} deployment
 * @param {BegunAtHetzner} begun
 * @param {readonly AtHetzner[]} found what Hetzner has under its name
 * @returns {{id: string, use: string | undefined, isProtected: boolean}[]} what of it is the instance's and not known to
 *   the state; `use`: why it stays
 */
export function leftAtHetzner({ resources = [] }, { type, name, instance }, found) {
  // Things of another kind may have the same number.
  const known = new Set(resources.filter((each) => each.type === type).map(({ id }) => id));
  const ours = found.filter(
    (each) =>
      instance !== undefined && each.name === name && each.labels[instanceLabel] === instance,
  );
  return ours
    .map((each) => ({
      id: String(each.id),
      use: isUsed(type, each) ? kindsAtHetzner[type]?.use : undefined,
      isProtected: each.protection?.delete === true,
    }))
    .filter(({ id }) => !known.has(id));
}

/**
 * @typedef {object} BegunAttachment a data volume that Hetzner may have attached
 * @property {string} what it is, in words
 * @property {number} volume
 * @property {number} server that it was to be attached to
 * @property {string | undefined} provider urn and id of the one that was to attach it
 */

/**
 * @param {Deployment} deployment
 * @returns {BegunAttachment[]} those of the state's own volumes to its own servers that were cut short
 */
export const begunAttachments = (deployment) =>
  begunIn(deployment).flatMap(({ type, provider, inputs: { volumeId, serverId } = {} }) => {
    if (type !== attachmentType || volumeId === undefined || serverId === undefined) return [];
    const { resources = [] } = deployment;
    const known = (/** @type {string} */ kind, /** @type {number} */ id) =>
      resources.find((each) => each.type === kind && each.id === String(id));
    const disk = known(diskType, volumeId);
    if (!disk || !known(serverType, serverId)) return [];
    // The id of an attachment is its volume's, also of one to an earlier server, which is still to be forgotten.
    if (known(attachmentType, volumeId)?.inputs?.serverId === serverId) return [];
    const what = `volume ${disk.inputs?.name ?? volumeId}`;
    return [{ what, volume: volumeId, server: serverId, provider }];
  });

/**
 * @param {BegunAtHetzner} begun
 * @param {string} id
 * @returns {string} the command by which it becomes what the run would have recorded
 */
export function takeOver({ type, urn, parent = "", provider = "" }, id) {
  const [stack, name] = [urn.split(":")[2], urn.split("::").at(-1)];
  const [providerUrn] = provider.split(/::(?=[^:]*$)/);
  // Urns have a $ in them.
  return `npm run pulumi -- import ${type} ${name} ${id} --stack ${stack} --generate-code=false --parent 'parent=${parent}' --provider 'provider=${providerUrn}'`;
}

/**
 * @param {string} type
 * @param {AtHetzner} found
 */
const isUsed = (type, { volumes = [], assignee_id = null, applied_to = [] }) =>
  type === diskType || volumes.length > 0 || assignee_id !== null || applied_to.length > 0;

/**
 * @param {Deployment} deployment with its secrets shown
 * @param {{provider: string | undefined}} begun
 * @returns {{token: string, baseUrl: string}} what its provider was given; empty where that was left to its variables
 */
export function accessTo({ resources = [] }, { provider }) {
  const { apiToken, baseUrl, token, endpoint } =
    resources.find(({ urn, id }) => `${urn}::${id}` === provider)?.inputs ?? {};
  return { token: inClear(apiToken ?? token), baseUrl: inClear(baseUrl ?? endpoint) };
}

/** @param {Secret | undefined} secret */
const inClear = (secret = "") =>
  typeof secret === "string" ? secret : String(parseJson(secret.plaintext ?? '""'));
