import { partLabel } from "../names";
import { listOf, mapOf, textOf, type Snapshot, type Step } from "./step";

/** Types of resources as the engine calls them, where it matters what something is. */
export const types = {
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
  password: "random:index/randomPassword:RandomPassword",
  identity: "random:index/randomUuid:RandomUuid",
  command: "command:local:Command",
  server: "hcloud:index/server:Server",
  dataVolume: "hcloud:index/volume:Volume",
  address: "hcloud:index/primaryIp:PrimaryIp",
  firewall: "hcloud:index/firewall:Firewall",
  tunnel: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  record: "cloudflare:index/dnsRecord:DnsRecord",
} as const;

/** What is said of a resource that there is one of. */
const single: Readonly<Record<string, string>> = {
  [types.identity]: "domain",
  [types.server]: "server",
  [types.dataVolume]: "data volume of the server",
  [types.firewall]: "firewall",
  [types.tunnel]: "tunnel",
  "hcloud:index/sshKey:SshKey": "login key at Hetzner",
  "hcloud:index/volumeAttachment:VolumeAttachment": "place of the data volume at the server",
  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig":
    "rules of the tunnel",
  "cloudflare:index/botManagement:BotManagement": "setting of the zone for bots",
};

/** What is said of a resource of which there are several: this, and what its logical name ends with. */
const several: Readonly<Record<string, { readonly kind: string; readonly after: string }>> = {
  [types.image]: { kind: "image", after: "-image-" },
  [types.network]: { kind: "network", after: "-network-" },
  [types.volume]: { kind: "volume", after: "-volume-" },
  [types.password]: { kind: "secret", after: "-secrets-" },
  [types.address]: { kind: "address", after: "-host-" },
  "tls:index/privateKey:PrivateKey": { kind: "key pair", after: "-host-" },
  "cloudflare:index/zoneSetting:ZoneSetting": { kind: "setting of the zone", after: "-setting-" },
};

const containers: Readonly<Record<string, string>> = {
  postgres: "database",
  redis: "Redis",
  search: "search engine",
  cloudflared: "connector of the tunnel",
};

/** Which part of the instance a container is, by its label; undefined for what is none. */
export function containerPart({ type, before, after }: Step): string | undefined {
  if (type !== types.container) return undefined;
  const found = [after, before].flatMap((snapshot) =>
    listOf(snapshot?.inputs["labels"]).map(mapOf),
  );
  const value = textOf(found.find((each) => each["label"] === partLabel)?.["value"]);
  return value === "" ? undefined : value;
}

/** What people call a container by its part: `sidekiq-default` is the sidekiq `default`. */
const containerName = (part: string): string =>
  containers[part] ??
  part.replace(/^sidekiq-/, "sidekiq ").replace(/^cloudflared-/, "connector of the tunnel ");

/** Components and the stack itself: nothing that anybody would look for. */
const isHolder = (type: string): boolean => /^(mastodon:index:|pulumi:pulumi:)/.test(type);

/** The logical name without what it shares with its parent's: `mastodon-app-migrate` is `migrate`. */
const ownName = (name: string): string =>
  name.replace(
    /^mastodon-(?:(?:host|app|database|cache|gateway|search|checks|foundation|dns)-)?/,
    "",
  );

/** What people know a resource by; undefined for what is only there to hold others. */
export function partOf(step: Step): string | undefined {
  const { type, name } = step;
  if (isHolder(type)) return undefined;
  const part = containerPart(step);
  if (part !== undefined) return containerName(part);
  const one = single[type];
  if (one !== undefined) return one;
  const many = several[type];
  if (many !== undefined) return `${many.kind} ${name.split(many.after).at(-1) ?? name}`;
  if (type === types.record) return `DNS record ${recordName(step.after ?? step.before)}`;
  if (type === types.command) return commandName(ownName(name));
  if (type.startsWith("pulumi:providers:"))
    return `connection to ${type.slice("pulumi:providers:".length)}`;
  return ownName(name);
}

const recordName = (snapshot: Snapshot | undefined): string =>
  [snapshot?.inputs["type"], snapshot?.inputs["name"]].map(textOf).join(" ").trim();

function commandName(name: string): string {
  if (name === "ready") return "set-up of the server";
  const published = /^(.*?)-?publication$/.exec(name)?.[1];
  return published === undefined ? `job ${name}` : `way to ${published || "the gateway"}`;
}

/** In which order the parts of an instance are told: what people use comes first. */
const order: readonly string[] = [
  types.server,
  types.dataVolume,
  types.address,
  types.container,
  types.volume,
  types.tunnel,
  types.record,
  types.network,
  types.command,
  types.image,
];

/** Sorts what people look for before what only serves it; else as the engine tells it. */
export const byImportance = (left: Step, right: Step): number => rank(left) - rank(right);

const rank = ({ type }: Step): number => {
  const found = order.indexOf(type);
  return found < 0 ? order.length : found;
};
