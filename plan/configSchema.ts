import { z } from "zod";
import type { Zone } from "./edge/zone";
import { locations, serverImages, serverTypes } from "./hosts/serverTypes";
import type { Emulated } from "./imageKeys";
import { queues, type Queue } from "./queues";
import {
  AdminNetwork,
  Bucket,
  Certificates,
  CloudflareId,
  EmailAddress,
  Endpoint,
  GitRef,
  HostName,
  HttpsUrl,
  ImageReference,
  IpAddress,
  Language,
  LinuxserverVersion,
  MailSender,
  MailServer,
  port,
  Repository,
  SshAddress,
  SshUser,
  Text,
  TimeZone,
  Username,
  VariableName,
  VariableValue,
  Version,
} from "./shapes";
import type { Capacity } from "./sizing";

/** The version of Mastodon that runs where a stack file names none. */
export const defaultVersion = "4.7.2";

const wholeNumber = (minimum: number, unit: string) =>
  z.int(`must be a whole number of ${unit}`).min(minimum, `must be at least ${minimum}`);

const socketMessage = "must be the path of a Docker socket, for example /var/run/docker.sock";

const EngineAddress = z
  .string(socketMessage)
  .regex(/^((unix:\/\/)?\/[^\s]+|tcp:\/\/[^\s/]+:\d+)$/, socketMessage);

const Arch = z.enum(["amd64", "arm64"]);

/** Hetzner's volumes are between 10 GB and 10 TB. */
const mostVolumeGb = 10_240;

const Host = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("local"),
    socket: EngineAddress.optional(),
    arch: Arch.optional(),
    emulation: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal("ssh"),
    address: SshAddress,
    user: SshUser,
    port: port(22).default(22),
    arch: Arch,
    emulation: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal("hetzner"),
    serverType: z.enum([...serverTypes.keys()]),
    location: z.enum(locations),
    image: z.enum(serverImages).default("debian-13"),
    dataVolumeGb: wholeNumber(10, "GB").max(mostVolumeGb, `must be at most ${mostVolumeGb}`),
    adminIps: z
      .array(AdminNetwork)
      .min(1, "must name at least one address, or be left out to allow SSH from anywhere")
      .optional(),
    emulation: z.boolean().optional(),
  }),
]);

/** The user and group of Mastodon's own images: files that one image left can be read by the other. */
const mastodonId = 991;

const userId = z
  .int(`must be the number of a user or group, for example ${mastodonId}`)
  .min(1, "must be at least 1: not root")
  .max(65533, "must be at most 65533");

const Image = z.discriminatedUnion("flavour", [
  z.strictObject({ flavour: z.literal("official"), version: Version.default(defaultVersion) }),
  z.strictObject({
    flavour: z.literal("linuxserver"),
    version: LinuxserverVersion.default(defaultVersion),
    puid: userId.default(mastodonId),
    pgid: userId.default(mastodonId),
  }),
  z.strictObject({
    flavour: z.literal("source"),
    repository: Repository,
    ref: GitRef,
    build: z.enum(["host", "operator"]).default("host"),
  }),
]);

const Images = z.strictObject({
  postgres: ImageReference.optional(),
  redis: ImageReference.optional(),
  caddy: ImageReference.optional(),
  mastodon: ImageReference.optional(),
  streaming: ImageReference.optional(),
  cloudflared: ImageReference.optional(),
  elasticsearch: ImageReference.optional(),
  opensearch: ImageReference.optional(),
  binfmt: ImageReference.optional(),
  rclone: ImageReference.optional(),
});

const Edge = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("local"), port: port(8443).default(8443) }),
  z.strictObject({
    kind: z.literal("tunnel"),
    accountId: CloudflareId,
    zone: HostName,
    replicas: wholeNumber(1, "containers").max(4, "must be at most 4").optional(),
  }),
  z.strictObject({
    kind: z.literal("caddy"),
    email: EmailAddress,
    acmeDirectory: HttpsUrl.optional(),
    acmeRoots: Certificates.optional(),
    acmeKeyId: Text.optional(),
    ipv6: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal("none"),
    port: port(3000),
    address: IpAddress.default("127.0.0.1"),
    trustedProxies: z.array(AdminNetwork).min(1, "must name at least one network").optional(),
  }),
]);

const Dns = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cloudflare"),
    zone: HostName,
    addresses: z.array(IpAddress).min(1, "must name at least one address").optional(),
    replace: z.array(HostName).default([]),
    keep: z.array(HostName).default([]),
  }),
  z.strictObject({ kind: z.literal("manual") }),
]);

/** How a mail server is spoken to: the same for the usual one and for that of announcements. */
const mailServer = {
  server: MailServer,
  port: port(587).default(587),
  login: Text.optional(),
  authMethod: z.enum(["plain", "login", "cram_md5", "none"]).optional(),
  startTls: z.enum(["auto", "always", "never"]).default("auto"),
  tls: z.boolean().default(false),
  verify: z.enum(["peer", "none"]).default("peer"),
  ca: Certificates.optional(),
};

