import { capacityIn } from "./capacity";
import type { ParsedConfig, SecretKey } from "./configSchema";
import { edgeFaults } from "./edge/edgeFaults";
import { gatewayFaults } from "./edge/gatewayFaults";
import { connectorsOf } from "./edge/tunnel";
import type { Fault } from "./faults";
import { flavourOf } from "./flavours/flavourOf";
import { imageFaults } from "./images";
import { mailFaults } from "./mailFaults";
import { mediaFaults } from "./mediaFaults";
import { queues } from "./queues";
import { searchFaults } from "./search";
import { quoted } from "./shapes";
import { capacityFaults, leastSidekiqMb, sizeInstance } from "./sizing";
import { consistencyFaults, federationFaults } from "./variables/consistencyFaults";
import { environmentFaults, unknownVariableFaults } from "./variables/environmentFaults";

/** A rule over one or more keys. It is skipped while one of them is itself faulty. */
interface Invariant {
  readonly keys: readonly (keyof ParsedConfig)[];
  faults(
    config: ParsedConfig,
    setSecrets: readonly SecretKey[] | undefined,
    secretVariables: readonly string[] | undefined,
  ): Fault[];
}

const fault = (path: string, message: string): Fault => ({ path, message });

const when = (broken: boolean, path: string, message: string): Fault[] =>
  broken ? [fault(path, message)] : [];

const removal = (key: SecretKey): string =>
  `remove the secret with \`npm run pulumi -- config rm mastodon:${key}\``;

/** Each has a rule of its own that says what it is for. */
const usedSecrets: readonly SecretKey[] = [
  "smtpPassword",
  "bulkSmtpPassword",
  "acmeHmacKey",
  "secretEnvironment",
  "s3AccessKeyId",
  "s3SecretAccessKey",
];

/** Puma needs about this much to boot Mastodon and serve a person. */
const leastWebMb = 352;

