import { changed, resource, secretValue } from "./policies";
import type { RequestedResource } from "./requestRecorder";

type Values = Readonly<Record<string, unknown>>;
type Options = Partial<Omit<RequestedResource, "type" | "name" | "inputs" | "outputs">>;

/** Resources that every rule lets pass, each of which a test spoils in one thing. */
const made = (
  type: string,
  name: string,
  inputs: Values,
  change: Values,
  options: Options,
): RequestedResource => changed(resource(type, name, { inputs, ...options }), change);

const digest = `sha256:${"0a".repeat(32)}`;

export const image = (change: Values = {}, options: Options = {}): RequestedResource =>
  made(
    "docker:index/remoteImage:RemoteImage",
    "instance-image",
    { name: `postgres:17.11@${digest}`, keepLocally: true },
    change,
    options,
  );

export const network = (change: Values = {}, options: Options = {}): RequestedResource =>
  made(
    "docker:index/network:Network",
    "instance-network",
    { name: "mastodon-internal", internal: true },
    change,
    { deleteBeforeReplace: true, ...options },
  );

/** Labelled as a part of an instance. */
const labelled = (part: string): Values => ({
  labels: [{ label: "org.joinmastodon.part", value: part }],
});

export const volume = (part: string, options: Options = {}): RequestedResource =>
  made(
    "docker:index/volume:Volume",
    `instance-volume-${part}`,
    { name: `mastodon-${part}`, ...labelled(part) },
    {},
    { protect: true, ...options },
  );

/** @param part what it says that it is: `web` may be made before its predecessor goes, `postgres` may not */
export const container = (
  part: string,
  change: Values = {},
  options: Options = {},
): RequestedResource =>
  made(
    "docker:index/container:Container",
    `instance-${part}`,
    {
      image: digest,
      command: [part],
      envs: ["TZ=UTC", secretValue("DB_PASS=hunter2")],
      user: "999:999",
      networksAdvanced: [{ name: "0123456789ab", aliases: [part] }],
      mounts: [{ type: "volume", source: "mastodon-data", target: "/data", readOnly: false }],
      healthcheck: { tests: ["CMD", "true"], interval: "5s" },
      wait: true,
      memory: 512,
      memorySwap: 512,
      readOnly: true,
      securityOpts: ["no-new-privileges"],
      capabilities: { drops: ["ALL"] },
      restart: "unless-stopped",
      logDriver: "json-file",
      logOpts: { "max-file": "3", "max-size": "10m" },
      ...labelled(part),
    },
    change,
    {
      deleteBeforeReplace: part === "postgres",
      propertyDependencies: {
        image: [image().urn],
        networksAdvanced: [network().urn],
      },
      ...options,
    },
  );

/** What tells of the machine. */
export const instance = (outputs: Values): RequestedResource => ({
  ...resource("mastodon:index:Instance", "instance"),
  outputs,
});

export const disk = (change: Values = {}, options: Options = {}): RequestedResource =>
  made(
    "hcloud:index/volume:Volume",
    "instance-data",
    { size: 40, deleteProtection: true },
    change,
    { protect: true, ...options },
  );

export const server = (change: Values = {}, options: Options = {}): RequestedResource =>
  made(
    "hcloud:index/server:Server",
    "instance-server",
    {
      serverType: "cx23",
      image: "debian-13",
      firewallIds: [7],
      deleteProtection: true,
      rebuildProtection: true,
      userData: secretValue("#cloud-config"),
    },
    change,
    { deleteBeforeReplace: true, ...options },
  );

export const attachment = (options: Options = {}): RequestedResource =>
  made(
    "hcloud:index/volumeAttachment:VolumeAttachment",
    "instance-data-attachment",
    { serverId: 1, volumeId: 2 },
    {},
    {
      deleteBeforeReplace: true,
      propertyDependencies: { serverId: [server().urn], volumeId: [disk().urn] },
      ...options,
    },
  );

/** One of a firewall's rules. */
export const opened = (port: string, protocol = "tcp"): Values => ({
  direction: "in",
  port,
  protocol,
  sourceIps: ["0.0.0.0/0"],
});

export const firewall = (...rules: readonly unknown[]): RequestedResource =>
  made("hcloud:index/firewall:Firewall", "instance-firewall", { rules }, {}, {});

export const ingress = (...ingresses: readonly Values[]): RequestedResource =>
  made(
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
    "instance-tunnel-config",
    { accountId: "a1", config: { ingresses } },
    {},
    {},
  );

export const record = (change: Values = {}): RequestedResource =>
  made(
    "cloudflare:index/dnsRecord:DnsRecord",
    "instance-dns",
    {
      name: "social.example.org",
      type: "CNAME",
      content: "t1.cfargotunnel.com",
      proxied: true,
    },
    change,
    {},
  );

export const password = (change: Values = {}, options: Options = {}): RequestedResource =>
  made("random:index/randomPassword:RandomPassword", "instance-password", { length: 32 }, change, {
    protect: true,
    ...options,
  });

export const job = (environment: Values, name = "instance-job"): RequestedResource =>
  made("command:local:Command", name, { create: "true", environment }, {}, {});
