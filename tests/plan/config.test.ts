import fc from "fast-check";
import { ConfigError, makePlan, parseConfig, secretKeys, type Config } from "../../plan";
import { ConfigSchema } from "../../plan/configSchema";
import { queues } from "../../plan/queues";
import { fullest, smallest, withOverrides } from "../support/fixtures";
import { badConfigurations, wronglyShaped } from "./badConfigurations";
import { expectFaults, faultsOf } from "../support/refusals";

const valueAt = (raw: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, step) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[step],
      raw,
    );

describe("a bad configuration", () => {
  it("is listed here once under each name, and often enough", () => {
    expect(new Set(badConfigurations.map(({ name }) => name)).size).toBe(badConfigurations.length);
    expect(badConfigurations.length).toBeGreaterThanOrEqual(70);
  });

  it.each(badConfigurations)("is refused: $name", ({ raw, setSecrets, faults: expected }) => {
    const found = faultsOf(raw, setSecrets);

    expectFaults(found, expected);
  });

  it.each(badConfigurations)("is told its value and what to do: $name", ({ raw, setSecrets }) => {
    for (const { path, message } of faultsOf(raw, setSecrets)) {
      const value = valueAt(raw, path);
      const isNamedByItsKey =
        /^(is no key|is a secret|is not available)/.test(message) ||
        path.startsWith("environment.");
      if (/^(number|boolean)$/.test(typeof value) && !isNamedByItsKey)
        expect(message).toContain(String(value));
      if (typeof value === "string" && !isNamedByItsKey) {
        expect(message).toContain(JSON.stringify(value).slice(0, 100));
      }
      expect(message).toMatch(
        /\b(must|write|use|remove|leave|give|name|set|add|keep|at most|did you mean|known are|it is in MB|example|override)\b/,
      );
      expect(message).not.toMatch(/undefined|\[object|Invalid|expected|received|\.$|\bit it\b/);
      expect(message.length).toBeLessThan(600);
    }
  });

  it("is told the value of no misplaced secret", () => {
    for (const raw of [
      { smtpPassword: "correct horse" },
      { smtpPasword: "correct horse" },
      { smtp: { server: "smtp.example.org", from: "a@example.org", password: "correct horse" } },
      { admin: { username: "alice", email: "alice@example.org", password: "correct horse" } },
      { environment: { SECRET_KEY_BASE: "correct horse", DB_PASS: "correct horse" } },
    ]) {
      const faults = faultsOf(raw);
      expect(faults).not.toEqual([]);
      expect(JSON.stringify(faults)).not.toContain("correct horse");
    }
  });

  it("is refused in one message that counts and lists all faults under their full keys", () => {
    const raw = { domian: "a", edge: { kind: "local", port: 0 }, singleUser: "yes" };

    expect(() => parseConfig(raw)).toThrow(
      new ConfigError([
        { path: "domian", message: "is no key of this program; did you mean `domain`?" },
        {
          path: "edge.port",
          message: "0 is not allowed: it must be from 1 to 65535, for example 8443",
        },
        { path: "singleUser", message: '"yes" is not allowed: it must be true or false' },
      ]),
    );
    expect(() => parseConfig(raw)).toThrow(
      /^The configuration has 3 faults; nothing was changed\.\n {2}mastodon:domian: .*\n {2}mastodon:edge\.port: .*\n {2}mastodon:singleUser: .*$/,
    );
    expect(() => parseConfig({ domian: "a" })).toThrow(/has one fault;/);
  });

  it("hides no fault behind another one", () => {
    const independent = fc
      .uniqueArray(fc.constantFrom(...wronglyShaped), { minLength: 2, maxLength: 6 })
      .filter((chosen) => {
        const keys = chosen.flatMap(({ raw }) => Object.keys(raw as object));
        return new Set(keys).size === keys.length;
      });
    fc.assert(
      fc.property(independent, (chosen) => {
        const raw = Object.fromEntries(
          chosen.flatMap((each) => Object.entries(each.raw as object)),
        );
        const found = faultsOf(raw).map(({ path }) => path);
        for (const { faults } of chosen) {
          expect(found).toEqual(expect.arrayContaining(faults.map(([path]) => path)));
        }
      }),
    );
  });
});

describe("a good configuration", () => {
  const defaults: Config = {
    domain: "localhost",
    name: "localhost",
    webDomain: undefined,
    hardware: "dev",
    sizing: { memoryMb: 4096, cpus: 2 },
    host: { kind: "local" },
    image: { flavour: "official", version: "4.7.2" },
    images: {},
    edge: { kind: "local", port: 8443 },
    dns: { kind: "manual" },
    smtp: undefined,
    media: { kind: "volume" },
    admin: { username: "owner", email: "owner@localhost" },
    registrations: "none",
    singleUser: false,
    languages: ["en"],
    timezone: "UTC",
    sidekiq: { default: { queues } },
    search: { kind: "none" },
    federation: { mode: "open" },
    environment: {},
    acknowledge: [],
    secretEnvironment: [],
  };
  const mail = { server: "smtp.example.org", from: "notifications@example.org" };
  const fork = {
    flavour: "source",
    repository: "https://example.org/fork.git",
    ref: "main",
    build: "host",
  } as const;

  it.each<[string, Readonly<Record<string, unknown>>, Partial<Config>]>([
    ["the smallest", smallest, {}],
    ["keys emptied in the editor", { domain: null, sizing: null, sidekiq: null, backup: null }, {}],
    [
      "a domain",
      { domain: "social.example.org" },
      {
        domain: "social.example.org",
        name: "social.example.org",
        admin: { username: "owner", email: "owner@social.example.org" },
      },
    ],
    [
      "a domain in xn-- form",
      { domain: "xn--bcher-kva.example" },
      {
        domain: "xn--bcher-kva.example",
        name: "xn--bcher-kva.example",
        admin: { username: "owner", email: "owner@xn--bcher-kva.example" },
      },
    ],
    ["half a size", { sizing: { memoryMb: 8192 } }, { sizing: { memoryMb: 8192, cpus: 2 } }],
    ["the other half", { sizing: { cpus: 16 } }, { sizing: { memoryMb: 4096, cpus: 16 } }],
    ["a kind alone", { edge: { kind: "local" } }, { edge: { kind: "local", port: 8443 } }],
    [
      "the highest port",
      { edge: { kind: "local", port: 65535 } },
      { edge: { kind: "local", port: 65535 } },
    ],
    ["a flavour alone", { image: { flavour: "official" } }, {}],
    [
      "a release candidate",
      { image: { flavour: "official", version: "4.8.0-rc.1" } },
      { image: { flavour: "official", version: "4.8.0-rc.1" } },
    ],
    [
      "an image from a registry with a port",
      { images: { redis: "registry.example:5000/library/redis:7.4" } },
      { images: { redis: "registry.example:5000/library/redis:7.4" } },
    ],
    [
      "mail",
      { smtp: mail },
      { smtp: { ...mail, port: 587, startTls: "auto", tls: false, verify: "peer", check: true } },
    ],
    [
      "mail with a named sender",
      { smtp: { ...mail, from: "Café Example <a@example.org>", authMethod: "none" } },
      {
        smtp: {
          ...mail,
          from: "Café Example <a@example.org>",
          authMethod: "none",
          port: 587,
          startTls: "auto",
          tls: false,
          verify: "peer",
          check: true,
        },
      },
    ],
    ["a single user", { singleUser: true }, { singleUser: true }],
    [
      "further languages",
      { languages: ["pt-BR", "zh-CN", "kab"] },
      { languages: ["pt-BR", "zh-CN", "kab"] },
    ],
    [
      "further variables",
      { environment: { MAX_SESSION_ACTIVATIONS: "8", RAILS_LOG_LEVEL: "debug" } },
      { environment: { MAX_SESSION_ACTIVATIONS: "8", RAILS_LOG_LEVEL: "debug" } },
    ],
    [
      "a variable of a fork, named like a method of objects",
      { image: fork, environment: { constructor: "x", toString: "y" } },
      { image: fork, environment: { constructor: "x", toString: "y" } },
    ],
    [
      "several sidekiq processes",
      {
        sidekiq: {
          a: { queues: ["scheduler", "default"], threads: 1 },
          "b-2": { queues: queues.filter((queue) => queue !== "scheduler") },
        },
      },
      {
        sidekiq: {
          a: { queues: ["scheduler", "default"], threads: 1 },
          "b-2": { queues: queues.filter((queue) => queue !== "scheduler") },
        },
      },
    ],
  ])("is filled in: %s", (_name, raw, differences) => {
    expect(parseConfig(raw)).toEqual({ ...defaults, ...differences });
  });

  it("may say something about everything", () => {
    expect(parseConfig(fullest, ["smtpPassword"])).toMatchObject(fullest);
  });

  it("names every key that is available", () => {
    const unavailable = ["backup", "monitoring"];
    expect([...Object.keys(fullest), ...unavailable].sort()).toEqual(
      Object.keys(ConfigSchema.shape).sort(),
    );
  });
});

describe("whatever is written in a stack file", () => {
  const value = fc.oneof(
    { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
    { weight: 1, arbitrary: fc.anything({ withBigInt: true, withDate: true, withSet: true }) },
    {
      weight: 2,
      arbitrary: fc.dictionary(
        fc.constantFrom(
          "kind",
          "flavour",
          "port",
          "default",
          "queues",
          "threads",
          "__proto__",
          "constructor",
          "",
          "a.b",
        ),
        fc.oneof(
          fc.constantFrom("local", "official", "ssh", "source", "scheduler", 8443, queues),
          fc.jsonValue({ maxDepth: 2 }),
        ),
      ),
    },
  );
  const key = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...Object.keys(ConfigSchema.shape)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...secretKeys, "__proto__", "constructor", "toString", ""),
    },
    { weight: 1, arbitrary: fc.string() },
  );
  const entries = fc.dictionary(key, value, { maxKeys: 8 });

  it("is either a configuration of which a plan can be made, or refused with faults, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(entries, entries.map(withOverrides), fc.anything()), (raw) => {
        let config: Config;
        try {
          config = parseConfig(raw, []);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.faults.length).toBeGreaterThan(0);
          for (const { message } of error.faults) expect(message).not.toContain("must be right");
          return;
        }
        expect(() => makePlan(config)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it("is refused where it stands in a place for something else", () => {
    const full = Object.entries(fullest);
    fc.assert(
      fc.property(fc.constantFrom(...full.keys()), value, (index, broken) => {
        const raw = Object.fromEntries(
          full.map(([name, right], at) => [name, at === index ? broken : right]),
        );
        expect(() => faultsOf(raw)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same configuration each time, and leaves what was read as it was", () => {
    const before = JSON.stringify(fullest);
    expect(parseConfig(fullest)).toEqual(parseConfig(JSON.parse(before)));
    expect(JSON.stringify(fullest)).toBe(before);
  });
});
