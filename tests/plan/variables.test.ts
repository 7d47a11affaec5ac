import fc from "fast-check";
import { parseConfig, type Fault } from "../../plan";
import { mastodonEnvironment, streamingEnvironment } from "../../plan/environment";
import { reservedVariables } from "../../plan/reservedVariables";
import { sizeInstance } from "../../plan/sizing";
import { unknownVariableFaults } from "../../plan/variables/environmentFaults";
import { mastodonVariables } from "../../plan/variables/mastodonVariables";
import { badVariables } from "./badVariables";
import { variablesRead } from "./variablesRead";
import { faultsOf } from "../support/refusals";

const refusedFor = (raw: unknown, secret?: readonly string[]): readonly Fault[] =>
  faultsOf(raw, [], secret);

describe("bad variables", () => {
  it("are listed here once under each name", () => {
    expect(new Set(badVariables.map(({ name }) => name)).size).toBe(badVariables.length);
  });

  it.each(badVariables)("are refused: $name", ({ raw, secret, faults: expected }) => {
    const found = refusedFor(raw, secret);

    expect(found.map(({ path }) => path).sort()).toEqual(expected.map(([path]) => path).sort());
    for (const [path, ...words] of expected) {
      const message = found.find((fault) => fault.path === path)?.message ?? "";
      for (const word of words) {
        expect(word.split("|").some((choice) => message.includes(choice)) ? word : message).toBe(
          word,
        );
      }
    }
  });

  it.each(badVariables)("are told what to do, and no secret: $name", ({ raw, secret }) => {
    for (const { message } of refusedFor(raw, secret)) {
      expect(message).toMatch(/\b(must|write|use|remove|set|add|did you mean)\b/);
      expect(message).not.toMatch(/undefined|\[object|\.$|\bit it\b|correct/);
      expect(message.length).toBeLessThan(600);
    }
  });
});

describe("the table of variables", () => {
  it.each(variablesRead)(
    "or the list of those that are refused holds %s, which Mastodon reads",
    (name) => {
      const [fault] = refusedFor({ environment: { [name]: "" } }, []);
      expect(fault?.message ?? "").not.toContain("is no variable of Mastodon");
    },
  );

  it("holds no name that Mastodon does not read, but for those of libraries", () => {
    const ofLibraries = /^(OTEL_EXPORTER_OTLP_|SSL_CERT_)/;
    const strange = [...mastodonVariables.keys()].filter(
      (name) => !variablesRead.includes(name) && !ofLibraries.test(name),
    );
    expect(strange).toEqual([]);
  });

  it("holds no name that is refused", () => {
    const both = [...mastodonVariables.keys()].filter((name) => reservedVariables.includes(name));
    expect(both).toEqual([]);
  });

  it("takes every secret by its name for one", () => {
    const named = [...mastodonVariables.keys()].filter((name) =>
      /PASS|SECRET(?!_HEADER)|TOKEN$|API_KEY|PRIVATE_KEY|_HEADERS$/.test(name),
    );
    const secret = [...mastodonVariables].filter(([, variable]) => variable.secret === true);
    expect(secret.map(([name]) => name).sort()).toEqual(named.sort());
  });
});

describe("good variables", () => {
  it.each<[string, string]>([
    ["ALLOWED_PRIVATE_ADDRESSES", "10.0.0.7, fd00::/8 192.168.7.0/24"],
    ["ALTERNATE_DOMAINS", "example.net, localhost:8443"],
    ["BACKTRACE", "1"],
    ["CDN_HOST", "https://assets.example.org"],
    ["CDN_HOST", "assets.example.org"],
    ["EMAIL_DOMAIN_ALLOWLIST", "example.org|example.com"],
    ["EXTRA_MEDIA_HOSTS", "https://media.example.org,https://old.example.org"],
    ["IP_RETENTION_PERIOD", "86400"],
    ["MAX_FOLLOWS_RATIO", "1.5"],
    ["UPDATE_CHECK_URL", ""],
    ["http_proxy", "http://proxy.example.org:3128"],
    ["no_proxy", "example.org"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"],
    ["MALLOC_ARENA_MAX", "2"],
    ["RUBY_GC_HEAP_GROWTH_FACTOR", "1.1"],
  ])("are accepted: %s as %j", (name, value) => {
    expect(refusedFor({ environment: { [name]: value } }, [])).toEqual([]);
  });

  it("sign people in from a directory and by OpenID", () => {
    const environment = {
      LDAP_ENABLED: "true",
      LDAP_HOST: "ldap.example.org",
      LDAP_BASE: "dc=example,dc=org",
      LDAP_BIND_DN: "cn=admin,dc=example,dc=org",
      OIDC_ENABLED: "true",
      OIDC_DISCOVERY: "true",
      OIDC_ISSUER: "https://id.example.org",
      OIDC_CLIENT_ID: "mastodon",
      OIDC_SCOPE: "openid,profile,email",
      OIDC_UID_FIELD: "preferred_username",
      OIDC_REDIRECT_URI: "https://social.example.org/auth/auth/openid_connect/callback",
      OMNIAUTH_ONLY: "true",
      ONE_CLICK_SSO_LOGIN: "true",
    };
    const secret = ["LDAP_PASSWORD", "OIDC_CLIENT_SECRET"];
    expect(refusedFor({ environment }, secret)).toEqual([]);
    // Nobody may have decrypted the stack file: then nothing counts as missing.
    expect(refusedFor({ environment })).toEqual([]);
  });

  it("may be of a fork where one may run", () => {
    const environment = { MAX_TOOT_CHARS: "5000", FORK_OF_A_FORK: "yes" };
    const source = { flavour: "source", repository: "https://example.org/fork.git", ref: "main" };
    const images = { mastodon: "ghcr.io/glitch-soc/mastodon:v4.7.2" };
    expect(refusedFor({ environment, image: source }, [])).toEqual([]);
    expect(refusedFor({ environment, images }, [])).toEqual([]);
    expect(
      refusedFor({ environment, images: { mastodon: "ghcr.io/mastodon/mastodon:v4.7.2" } }, []),
    ).toHaveLength(2);
  });

  it("may be of LinuxServer's init where that runs", () => {
    const environment = { UMASK: "022", S6_VERBOSITY: "1" };
    expect(refusedFor({ environment, image: { flavour: "linuxserver" } }, [])).toEqual([]);
    expect(refusedFor({ environment }, [])).toHaveLength(2);
  });
});

it("names the variable that one with a letter too few or too many is meant to be", () => {
  const known = [...mastodonVariables.keys()].filter((name) => name.length > 8);
  const slip = fc
    .tuple(fc.constantFrom(...known), fc.nat(), fc.boolean())
    .map(([name, at, adds]) => {
      const i = at % name.length;
      return {
        name,
        slipped: `${name.slice(0, i)}${adds ? "Z" : ""}${name.slice(adds ? i : i + 1)}`,
      };
    })
    .filter(({ slipped }) => !mastodonVariables.has(slipped) && !/^_|OTEL|VIPS/.test(slipped));
  const choice = { image: { flavour: "official", version: "4.7.2" }, images: {} } as const;
  fc.assert(
    fc.property(slip, ({ name, slipped }) => {
      const [fault] = unknownVariableFaults({ ...choice, environment: { [slipped]: "x" } });
      expect(fault?.message).toContain(`did you mean \`${name}\`?`);
    }),
  );
});

describe("what the processes get", () => {
  const config = parseConfig(
    {
      federation: { mode: "limited" },
      environment: { LOG_LEVEL: "debug", MAX_SESSION_ACTIVATIONS: "8" },
    },
    [],
    ["GITHUB_API_TOKEN"],
  );

  it("is what the stack file says, and references to what it holds encrypted", () => {
    expect(mastodonEnvironment(config)).toMatchObject({
      MAX_SESSION_ACTIVATIONS: "8",
      GITHUB_API_TOKEN: { secret: "environment.GITHUB_API_TOKEN" },
    });
  });

  it("is for streaming only what streaming reads", () => {
    const sizing = sizeInstance({ ...config.sizing, hardware: "dev", sidekiq: {} });
    const environment = streamingEnvironment(config, sizing);
    expect(environment).toMatchObject({ LOG_LEVEL: "debug" });
    expect(Object.keys(environment)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(MAX_|GITHUB_)/)]),
    );
  });

  it.each([
    [{ mode: "open" }, undefined, undefined],
    [{ mode: "limited" }, "true", undefined],
    [{ mode: "open", authorizedFetch: true }, undefined, "true"],
    [{ mode: "open", authorizedFetch: false }, undefined, "false"],
    [{ mode: "limited", authorizedFetch: true }, "true", "true"],
  ])("follows from federation: %j", (federation, limited, signed) => {
    const environment = mastodonEnvironment(parseConfig({ federation }));
    expect(environment["LIMITED_FEDERATION_MODE"]).toBe(limited);
    expect(environment["AUTHORIZED_FETCH"]).toBe(signed);
  });
});
