import { queues, type Queue } from "../../plan/queues";
import type { SecretKey } from "../../plan";

/** A configuration that must be refused, and how. */
export interface BadConfiguration {
  readonly name: string;
  readonly raw: unknown;
  readonly setSecrets?: readonly SecretKey[];
  /** Every fault, in any order: its path, and words that its message must hold. */
  readonly faults: readonly (readonly [path: string, ...words: string[]])[];
}

const bad = (
  name: string,
  raw: unknown,
  ...faults: readonly (readonly [string, ...string[]])[]
): BadConfiguration => ({ name, raw, faults });

const badSecrets = (
  name: string,
  raw: unknown,
  setSecrets: readonly SecretKey[],
  ...faults: readonly (readonly [string, ...string[]])[]
): BadConfiguration => ({ name, raw, setSecrets, faults });

const mail = { server: "smtp.example.org", from: "notifications@example.org" };
const digest = `sha256:${"0a".repeat(32)}`;
const without = (...names: readonly Queue[]): Queue[] =>
  queues.filter((queue) => !names.includes(queue));
const process = (threads: unknown): unknown => ({ default: { queues, threads } });
const manyProcesses = (count: number): unknown =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `p${index}`,
      { queues: index === 0 ? queues : ["default"] },
    ]),
  );