/** Every rule that crosses keys, or that the shape of a value does not say. */
export const invariants: readonly Invariant[] = [
  {
    keys: ["hardware", "domain"],
    faults: ({ hardware, domain }) =>
      when(
        hardware !== "dev" && domain === undefined,
        "domain",
        "is missing: it is part of every account's name and can never change, for example social.example.org",
      ),
  },
  {
    keys: ["hardware", "smtp"],
    faults: ({ hardware, smtp }) =>
      when(
        hardware !== "dev" && smtp === undefined,
        "smtp",
        "is missing: without mail nobody can confirm an account or reset a password; give server and from",
      ),
  },
  {
    keys: ["hardware", "admin"],
    faults: ({ hardware, admin }) =>
      when(
        hardware !== "dev" && admin === undefined,
        "admin",
        "is missing: name the owner's account, for example {username: alice, email: alice@example.org}",
      ),
  },
  {
    keys: ["domain", "webDomain"],
    faults: ({ domain, webDomain }) =>
      when(
        webDomain !== undefined && webDomain === domain,
        "webDomain",
        `${quoted(webDomain)} is the same as domain: leave webDomain out`,
      ),
  },
  {
    keys: ["domain", "webDomain"],
    faults: ({ domain, webDomain }) =>
      when(
        webDomain !== undefined && domain === undefined,
        "webDomain",
        `${quoted(webDomain)} needs a domain beside it: domain is in the account names, webDomain in the addresses of pages`,
      ),
  },
  {
    keys: ["hardware", "domain"],
    faults: ({ hardware, domain }) =>
      when(
        hardware !== "dev" && domain !== undefined && !domain.includes("."),
        "domain",
        `${quoted(domain)} has no dot: no other server would find it; write a whole name, for example social.example.org`,
      ),
  },
  {
    keys: ["hardware", "host"],
    faults: ({ hardware, host }) =>
      when(
        hardware === "dev" && host.kind !== "local",
        "hardware",
        `"dev" is for this machine's own engine, and host.kind is ${host.kind}; set hardware to vps, macmini or pi`,
      ),
  },
  {
    keys: ["hardware", "host"],
    faults: ({ hardware, host }) =>
      when(
        hardware === "pi" && host.kind === "ssh" && host.arch !== "arm64" && !host.emulation,
        "host.arch",
        '"amd64" contradicts hardware: pi, which is arm64; set arch: arm64, or hardware to vps or macmini',
      ),
  },
  {
    keys: ["hardware", "host"],
    faults: ({ hardware, host }) =>
      when(
        host.kind === "hetzner" && (hardware === "pi" || hardware === "macmini"),
        "hardware",
        `${quoted(hardware)} contradicts host.kind: hetzner, whose servers are vps; set hardware: vps`,
      ),
  },
  {
    keys: ["singleUser", "registrations"],
    faults: ({ singleUser, registrations }) =>
      when(
        singleUser && registrations !== "none",
        "registrations",
        `${quoted(registrations)} contradicts singleUser: true, which closes sign-up; set registrations: none or singleUser: false`,
      ),
  },
  {
    keys: ["languages"],
    faults: ({ languages }) =>
      when(
        new Set(languages).size !== languages.length,
        "languages",
        `${quoted(languages)} names a language twice: name each once, the default one first`,
      ),
  },
  { keys: ["smtp"], faults: ({ smtp }, setSecrets) => mailFaults(smtp, setSecrets) },
  {
    keys: ["sidekiq"],
    faults: ({ sidekiq }) => {
      const schedulers = Object.keys(sidekiq).filter((name) =>
        sidekiq[name]?.queues.includes("scheduler"),
      );
      return when(
        schedulers.length !== 1,
        "sidekiq",
        schedulers.length === 0
          ? "has no process with the queue scheduler: nothing would be cleaned up or posted on time; add it to exactly one"
          : `has the queue scheduler in ${schedulers.join(" and ")}: periodic jobs would run twice; keep it in exactly one`,
      );
    },
  },
  {
    keys: ["sidekiq"],
    faults: ({ sidekiq }) => {
      const served = new Set(Object.values(sidekiq).flatMap((group) => group.queues));
      const starved = queues.filter((queue) => queue !== "scheduler" && !served.has(queue));
      return when(
        starved.length > 0,
        "sidekiq",
        `has no process for ${starved.join(", ")}: those jobs would wait for ever; add each to a process`,
      );
    },
  },
  {
    keys: ["hardware", "host", "sizing"],
    faults: (config) => capacityFaults(capacityIn(config)),
  },
  {
    keys: ["hardware", "host", "sizing", "sidekiq", "edge", "search"],
    faults: (config) => {
      const { hardware, sidekiq } = config;
      const capacity = capacityIn(config);
      if (capacityFaults(capacity).length > 0) return [];
      const threads = Object.fromEntries(
        Object.entries(sidekiq).map(([name, group]) => [name, group.threads]),
      );
      const { memoryMb } = sizeInstance({
        ...capacity,
        hardware,
        connectors: connectorsOf(config),
        search: config.search.kind === "container",
        sidekiq: threads,
      }).web;
      return when(
        memoryMb < leastWebMb,
        "sidekiq",
        `has ${Object.keys(sidekiq).length} processes, each of which needs ${leastSidekiqMb} MB: with ${capacity.memoryMb} MB too little is left for web; use fewer processes with more threads, or a larger machine`,
      );
    },
  },
  {
    keys: ["environment"],
    faults: ({ environment }, _setSecrets, names) => environmentFaults(environment, names),
  },
  {
    keys: ["image", "images", "environment"],
    faults: (config, _setSecrets, names) => unknownVariableFaults(config, names),
  },
  {
    keys: ["environment", "federation"],
    faults: (config, _setSecrets, names) => consistencyFaults(config, names),
  },
  { keys: ["federation"], faults: ({ federation }) => federationFaults(federation) },
  {
    keys: ["search", "environment", "hardware", "host", "sizing"],
    faults: (config, _setSecrets, names) =>
      searchFaults(config, capacityIn(config).memoryMb, names),
  },
  {
    keys: ["domain", "hardware", "media", "webDomain"],
    faults: (config, setSecrets) => mediaFaults(config, setSecrets),
  },
  { keys: ["image", "images", "edge", "search"], faults: (config) => imageFaults(config) },
  { keys: ["edge", "dns", "domain", "webDomain", "host"], faults: edgeFaults },
  { keys: ["edge", "domain", "webDomain", "host"], faults: gatewayFaults },
  {
    keys: ["image", "images", "sidekiq", "environment"],
    faults: (config) => flavourOf(config.image).faults(config),
  },
  {
    keys: [],
    faults: (_config, setSecrets = []) =>
      setSecrets
        .filter((key) => !usedSecrets.includes(key))
        .map((key) => fault(key, `is set, but nothing in this version uses it; ${removal(key)}`)),
  },
];