const Smtp = z.strictObject({
  ...mailServer,
  from: MailSender,
  replyTo: EmailAddress.optional(),
  returnPath: EmailAddress.optional(),
  heloDomain: HostName.optional(),
  check: z.boolean().default(true),
  bulk: z.strictObject(mailServer).optional(),
});

const Media = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("volume") }),
  z.strictObject({
    kind: z.literal("s3"),
    bucket: Bucket,
    endpoint: Endpoint,
    region: Text,
    aliasHost: HostName.optional(),
    acl: z.enum(["public-read", "none"]).default("public-read"),
    addressing: z.enum(["path", "virtual"]).default("path"),
  }),
]);

const Search = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("container"),
    engine: z.enum(["elasticsearch", "opensearch"]),
  }),
  z.strictObject({
    kind: z.literal("external"),
    url: Endpoint,
    user: Text.optional(),
    preset: z
      .enum(["single_node_cluster", "small_cluster", "large_cluster"])
      .default("single_node_cluster"),
    prefix: Text.optional(),
  }),
]);

const Federation = z.strictObject({
  mode: z.enum(["open", "limited"]).default("open"),
  authorizedFetch: z.boolean().optional(),
});

const SidekiqGroup = z.strictObject({
  queues: z
    .array(z.enum(queues as [Queue, ...Queue[]]))
    .min(1, "must name at least one queue")
    .superRefine((names, context) => {
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) {
        context.addIssue({ code: "custom", message: `names ${twice} twice: name each queue once` });
      }
    }),
  threads: z
    .int("must be a whole number of threads")
    .min(1, "must be at least 1")
    .max(100, "must be at most 100")
    .optional(),
});

const InstanceName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
    "must be 1 to 63 of a-z, 0-9, - and ., for example trial",
  );

const GroupName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,19}$/,
    "must be 1 to 20 of a-z, 0-9 and -, beginning with a letter, for example default",
  );

/** The keys of a stack file in the namespace `mastodon:`, without the secret ones, which never enter the plan. */
export const ConfigSchema = z.strictObject({
  domain: HostName.optional(),
  webDomain: HostName.optional(),
  name: InstanceName.optional(),
  hardware: z.enum(["dev", "vps", "macmini", "pi"]).default("dev"),
  sizing: z
    .strictObject({
      memoryMb: wholeNumber(1, "MB").optional(),
      cpus: wholeNumber(1, "cores").optional(),
      saveWrites: z.boolean().optional(),
    })
    .optional(),
  host: Host.default({ kind: "local" }),
  image: Image.default({ flavour: "official", version: defaultVersion }),
  images: Images.default({}),
  edge: Edge.default({ kind: "local", port: 8443 }),
  dns: Dns.optional(),
  smtp: Smtp.optional(),
  media: Media.default({ kind: "volume" }),
  admin: z.strictObject({ username: Username, email: EmailAddress }).optional(),
  registrations: z.enum(["none", "approval", "open"]).default("none"),
  singleUser: z.boolean().default(false),
  languages: z
    .array(Language)
    .min(1, "must name at least one language, for example [en]")
    .default(["en"]),
  timezone: TimeZone.default("UTC"),
  backup: z.unknown(),
  monitoring: z.unknown(),
  sidekiq: z
    .record(GroupName, SidekiqGroup)
    .refine((groups) => Object.keys(groups).length > 0, "must hold at least one process")
    .default({ default: { queues } }),
  search: Search.default({ kind: "none" }),
  federation: Federation.default({ mode: "open" }),
  environment: z.record(VariableName, VariableValue).default({}),
  // For the review alone (plan/review): what an instance is does not follow from it.
  acknowledge: z
    .array(
      z
        .string("must be the name of a resource, as the review tells it")
        .min(1, "must not be empty"),
    )
    .default([]),
});

export type ParsedConfig = z.infer<typeof ConfigSchema>;

/** A configuration in which every default is filled in and every rule holds. */
export interface Config extends Omit<
  ParsedConfig,
  "domain" | "name" | "admin" | "dns" | "sizing" | "backup" | "monitoring"
> {
  readonly domain: string;
  readonly dns: NonNullable<ParsedConfig["dns"]>;
  /** What the engine's objects are named for. */
  readonly name: string;
  readonly admin: { readonly username: string; readonly email: string };
  readonly sizing: Capacity & { readonly saveWrites?: boolean | undefined };
  /** Whether the engine can look more often at a container that starts; told by the host itself. */
  readonly looksEarly?: boolean;
  /** Images that the host only runs by emulation; told by the host itself. */
  readonly emulated?: Emulated;
  /** Which start of the host this is; told by the host itself, where it emulates. */
  readonly boot?: string;
  /** The names of the variables that the stack file holds encrypted. */
  readonly secretEnvironment: readonly string[];
  /** What Cloudflare itself says of the zone. */
  readonly zone?: Zone;
}

/** Keys that hold secrets: read apart from the others, never part of the plan. */
export const secretKeys = [
  "smtpPassword",
  "bulkSmtpPassword",
  "acmeHmacKey",
  "s3AccessKeyId",
  "s3SecretAccessKey",
  "secretEnvironment",
  "backupPassword",
  "secrets",
] as const;

export type SecretKey = (typeof secretKeys)[number];