const nested = (depth: number): unknown => {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

const notAMap: readonly BadConfiguration[] = [
  bad("nothing", undefined, ["", "must be a map"]),
  bad("null", null, ["", "must be a map"]),
  bad("a text", "localhost", ["", '"localhost"', "must be a map"]),
  bad("a list", [{ domain: "social.example.org" }], ["", "must be a map"]),
  bad("a number", 8443, ["", "8443", "must be a map"]),
];

const domains: readonly BadConfiguration[] = (
  [
    ["a scheme", "https://social.example.org", "has a scheme", "social.example.org"],
    ["a path", "social.example.org/about", "has a path"],
    ["a port", "social.example.org:8443", "has a port"],
    ["a user", "alice@social.example.org", "has a user name"],
    ["upper case", "Social.Example.org", "upper case", "write social.example.org"],
    ["a blank within", "social example.org", "has a blank"],
    ["a blank before", " social.example.org", "has a blank"],
    ["a line end", "social.example.org\n", "has a blank"],
    ["a dot at its end", "social.example.org.", "ends in a dot", "write social.example.org"],
    ["a wildcard", "*.example.org", "has a wildcard"],
    ["letters outside ASCII", "bücher.example", "outside ASCII", "xn--"],
    ["an underscore", "my_social.example.org", "underscore"],
    ["an empty label", "social..example.org", "is no host name"],
    ["a hyphen in front", "-social.example.org", "is no host name"],
    ["a hyphen behind", "social-.example.org", "is no host name"],
    ["a label too long", `${"a".repeat(64)}.example.org`, "64 characters", "at most 63"],
    ["nothing in it", "", "is empty", "social.example.org"],
    ["only a blank", " ", "has a blank"],
    ["an IPv4 address", "192.0.2.7", "is an IP address"],
    ["an IPv6 address", "2001:db8::7", "is an IP address"],
    ["an IPv6 address in brackets", "[::1]", "is an IP address"],
    ["too much", `${"a23456789.".repeat(26)}example.org`, "271 characters", "at most 253"],
  ] as const
).map(([what, domain, ...words]) =>
  bad(`domain: ${what}`, { domain }, ["domain", JSON.stringify(domain).slice(0, 60), ...words]),
);

const wrongTypes: readonly BadConfiguration[] = [
  bad("domain: a number", { domain: 7 }, ["domain", "7", "must be a host name"]),
  bad("domain: a list", { domain: ["social.example.org"] }, ["domain", "must be a host name"]),
  bad("domain: a map", { domain: { name: "social.example.org" } }, [
    "domain",
    "must be a host name",
  ]),
  bad("webDomain: true", { domain: "example.org", webDomain: true }, [
    "webDomain",
    "true",
    "must be a host name",
  ]),
  bad("hardware: unknown", { hardware: "laptop" }, [
    "hardware",
    '"laptop"',
    "dev",
    "vps",
    "macmini",
    "pi",
  ]),
  bad("hardware: a number", { hardware: 4 }, ["hardware", "4", "must be"]),
  bad("sizing: a number", { sizing: 4096 }, ["sizing", "4096", "a map of keys to values"]),
  bad("sizing: a list", { sizing: [4096, 2] }, ["sizing", "[4096,2]", "a map of keys to values"]),
  bad("sizing.memoryMb: a text", { sizing: { memoryMb: "4096" } }, [
    "sizing.memoryMb",
    '"4096"',
    "whole number of MB",
  ]),
  bad("sizing.memoryMb: a unit", { sizing: { memoryMb: "4GB" } }, [
    "sizing.memoryMb",
    '"4GB"',
    "whole number of MB",
  ]),
  bad("sizing.memoryMb: a fraction", { sizing: { memoryMb: 4096.5 } }, [
    "sizing.memoryMb",
    "4096.5",
    "whole number of MB",
  ]),
  bad("sizing.memoryMb: no number", { sizing: { memoryMb: Number.NaN } }, [
    "sizing.memoryMb",
    "NaN",
    "whole number of MB",
  ]),
  bad("sizing.memoryMb: infinite", { sizing: { memoryMb: Number.POSITIVE_INFINITY } }, [
    "sizing.memoryMb",
    "Infinity",
    "whole number of MB",
  ]),
  bad("sizing.memoryMb: beyond exact numbers", { sizing: { memoryMb: 1e300 } }, [
    "sizing.memoryMb",
    "1e+300",
  ]),
  bad("sizing.cpus: zero", { sizing: { cpus: 0 } }, ["sizing.cpus", "0", "at least 1"]),
  bad("sizing.cpus: half a core", { sizing: { cpus: 0.5 } }, [
    "sizing.cpus",
    "0.5",
    "whole number of cores",
  ]),
  bad("sizing.cpus: negative", { sizing: { cpus: -2 } }, ["sizing.cpus", "-2", "at least 1"]),
  bad("host: a text", { host: "local" }, ["host", '"local"', "a map of keys to values", "kind"]),
  bad("host: a list", { host: [{ kind: "local" }] }, ["host", "a map of keys to values"]),
  bad("host.kind: missing", { host: { socket: "/var/run/docker.sock" } }, [
    "host.kind",
    "is missing",
    "local",
  ]),
  bad("host.kind: unknown", { host: { kind: "docker" } }, [
    "host.kind",
    '"docker"',
    "local",
    "ssh",
    "hetzner",
  ]),
  bad("host.socket: a number", { host: { kind: "local", socket: 2375 } }, [
    "host.socket",
    "2375",
    "path of a Docker socket",
  ]),
  bad("name: with a slash", { name: "my/mastodon" }, [
    "name",
    '"my/mastodon"',
    "for example trial",
  ]),
  bad("name: upper case", { name: "Trial" }, ["name", '"Trial"', "for example trial"]),
  bad("host.socket: SSH", { host: { kind: "local", socket: "ssh://pi@raspberry" } }, [
    "host.socket",
    '"ssh://pi@raspberry"',
    "/var/run/docker.sock",
  ]),
  bad("host.socket: relative", { host: { kind: "local", socket: "docker.sock" } }, [
    "host.socket",
    '"docker.sock"',
    "/var/run/docker.sock",
  ]),
  bad("image: a text", { image: "ghcr.io/mastodon/mastodon:v4.7.2" }, [
    "image",
    "a map of keys to values",
    "flavour",
  ]),
  bad("image.flavour: missing", { image: { version: "4.7.2" } }, [
    "image.flavour",
    "is missing",
    "official",
  ]),
  bad("image.flavour: unknown", { image: { flavour: "glitch", version: "4.7.2" } }, [
    "image.flavour",
    '"glitch"',
    "official",
  ]),
  bad("image.version: a number", { image: { flavour: "official", version: 4.7 } }, [
    "image.version",
    "4.7",
    "must be a whole version",
    "in quotes",
  ]),
  bad("images: a list", { images: ["postgres:17.6-trixie"] }, [
    "images",
    "a map of keys to values",
  ]),
  bad("images.redis: a number", { images: { redis: 7 } }, [
    "images.redis",
    "7",
    "must be an image reference",
  ]),
  bad("edge: a number", { edge: 8443 }, ["edge", "8443", "a map of keys to values"]),
  bad("edge.kind: missing", { edge: { port: 8443 } }, ["edge.kind", "is missing", "local"]),
  bad("edge.kind: unknown", { edge: { kind: "nginx" } }, ["edge.kind", '"nginx"', "local"]),
  bad("edge.port: zero", { edge: { kind: "local", port: 0 } }, [
    "edge.port",
    "0",
    "from 1 to 65535",
  ]),
  bad("edge.port: too large", { edge: { kind: "local", port: 65536 } }, [
    "edge.port",
    "65536",
    "from 1 to 65535",
  ]),
  bad("edge.port: negative", { edge: { kind: "local", port: -1 } }, [
    "edge.port",
    "-1",
    "from 1 to 65535",
  ]),
  bad("edge.port: a text", { edge: { kind: "local", port: "8443" } }, [
    "edge.port",
    '"8443"',
    "whole number",
    "without quotes",
  ]),
  bad("edge.port: a fraction", { edge: { kind: "local", port: 1.5 } }, [
    "edge.port",
    "1.5",
    "whole number",
  ]),
  bad("edge.port: null", { edge: { kind: "local", port: null } }, [
    "edge.port",
    "null",
    "whole number",
  ]),
  bad("edge.port: a mapping of two", { edge: { kind: "local", port: "8443:443" } }, [
    "edge.port",
    '"8443:443"',
    "whole number",
  ]),
  bad("dns: a text", { dns: "manual" }, ["dns", '"manual"', "a map of keys to values", "kind"]),
  bad("dns.kind: unknown", { dns: { kind: "route53" } }, ["dns.kind", '"route53"', "manual"]),
  bad("smtp: a text", { smtp: "smtp.example.org" }, [
    "smtp",
    '"smtp.example.org"',
    "a map of keys to values",
  ]),
  bad("smtp: empty", { smtp: {} }, ["smtp.server", "is missing"], ["smtp.from", "is missing"]),
  bad("smtp.server: a number", { smtp: { ...mail, server: 25 } }, [
    "smtp.server",
    "25",
    "must be a host name",
  ]),
  bad("smtp.server: a port", { smtp: { ...mail, server: "smtp.example.org:587" } }, [
    "smtp.server",
    "has a port",
  ]),
  bad("smtp.port: a text", { smtp: { ...mail, port: "587" } }, [
    "smtp.port",
    '"587"',
    "whole number",
  ]),
  bad("smtp.from: no address", { smtp: { ...mail, from: "Example" } }, [
    "smtp.from",
    '"Example"',
    "notifications@example.org",
  ]),
  bad("smtp.from: two addresses", { smtp: { ...mail, from: "a@example.org, b@example.org" } }, [
    "smtp.from",
    "must be an address",
  ]),
  bad("smtp.from: a line end", { smtp: { ...mail, from: "Example\nBcc: <a@example.org>" } }, [
    "smtp.from",
    "must be an address",
  ]),
  bad("smtp.replyTo: no address", { smtp: { ...mail, replyTo: "owner" } }, [
    "smtp.replyTo",
    '"owner"',
    "owner@example.org",
  ]),
  bad("smtp.authMethod: unknown", { smtp: { ...mail, authMethod: "oauth2" } }, [
    "smtp.authMethod",
    '"oauth2"',
    "plain",
    "none",
  ]),
  bad("smtp.startTls: true", { smtp: { ...mail, startTls: true } }, [
    "smtp.startTls",
    "true",
    "auto",
    "always",
    "never",
  ]),
  bad("smtp.tls: a text", { smtp: { ...mail, tls: "yes" } }, [
    "smtp.tls",
    '"yes"',
    "true or false",
  ]),
  bad("smtp.login: empty", { smtp: { ...mail, login: "" } }, [
    "smtp.login",
    '""',
    "must not be empty",
  ]),
  bad("media: a text", { media: "volume" }, ["media", '"volume"', "a map of keys to values"]),
  bad("media.kind: unknown", { media: { kind: "nfs" } }, ["media.kind", '"nfs"', "volume"]),
  bad("admin: a text", { admin: "alice" }, ["admin", '"alice"', "a map of keys to values"]),
  bad("admin: half", { admin: { username: "alice" } }, [
    "admin.email",
    "is missing",
    "owner@example.org",
  ]),
  bad(
    "admin.username: with its at sign",
    { admin: { username: "@alice", email: "alice@example.org" } },
    ["admin.username", '"@alice"', "for example alice"],
  ),
  bad(
    "admin.username: too long",
    { admin: { username: "a".repeat(31), email: "alice@example.org" } },
    ["admin.username", "1 to 30"],
  ),
  bad("admin.username: upper case", { admin: { username: "Alice", email: "alice@example.org" } }, [
    "admin.username",
    '"Alice"',
    "a-z",
  ]),
  bad("admin.email: no address", { admin: { username: "alice", email: "alice" } }, [
    "admin.email",
    '"alice"',
    "owner@example.org",
  ]),
  bad("registrations: unknown", { registrations: "closed" }, [
    "registrations",
    '"closed"',
    "none",
    "approval",
    "open",
  ]),
  bad("registrations: false", { registrations: false }, [
    "registrations",
    "false",
    "none",
    "approval",
    "open",
  ]),
  bad("singleUser: a text", { singleUser: "true" }, ["singleUser", '"true"', "true or false"]),
  bad("singleUser: a number", { singleUser: 1 }, ["singleUser", "1", "true or false"]),
  bad("languages: a text", { languages: "en" }, ["languages", '"en"', "a list"]),
  bad("languages: empty", { languages: [] }, ["languages", "[]", "at least one language"]),
  bad("languages: a name", { languages: ["en", "German"] }, [
    "languages.1",
    '"German"',
    "en, de or pt-BR",
  ]),
  bad("languages: null within", { languages: [null] }, [
    "languages.0",
    "null",
    "must be a language code",
  ]),
  bad("acknowledge: a text", { acknowledge: "domain" }, ["acknowledge", '"domain"', "a list"]),
  bad("acknowledge: an empty name", { acknowledge: [""] }, [
    "acknowledge.0",
    '""',
    "must not be empty",
  ]),
  bad("timezone: an abbreviation", { timezone: "Berlin" }, [
    "timezone",
    '"Berlin"',
    "Europe/Berlin",
  ]),
  bad("timezone: empty", { timezone: "" }, ["timezone", '""', "IANA"]),
  bad("timezone: a number", { timezone: 1 }, ["timezone", "1", "IANA"]),
  bad("sidekiq: a list", { sidekiq: ["default"] }, [
    "sidekiq",
    '["default"]',
    "a map of names to values",
  ]),
  bad("sidekiq: a number", { sidekiq: 5 }, ["sidekiq", "5", "a map of names to values"]),
  bad("sidekiq: a number as a process", { sidekiq: { default: 5 } }, [
    "sidekiq.default",
    "5",
    "a map of keys to values",
  ]),
  bad("sidekiq: null as a process", { sidekiq: { default: null } }, [
    "sidekiq.default",
    "null",
    "a map of keys to values",
  ]),
  bad("sidekiq: threads as a text", { sidekiq: process("5") }, [
    "sidekiq.default.threads",
    '"5"',
    "whole number of threads",
  ]),
  bad("environment: a list", { environment: ["MAX_POLL_OPTIONS=8"] }, [
    "environment",
    "a map of names to values",
  ]),
  bad("environment: a text", { environment: "MAX_POLL_OPTIONS=8" }, [
    "environment",
    "a map of names to values",
  ]),
  bad("environment: a number as a value", { environment: { MAX_POLL_OPTIONS: 8 } }, [
    "environment.MAX_POLL_OPTIONS",
    "8",
    "must be a text without NUL",
    "quotes",
  ]),
  bad("environment: a boolean as a value", { environment: { LIMITED_FEDERATION_MODE: true } }, [
    "environment.LIMITED_FEDERATION_MODE",
    "true",
    "must be a text without NUL",
    "quotes",
  ]),
  bad("environment: null as a value", { environment: { MAX_POLL_OPTIONS: null } }, [
    "environment.MAX_POLL_OPTIONS",
    "null",
    "must be a text without NUL",
  ]),
  bad("environment: no name", { environment: { "MAX-POLL": "8" } }, [
    "environment.MAX-POLL",
    '"MAX-POLL"',
    "name of an environment variable",
  ]),
  bad("environment: an assignment as a name", { environment: { "A=B": "c" } }, [
    "environment.A=B",
    '"A=B"',
    "name of an environment variable",
  ]),
  bad("a value that is nested deeply", { domain: nested(20_000) }, [
    "domain",
    "must be a host name",
  ]),
  bad("a value that is very long", { timezone: "x".repeat(100_000) }, ["timezone", "IANA"]),
];

const unknownKeys: readonly BadConfiguration[] = [
  bad("misspelt: domian", { domian: "social.example.org" }, ["domian", "did you mean `domain`?"]),
  bad("misspelt: web_domain", { domain: "example.org", web_domain: "social.example.org" }, [
    "web_domain",
    "did you mean `webDomain`?",
  ]),
  bad("misspelt: time-zone", { "time-zone": "UTC" }, ["time-zone", "did you mean `timezone`?"]),
  bad("misspelt: Sidekiq", { Sidekiq: {} }, ["Sidekiq", "did you mean `sidekiq`?"]),
  bad("unknown: theme", { theme: "dark" }, ["theme", "is no key", "known are domain,"]),
  bad("unknown: constructor", { constructor: "x" }, ["constructor", "is no key"]),
  bad("unknown: __proto__", JSON.parse('{"__proto__": {"domain": "a"}}'), [
    "__proto__",
    "is no key",
  ]),
  bad("misspelt: sizing.memory", { sizing: { memory: 4096 } }, [
    "sizing.memory",
    "is no key of `sizing`",
    "`memoryMb`",
  ]),
  bad("misspelt: sizing.cpu", { sizing: { cpu: 2 } }, ["sizing.cpu", "did you mean `cpus`?"]),
  bad("unknown: host.address of a local host", { host: { kind: "local", address: "192.0.2.7" } }, [
    "host.address",
    "is no key of `host`",
    "kind, socket",
  ]),
  bad("misspelt: host.sockets", { host: { kind: "local", sockets: "/run/docker.sock" } }, [
    "host.sockets",
    "did you mean `socket`?",
  ]),
  bad("misspelt: image.versoin", { image: { flavour: "official", versoin: "4.7.2" } }, [
    "image.versoin",
    "did you mean `version`?",
  ]),
  bad("misspelt: images.postgresql", { images: { postgresql: "postgres:17.6-trixie" } }, [
    "images.postgresql",
    "did you mean `postgres`?",
  ]),
  bad("unknown: images.backup", { images: { backup: "restic:0.18.0" } }, [
    "images.backup",
    "is no key of `images`",
    "known are postgres, redis, caddy, mastodon, streaming",
  ]),
  bad("misspelt: edge.prot", { edge: { kind: "local", prot: 8443 } }, [
    "edge.prot",
    "did you mean `port`?",
  ]),
  bad("unknown: dns.zone of manual", { dns: { kind: "manual", zone: "example.org" } }, [
    "dns.zone",
    "is no key of `dns`",
    "known are kind",
  ]),
  bad("misspelt: smtp.sever", { smtp: { ...mail, sever: "smtp.example.org" } }, [
    "smtp.sever",
    "did you mean `server`?",
  ]),
  bad("a secret in a map: smtp.password", { smtp: { ...mail, password: "correct horse" } }, [
    "smtp.password",
    "is a secret",
    "config set --secret mastodon:smtpPassword",
  ]),
  bad("misspelt: media.knd", { media: { kind: "volume", knd: "s3" } }, [
    "media.knd",
    "did you mean `kind`?",
  ]),
  bad(
    "unknown: admin.password",
    { admin: { username: "alice", email: "alice@example.org", password: "correct horse" } },
    ["admin.password", "is no key of `admin`"],
  ),
  bad("misspelt: sidekiq.default.thread", { sidekiq: { default: { queues, thread: 5 } } }, [
    "sidekiq.default.thread",
    "did you mean `threads`?",
  ]),
  ...(
    ["smtpPassword", "s3AccessKeyId", "s3SecretAccessKey", "backupPassword", "secrets"] as const
  ).map((key) =>
    bad(`a secret among the plain keys: ${key}`, { [key]: "correct horse" }, [
      key,
      "is a secret",
      `config set --secret mastodon:${key}`,
    ]),
  ),
];

const images: readonly BadConfiguration[] = [
  bad("image.version: latest", { image: { flavour: "official", version: "latest" } }, [
    "image.version",
    '"latest"',
    "4.7.2",
  ]),
  bad("image.version: a v", { image: { flavour: "official", version: "v4.7.2" } }, [
    "image.version",
    '"v4.7.2"',
    "without the v",
  ]),
  bad("image.version: a series", { image: { flavour: "official", version: "4.7" } }, [
    "image.version",
    '"4.7"',
    "4.7.2",
  ]),
  bad("image.version: too old", { image: { flavour: "official", version: "4.3.8" } }, [
    "image.version",
    '"4.3.8"',
    "too old",
  ]),
  bad("images.postgres: latest", { images: { postgres: "postgres:latest" } }, [
    "images.postgres",
    '"postgres:latest"',
    "tagged latest",
  ]),
  bad("images.postgres: no tag", { images: { postgres: "postgres" } }, [
    "images.postgres",
    '"postgres"',
    "has no tag",
  ]),
  bad(
    "images.caddy: a registry's port and no tag",
    { images: { caddy: "registry.example:5000/caddy" } },
    ["images.caddy", "has no tag"],
  ),
  bad("images.redis: a digest and no tag", { images: { redis: `redis@${digest}` } }, [
    "images.redis",
    "has no tag",
  ]),
  bad("images.redis: a short digest", { images: { redis: "redis:7.4.5-bookworm@sha256:abc" } }, [
    "images.redis",
    "malformed digest",
  ]),
  bad("images.redis: another digest", { images: { redis: "redis:7.4.5-bookworm@md5:abc" } }, [
    "images.redis",
    "malformed digest",
  ]),
  bad(
    "images.redis: an upper-case digest",
    { images: { redis: `redis:7.4.5-bookworm@${digest.toUpperCase()}` } },
    ["images.redis", "malformed digest"],
  ),
  bad("images.redis: two digests", { images: { redis: `redis:7.4.5@${digest}@${digest}` } }, [
    "images.redis",
    "is no image reference",
  ]),
  bad("images.redis: an upper-case name", { images: { redis: "Redis:7.4.5" } }, [
    "images.redis",
    "is no image reference",
  ]),
  bad("images.redis: an address", { images: { redis: "https://registry.example/redis:7.4.5" } }, [
    "images.redis",
    "is no image reference",
  ]),
  bad("images.redis: empty", { images: { redis: "" } }, ["images.redis", '""', "is empty"]),
  bad("images.redis: a blank", { images: { redis: "redis: 7.4.5" } }, [
    "images.redis",
    "is no image reference",
  ]),
  bad("images.postgres: alpine", { images: { postgres: "postgres:17.6-alpine" } }, [
    "images.postgres",
    "alpine",
    "17.11-bookworm",
  ]),
  bad("images.postgres: too old", { images: { postgres: "postgres:13.22-trixie" } }, [
    "images.postgres",
    "too old",
    "14 or later",
  ]),
  bad("images.postgres: a tag without a version", { images: { postgres: "postgres:trixie" } }, [
    "images.postgres",
    "does not begin with a version",
    "17.11-bookworm",
  ]),
  bad("images.redis: too old", { images: { redis: "redis:6.2.19-bookworm" } }, [
    "images.redis",
    "too old",
    "7 or later",
  ]),
  bad("images.redis: a tag without a version", { images: { redis: "redis:bookworm" } }, [
    "images.redis",
    "does not begin with a version",
    "7.4.11-bookworm",
  ]),
  bad(
    "images: web newer than streaming",
    { images: { mastodon: "ghcr.io/mastodon/mastodon:v4.8.0" } },
    ["images.streaming", "v4.7.2", "v4.8.0", "must be the same"],
  ),
  bad(
    "images: streaming newer than web",
    { images: { streaming: "ghcr.io/mastodon/mastodon-streaming:v4.8.0" } },
    ["images.streaming", "v4.8.0", "v4.7.2", "must be the same"],
  ),
  bad(
    "images: an overridden version that is too old",
    {
      images: {
        mastodon: "ghcr.io/mastodon/mastodon:v4.2.0",
        streaming: "ghcr.io/mastodon/mastodon-streaming:v4.2.0",
      },
    },
    ["images.mastodon", "too old"],
  ),
];

const contradictions: readonly BadConfiguration[] = [
  bad("webDomain: the same as domain", { domain: "example.org", webDomain: "example.org" }, [
    "webDomain",
    '"example.org"',
    "leave webDomain out",
  ]),
  bad("webDomain: without domain", { webDomain: "social.example.org" }, [
    "webDomain",
    '"social.example.org"',
    "needs a domain",
  ]),
  bad("singleUser with open registrations", { singleUser: true, registrations: "open" }, [
    "registrations",
    '"open"',
    "singleUser: true",
  ]),
  bad("languages: twice", { languages: ["en", "de", "en"] }, ["languages", "twice"]),
  bad("smtp.server: localhost", { smtp: { ...mail, server: "localhost" } }, [
    "smtp.server",
    '"localhost"',
    "the container itself",
  ]),
  bad("smtp.server: mail.localhost", { smtp: { ...mail, server: "mail.localhost" } }, [
    "smtp.server",
    "the container itself",
  ]),
  bad("smtp.server: 127.0.0.1", { smtp: { ...mail, server: "127.0.0.1" } }, [
    "smtp.server",
    '"127.0.0.1"',
    "the container itself",
  ]),
  bad("smtp.server: ::1", { smtp: { ...mail, server: "::1" } }, [
    "smtp.server",
    '"::1"',
    "the container itself",
  ]),
  bad("smtp: port 465 without tls", { smtp: { ...mail, port: 465 } }, [
    "smtp.tls",
    "false",
    "port 465",
    "587",
  ]),
  bad(
    "smtp: tls with startTls always",
    { smtp: { ...mail, port: 465, tls: true, startTls: "always" } },
    ["smtp.startTls", '"always"', "tls: true"],
  ),
  bad(
    "smtp: authMethod none with a login",
    { smtp: { ...mail, authMethod: "none", login: "alice" } },
    ["smtp.login", '"alice"', "authMethod: none"],
  ),
  bad("smtp: authMethod without a login", { smtp: { ...mail, authMethod: "plain" } }, [
    "smtp.login",
    "is missing",
    "plain",
  ]),
  badSecrets(
    "smtp: a login without its password",
    { smtp: { ...mail, login: "alice" } },
    [],
    ["smtpPassword", "is missing", "--secret mastodon:smtpPassword"],
  ),
  badSecrets(
    "smtp: a password without its login",
    { smtp: mail },
    ["smtpPassword"],
    ["smtp.login", "is missing", "smtpPassword"],
  ),
  badSecrets(
    "a mail password without mail",
    {},
    ["smtpPassword"],
    ["smtp", "smtpPassword is set", "config rm mastodon:smtpPassword"],
  ),
  bad("sidekiq: no process", { sidekiq: {} }, ["sidekiq", "{}", "at least one process"]),
  bad("sidekiq: no scheduler", { sidekiq: { default: { queues: without("scheduler") } } }, [
    "sidekiq",
    "no process with the queue scheduler",
    "exactly one",
  ]),
  bad(
    "sidekiq: two schedulers",
    { sidekiq: { default: { queues }, other: { queues: ["scheduler"] } } },
    ["sidekiq", "scheduler in default and other", "exactly one"],
  ),
  bad("sidekiq: an unknown queue", { sidekiq: { default: { queues: [...queues, "mail"] } } }, [
    "sidekiq.default.queues.7",
    '"mail"',
    "mailers",
  ]),
  bad("sidekiq: a duplicate queue", { sidekiq: { default: { queues: [...queues, "push"] } } }, [
    "sidekiq.default.queues",
    "push",
    "twice",
  ]),
  bad("sidekiq: missing queues", { sidekiq: { default: { queues: without("push", "pull") } } }, [
    "sidekiq",
    "no process for push, pull",
  ]),
  bad("sidekiq: no queues", { sidekiq: { default: { queues: [] } } }, [
    "sidekiq.default.queues",
    "[]",
    "at least one queue",
  ]),
  bad("sidekiq: queues left out", { sidekiq: { default: { threads: 5 } } }, [
    "sidekiq.default.queues",
    "is missing",
    "a list",
  ]),
  bad("sidekiq: queues as a text", { sidekiq: { default: { queues: "default" } } }, [
    "sidekiq.default.queues",
    '"default"',
    "a list",
  ]),
  bad("sidekiq: zero threads", { sidekiq: process(0) }, [
    "sidekiq.default.threads",
    "0",
    "at least 1",
  ]),
  bad("sidekiq: too many threads", { sidekiq: process(101) }, [
    "sidekiq.default.threads",
    "101",
    "at most 100",
  ]),
  bad("sidekiq: half a thread", { sidekiq: process(2.5) }, [
    "sidekiq.default.threads",
    "2.5",
    "whole number of threads",
  ]),
  bad("sidekiq: an upper-case name", { sidekiq: { Default: { queues } } }, [
    "sidekiq.Default",
    '"Default"',
    "for example default",
  ]),
  bad("sidekiq: a name too long", { sidekiq: { ["a".repeat(21)]: { queues } } }, [
    "sidekiq.aaaaaaaaaaaaaaaaaaaaa",
    "1 to 20",
  ]),
  bad("sidekiq: an empty name", { sidekiq: { "": { queues } } }, ["sidekiq.", '""', "1 to 20"]),
  bad("sidekiq: too many processes for the memory", { sidekiq: manyProcesses(7) }, [
    "sidekiq",
    "7 processes",
    "4096 MB",
    "fewer processes",
  ]),
  bad(
    "sidekiq: far too many processes",
    { sizing: { memoryMb: 2048 }, sidekiq: manyProcesses(40) },
    ["sidekiq", "40 processes", "2048 MB"],
  ),
];

const sizes: readonly BadConfiguration[] = [
  bad("sizing: too little memory", { sizing: { memoryMb: 1024 } }, [
    "sizing.memoryMb",
    "1024",
    "too little",
    "2 GB",
  ]),
  bad("sizing: no memory", { sizing: { memoryMb: 0 } }, ["sizing.memoryMb", "0", "at least 1"]),
  bad("sizing: gigabytes for megabytes", { sizing: { memoryMb: 8 } }, [
    "sizing.memoryMb",
    "8",
    "too little",
    "8 GB is 8192",
  ]),
  bad("sizing: bytes for megabytes", { sizing: { memoryMb: 8589934592 } }, [
    "sizing.memoryMb",
    "8589934592",
    "8 GB is 8192",
  ]),
  bad("sizing: more cores than there are", { sizing: { cpus: 4000 } }, [
    "sizing.cpus",
    "4000",
    "number of cores",
  ]),
];

const variables: readonly BadConfiguration[] = (
  [
    ["LOCAL_DOMAIN", "use the key domain"],
    ["WEB_DOMAIN", "use the key webDomain"],
    ["SINGLE_USER_MODE", "use the key singleUser"],
    ["DEFAULT_LOCALE", "use the key languages"],
    ["TZ", "use the key timezone"],
    ["WEB_CONCURRENCY", "use the key sizing"],
    ["MAX_THREADS", "use the key sizing"],
    ["DB_POOL", "use the key sizing"],
    ["RAILS_ENV", "wired"],
    ["PORT", "wired"],
    ["DATABASE_URL", "wired"],
    ["DB_HOST", "wiring to the database"],
    ["DB_PASS", "wiring to the database"],
    ["REPLICA_DB_NAME", "wiring to the database"],
    ["REDIS_URL", "wiring to Redis"],
    ["SIDEKIQ_REDIS_URL", "wiring to Redis"],
    ["SECRET_KEY_BASE", "secret that the program generates"],
    ["VAPID_PRIVATE_KEY", "secret that the program generates"],
    ["SMTP_PASSWORD", "the key smtp"],
    ["S3_ENABLED", "the key media"],
    ["OTP_SECRET", "removed in Mastodon 4.4"],
    ["WHITELIST_MODE", "LIMITED_FEDERATION_MODE"],
    ["REDIS_NAMESPACE", "keeps Mastodon from starting"],
    ["STREAMING_CLUSTER_NUM", "removed"],
  ] as const
).map(([name, words]) =>
  bad(`environment: ${name}`, { environment: { [name]: "x" } }, [`environment.${name}`, words]),
);

const elsewhere = {
  hardware: "vps",
  domain: "social.example.org",
  smtp: mail,
  admin: { username: "alice", email: "alice@example.org" },
};
const ssh = { kind: "ssh", address: "192.0.2.7", user: "alice", arch: "arm64" };
const hetzner = { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 20 };
const onHost = (
  name: string,
  host: Readonly<Record<string, unknown>>,
  ...faults: readonly (readonly [string, ...string[]])[]
): BadConfiguration => bad(name, { ...elsewhere, host }, ...faults);

const hosts: readonly BadConfiguration[] = [
  bad(
    "hardware other than dev with nothing else",
    { hardware: "vps" },
    ["domain", "is missing"],
    ["smtp", "is missing"],
    ["admin", "is missing"],
  ),
  bad("a domain without a dot", { ...elsewhere, domain: "social" }, ["domain", "has no dot"]),
  bad("another machine as hardware dev", { host: ssh }, [
    "hardware",
    "this machine's own engine",
    "vps, macmini or pi",
  ]),
  bad("a server as a Mac mini", { ...elsewhere, hardware: "macmini", host: hetzner }, [
    "hardware",
    "contradicts host.kind",
  ]),
  bad(
    "a Raspberry Pi that is amd64",
    { ...elsewhere, hardware: "pi", host: { ...ssh, arch: "amd64" } },
    ["host.arch", "contradicts hardware: pi"],
  ),
  onHost("ssh without an address", { kind: "ssh", user: "pi", arch: "arm64" }, [
    "host.address",
    "is missing",
  ]),
  onHost("ssh without arch", { kind: "ssh", user: "pi", address: "pi.local" }, [
    "host.arch",
    "amd64 or arm64",
  ]),
  onHost("an address with its user", { ...ssh, address: "pi@pi.local" }, [
    "host.address",
    "without user and port",
  ]),
  onHost("an address that ssh would take for an option", { ...ssh, address: "-oProxyCommand=x" }, [
    "host.address",
    "must be a host name or an IP address",
  ]),
  onHost("a user that ssh would take for an option", { ...ssh, user: "-l" }, [
    "host.user",
    "must be the name of an account",
  ]),
  onHost("a 32-bit Raspberry Pi", { ...ssh, arch: "armv7" }, ["host.arch", "amd64 or arm64"]),
  onHost("an unknown server type", { ...hetzner, serverType: "cx24" }, [
    "host.serverType",
    '"cx24"',
    "cx23",
    "cax11",
  ]),
  onHost("an unknown location", { ...hetzner, location: "fra1" }, [
    "host.location",
    "fsn1",
    "hel1",
  ]),
  onHost("an unknown system", { ...hetzner, image: "debian-11" }, ["host.image", "debian-13"]),
  onHost("a data volume that Hetzner does not have", { ...hetzner, dataVolumeGb: 9 }, [
    "host.dataVolumeGb",
    "at least 10",
  ]),
  onHost("a data volume in MB", { ...hetzner, dataVolumeGb: 20_480 }, [
    "host.dataVolumeGb",
    "at most 10240",
  ]),
  onHost("nobody who may administer", { ...hetzner, adminIps: [] }, [
    "host.adminIps",
    "at least one",
    "left out",
  ]),
  onHost("an administrator's name for an address", { ...hetzner, adminIps: ["home.example.org"] }, [
    "host.adminIps.0",
    "is no IP address",
  ]),
  onHost("a network with bits of a host", { ...hetzner, adminIps: ["198.51.100.7/24"] }, [
    "host.adminIps.0",
    "names a host in a network",
  ]),
  onHost("a network of IPv6 with bits of a host", { ...hetzner, adminIps: ["2001:db8::1/64"] }, [
    "host.adminIps.0",
    "names a host in a network",
  ]),
  onHost("a prefix that is none", { ...hetzner, adminIps: ["198.51.100.0/33"] }, [
    "host.adminIps.0",
    "from 0 to 32",
  ]),
  bad(
    "placeholders that nobody filled in",
    {
      ...elsewhere,
      domain: "<your domain, for example social.example.org>",
      smtp: { ...mail, server: "<your mail server>" },
      host: { ...ssh, address: "<its address>" },
    },
    ["domain", "<your domain, for example social.example.org>", "placeholder"],
    ["smtp.server", "placeholder"],
    ["host.address", "placeholder"],
  ),
];

const flavours: readonly BadConfiguration[] = [
  bad(
    "linuxserver: some queues in one process",
    {
      image: { flavour: "linuxserver" },
      sidekiq: { a: { queues: without("push", "pull") }, b: { queues: ["push", "pull"] } },
    },
    ["sidekiq.a.queues", "on all queues or on exactly one", "name all 7"],
    ["sidekiq.b.queues", '["push","pull"]', "a process of its own"],
  ),
  bad(
    "linuxserver: an image for streaming",
    {
      image: { flavour: "linuxserver", version: "4.7.2" },
      images: { streaming: "ghcr.io/mastodon/mastodon-streaming:v4.7.2" },
    },
    ["images.streaming", "holds streaming itself", "remove it"],
  ),
  bad(
    "linuxserver: variables of its init",
    {
      image: { flavour: "linuxserver" },
      environment: { PUID: "1000", SIDEKIQ_ONLY: "true", FILE__DB_PASS: "/x", DOCKER_MODS: "a" },
    },
    ["environment.PUID", "image.puid"],
    ["environment.SIDEKIQ_ONLY", "key sidekiq"],
    ["environment.FILE__DB_PASS", "a file that the container does not have"],
    ["environment.DOCKER_MODS", "as root", "images.mastodon"],
  ),
  bad("linuxserver: a version that moves", { image: { flavour: "linuxserver", version: "4.7" } }, [
    "image.version",
    '"4.7"',
    "4.7.2-ls210",
  ]),
  bad("linuxserver: root", { image: { flavour: "linuxserver", puid: 0 } }, [
    "image.puid",
    "not root",
  ]),
];

const unavailable: readonly BadConfiguration[] = [
  bad(
    "source: a folder that is somewhere",
    { image: { flavour: "source", repository: "../mastodon", ref: "main" } },
    ["image.repository", '"../mastodon"', "whole path"],
  ),
  bad(
    "source: an option for a branch",
    { image: { flavour: "source", repository: "/srv/mastodon", ref: "--upload-pack=x" } },
    ["image.ref", "a branch, a tag or the 40 digits"],
  ),
  bad("source: no branch", { image: { flavour: "source", repository: "/srv/mastodon" } }, [
    "image.ref",
    "is missing",
  ]),
  bad(
    "source: built elsewhere",
    { image: { flavour: "source", repository: "/srv/mastodon", ref: "main", build: "ci" } },
    ["image.build", "host or operator"],
  ),
  bad(
    "source: an image beside it",
    {
      image: { flavour: "source", repository: "/srv/mastodon", ref: "main" },
      images: { mastodon: "ghcr.io/mastodon/mastodon:v4.7.2" },
    },
    ["images.mastodon", "contradicts flavour: source"],
  ),
  bad("not yet available: backup", { backup: { schedule: "0 3 * * *", repository: "/mnt" } }, [
    "backup",
    "not available in this version",
    "remove the key",
  ]),
  bad("not yet available: monitoring", { monitoring: { enabled: true } }, [
    "monitoring",
    "not available in this version",
    "remove the key",
  ]),
  bad("not yet available: backup, and a wrong type", { backup: true }, [
    "backup",
    "not available in this version",
  ]),
  ...(["backupPassword", "secrets"] as const).map((key) =>
    badSecrets(
      `not yet available: the secret ${key}`,
      {},
      [key],
      [key, "nothing in this version uses it", `config rm mastodon:${key}`],
    ),
  ),
];

const several: readonly BadConfiguration[] = [
  bad(
    "many faults at once",
    {
      domian: "social.example.org",
      domain: "https://social.example.org",
      edge: { kind: "local", port: 0, prot: 8443 },
      smtp: { ...mail, server: "localhost" },
      sidekiq: { default: { queues: without("scheduler", "push"), threads: 0 } },
      images: { postgres: "postgres:17.6-alpine", redis: "redis" },
      environment: { TZ: "UTC", OTP_SECRET: "x" },
      backup: {},
    },
    ["domian", "`domain`"],
    ["domain", "has a scheme"],
    ["edge.port", "from 1 to 65535"],
    ["edge.prot", "`port`"],
    ["smtp.server", "the container itself"],
    ["sidekiq.default.threads", "at least 1"],
    ["images.redis", "has no tag"],
    ["environment.TZ", "use the key timezone"],
    ["environment.OTP_SECRET", "removed"],
    ["backup", "not available"],
  ),
];

/** Those with a fault that shows whatever the other keys say. */
export const wronglyShaped: readonly BadConfiguration[] = [
  ...domains,
  ...wrongTypes,
  ...unknownKeys,
];

export const badConfigurations: readonly BadConfiguration[] = [
  ...notAMap,
  ...wronglyShaped,
  ...images,
  ...contradictions,
  ...sizes,
  ...variables,
  ...hosts,
  ...flavours,
  ...unavailable,
  ...several,
];
