import { capacityIn } from "./capacity";
import type { ParsedConfig, SecretKey } from "./configSchema";
import { environmentFaults } from "./reservedVariables";
import type { Fault } from "./faults";
import { flavourOf } from "./flavours/flavourOf";
import { imageFaults } from "./images";
import { queues } from "./queues";
import { quoted } from "./shapes";
import { capacityFaults, leastSidekiqMb, sizeInstance } from "./sizing";

/** A rule over one or more keys. It is skipped while one of them is itself faulty. */
interface Invariant {
  readonly keys: readonly (keyof ParsedConfig)[];
  faults(config: ParsedConfig, setSecrets: readonly SecretKey[] | undefined): Fault[];
}

const fault = (path: string, message: string): Fault => ({ path, message });

const when = (broken: boolean, path: string, message: string): Fault[] =>
  broken ? [fault(path, message)] : [];

const removal = (key: SecretKey): string =>
  `remove the secret with \`npm run pulumi -- config rm mastodon:${key}\``;

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
  {
    keys: ["smtp"],
    faults: ({ smtp }) =>
      when(
        smtp !== undefined && smtp.port === 465 && !smtp.tls,
        "smtp.tls",
        "false contradicts port 465, where servers expect TLS from the first byte; set tls: true, or use port 587",
      ),
  },
  {
    keys: ["smtp"],
    faults: ({ smtp }) =>
      when(
        smtp !== undefined && smtp.tls && smtp.startTls === "always",
        "smtp.startTls",
        '"always" contradicts tls: true: a connection that is TLS from the start cannot switch to it; leave one of them out',
      ),
  },
  {
    keys: ["smtp"],
    faults: ({ smtp }) =>
      when(
        smtp?.authMethod === "none" && smtp.login !== undefined,
        "smtp.login",
        `${quoted(smtp?.login)} contradicts authMethod: none; leave one of them out`,
      ),
  },
  {
    keys: ["smtp"],
    faults: ({ smtp }) =>
      when(
        smtp?.authMethod !== undefined && smtp.authMethod !== "none" && smtp.login === undefined,
        "smtp.login",
        `is missing: authMethod: ${String(smtp?.authMethod)} needs it; give it, or leave authMethod out`,
      ),
  },
  {
    keys: ["smtp"],
    faults: ({ smtp }, setSecrets) =>
      when(
        setSecrets !== undefined &&
          smtp?.login !== undefined &&
          !setSecrets.includes("smtpPassword"),
        "smtpPassword",
        "is missing: smtp.login needs it; set it with `npm run pulumi -- config set --secret mastodon:smtpPassword`",
      ),
  },
  {
    keys: ["smtp"],
    faults: ({ smtp }, setSecrets) =>
      when(
        smtp?.login === undefined && setSecrets?.includes("smtpPassword") === true,
        smtp === undefined ? "smtp" : "smtp.login",
        `is missing, although smtpPassword is set; give it, or ${removal("smtpPassword")}`,
      ),
  },
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
    keys: ["hardware", "host", "sizing", "sidekiq"],
    faults: (config) => {
      const { hardware, sidekiq } = config;
      const capacity = capacityIn(config);
      if (capacityFaults(capacity).length > 0) return [];
      const threads = Object.fromEntries(
        Object.entries(sidekiq).map(([name, group]) => [name, group.threads]),
      );
      const { memoryMb } = sizeInstance({ ...capacity, hardware, sidekiq: threads }).web;
      return when(
        memoryMb < leastWebMb,
        "sidekiq",
        `has ${Object.keys(sidekiq).length} processes, each of which needs ${leastSidekiqMb} MB: with ${capacity.memoryMb} MB too little is left for web; use fewer processes with more threads, or a larger machine`,
      );
    },
  },
  { keys: ["environment"], faults: ({ environment }) => environmentFaults(environment) },
  { keys: ["image", "images"], faults: ({ image, images }) => imageFaults(image, images) },
  {
    keys: ["image", "images", "sidekiq", "environment"],
    faults: (config) => flavourOf(config.image).faults(config),
  },
  {
    keys: [],
    faults: (_config, setSecrets = []) =>
      setSecrets
        .filter((key) => key !== "smtpPassword")
        .map((key) => fault(key, `is set, but nothing in this version uses it; ${removal(key)}`)),
  },
];
