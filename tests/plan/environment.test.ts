import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { environmentFile, makePlan, parseConfig, type Environment } from "../../plan";
import {
  jobEnvironment,
  mastodonEnvironment,
  publicUrl,
  streamingEnvironment,
  webEnvironment,
} from "../../plan/environment";
import { secretSpecs } from "../../plan/secrets";
import { environmentFaults } from "../../plan/variables/environmentFaults";
import { configWith, fullest } from "../support/fixtures";

const configs = {
  smallest: configWith(),
  fullest: configWith(fullest),
  encrypted: parseConfig({}, [], ["GITHUB_API_TOKEN"]),
};

/** Names under which a secret would be expected: whatever is called so must be a reference. */
const secretName = /PASS|SECRET|_KEY|SALT|TOKEN/;

describe.each(Object.entries(configs))(
  "the environment of the %s configuration",
  (_name, config) => {
    const { sizing, containers, jobs } = makePlan(config);
    const { sidekiq, ...others } = containers;
    const all: [string, Environment][] = [
      ...Object.values(others),
      ...sidekiq,
      ...Object.values(jobs),
    ].map(({ part, environment }) => [part, environment]);

    it("is as it was reviewed", () => {
      expect(webEnvironment(config, sizing)).toMatchSnapshot("web");
      expect(streamingEnvironment(config, sizing)).toMatchSnapshot("streaming");
    });

    it.each(all)("holds no secret in clear: %s", (_part, environment) => {
      for (const [name, value] of Object.entries(environment)) {
        expect({ name, isText: typeof value === "string" }).toEqual({
          name,
          isText: !secretName.test(name) && name !== "KEYS_FINGERPRINT",
        });
      }
    });

    it("refers to no secret that nobody makes", () => {
      const known = [
        ...secretSpecs.map(({ name }) => name),
        "vapidPrivateKey",
        "vapidPublicKey",
        "keysFingerprint",
        ...config.secretEnvironment.map((name) => `environment.${name}`),
        ...(config.smtp?.login === undefined ? [] : ["smtpPassword"]),
      ];
      for (const value of all.flatMap(([, environment]) => Object.values(environment))) {
        if (typeof value !== "string") expect(known).toContain(value.secret);
      }
    });

    it("gives streaming none of the application's secrets", () => {
      const secrets = Object.values(containers.streaming?.environment ?? {}).flatMap((value) =>
        typeof value === "string" ? [] : value.secret,
      );
      expect(secrets.sort()).toEqual(["databasePassword", "redisPassword"]);
    });

    it("gives the superuser's password to the database alone, and the owner's to its own job alone", () => {
      const having = (secret: string) =>
        all
          .filter(([, environment]) =>
            Object.values(environment).some(
              (value) => typeof value !== "string" && value.secret === secret,
            ),
          )
          .map(([part]) => part);
      expect(having("databaseSuperuserPassword")).toEqual(["postgres"]);
      expect(having("adminPassword")).toEqual(["admin"]);
      expect(having("vapidScalar")).toEqual([]);
    });

    it("gives every Ruby process the same", () => {
      for (const process of containers.sidekiq) {
        expect(process.environment).toEqual(mastodonEnvironment(config));
        expect(containers.web.environment).toMatchObject(process.environment);
      }
      expect(mastodonEnvironment(config)).toMatchObject(jobEnvironment(config));
    });

    it("cannot be overwritten by a variable of the stack file", () => {
      const overridable = [
        "RAILS_LOG_LEVEL",
        ...Object.keys(config.environment),
        ...config.secretEnvironment,
      ];
      const set = [containers.web, containers.streaming].flatMap((spec) =>
        Object.keys(spec?.environment ?? {}),
      );
      for (const name of set.filter((each) => !overridable.includes(each))) {
        expect(environmentFaults({ [name]: "x" })).toHaveLength(1);
      }
    });
  },
);

it("gives a one-off command nothing that changes from day to day", () => {
  const plain = jobEnvironment(configWith({ domain: "example.org" }));
  const changed = jobEnvironment(
    configWith({
      domain: "example.org",
      timezone: "Europe/Berlin",
      languages: ["de"],
      smtp: fullest["smtp"],
      environment: { MAX_SESSION_ACTIVATIONS: "8" },
      federation: { mode: "limited", authorizedFetch: true },
      sizing: { memoryMb: 16384 },
    }),
  );
  expect(changed).toEqual(plain);
});

it.each([
  [{}, "https://localhost:8443"],
  [{ edge: { kind: "local", port: 443 } }, "https://localhost"],
  [{ domain: "example.org" }, "https://example.org:8443"],
  [{ domain: "example.org", webDomain: "social.example.org" }, "https://social.example.org:8443"],
])("is reached, given %j, at %s", (overrides, url) => {
  expect(publicUrl(configWith(overrides))).toBe(url);
});

describe("an environment file", () => {
  it.each([
    ["plain", "social.example.org:8443", "A=social.example.org:8443\n"],
    ["empty", "", "A=\n"],
    ["a blank", "a b", "A='a b'\n"],
    ["a name and an address", "Example <a@example.org>", "A='Example <a@example.org>'\n"],
    ["a dollar", "a$HOME", "A='a$HOME'\n"],
    ["a comment", "a #b", "A='a #b'\n"],
    ["double quotes", 'a"b', "A='a\"b'\n"],
    ["a single quote", "it's $5", 'A="it\'s \\$5"\n'],
    ["a backslash", "a\\b", 'A="a\\\\b"\n'],
  ])("writes %s", (_name, value, expected) => {
    expect(environmentFile({ A: value })).toBe(expected);
  });

  it("is read by a shell as what was written", () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
    const awkward = fc.string({
      unit: fc.constantFrom("a", "'", '"', "$", "\\", "`", "\n", " ", "#", "!", "(", ")", "{", "é"),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(text, awkward), { minLength: 20, maxLength: 40 }), (values) => {
        const names = values.map((_, index) => `V${index}`);
        const file = environmentFile(
          Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""])),
        );
        const print = names.map((name) => `printf '%s\\0' "$${name}"`).join("\n");
        const read = execFileSync("/bin/sh", ["-c", `${file}${print}`])
          .toString()
          .split("\0")
          .slice(0, -1);
        expect(read).toEqual(values.map((value) => Buffer.from(value).toString()));
      }),
      { numRuns: 20 },
    );
  });
});
