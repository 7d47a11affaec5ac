import { parseConfig, type Config } from "../../plan";

/** The smallest configuration that is accepted: an instance on this machine needs to be told nothing. */
export const smallest: Readonly<Record<string, unknown>> = {};

/** One in which every key says something that its default does not. */
export const fullest: Readonly<Record<string, unknown>> = {
  domain: "example.org",
  name: "trial",
  webDomain: "social.example.org",
  hardware: "dev",
  sizing: { memoryMb: 16384, cpus: 8 },
  host: { kind: "local", socket: "unix:///run/user/1000/docker.sock" },
  image: { flavour: "official", version: "4.6.1" },
  images: { postgres: `postgres:18.1-bookworm@sha256:${"0a".repeat(32)}` },
  edge: { kind: "local", port: 9443 },
  dns: { kind: "manual" },
  smtp: {
    server: "smtp.example.org",
    port: 465,
    tls: true,
    startTls: "never",
    login: "alice",
    from: "Example <notifications@example.org>",
    replyTo: "alice@example.org",
    authMethod: "login",
  },
  media: { kind: "volume" },
  admin: { username: "alice", email: "alice@example.org" },
  registrations: "approval",
  singleUser: false,
  languages: ["de", "en"],
  timezone: "Europe/Berlin",
  sidekiq: {
    default: { queues: ["default", "push", "mailers", "scheduler", "fasp"], threads: 10 },
    federation: { queues: ["ingress", "pull"] },
  },
  search: { kind: "external", url: "https://search.example.org:9200", preset: "small_cluster" },
  federation: { mode: "limited", authorizedFetch: true },
  environment: { MAX_SESSION_ACTIVATIONS: "8", RAILS_LOG_LEVEL: "info" },
  acknowledge: ["mastodon-foundation-volume-redis"],
};

/** One that the internet reaches through a tunnel. */
export const tunnelled: Readonly<Record<string, unknown>> = {
  domain: "social.example.org",
  edge: { kind: "tunnel", accountId: "0123456789abcdef0123456789abcdef", zone: "example.org" },
};

/** The smallest configuration with some keys of one's own; the result is raw, and may well be wrong. */
export const withOverrides = (
  overrides: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({ ...smallest, ...overrides });

export const configWith = (overrides: Readonly<Record<string, unknown>> = {}): Config =>
  parseConfig(withOverrides(overrides));
