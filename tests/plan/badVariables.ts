import type { Fault } from "../../plan";

/** Variables that must be refused, and how. */
export interface BadVariables {
  readonly name: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** The names of those that the stack file holds encrypted. */
  readonly secret: readonly string[];
  /** Every fault, in any order: its path, and words that its message must hold. */
  readonly faults: readonly (readonly [path: Fault["path"], ...words: string[]])[];
}

type Environment = Readonly<Record<string, string>>;

const bad = (
  name: string,
  environment: Environment,
  ...faults: BadVariables["faults"]
): BadVariables => ({ name, raw: { environment }, secret: [], faults });

const withSecrets = (
  name: string,
  environment: Environment,
  secret: readonly string[],
  ...faults: BadVariables["faults"]
): BadVariables => ({ name, raw: { environment }, secret, faults });

const withKeys = (
  name: string,
  raw: BadVariables["raw"],
  secret: readonly string[],
  ...faults: BadVariables["faults"]
): BadVariables => ({ name, raw, secret, faults });

const unknown: readonly BadVariables[] = (
  [
    ["LDAP_BIND_DM", "did you mean `LDAP_BIND_DN`?"],
    ["AUTHORISED_FETCH", "did you mean `AUTHORIZED_FETCH`?"],
    ["LOCAL_DOMIAN", "did you mean `LOCAL_DOMAIN`?"],
    ["HTTP_PROXY", "did you mean `http_proxy`?"],
    ["rails_log_level", "did you mean `RAILS_LOG_LEVEL`?"],
    ["SAML_ATTRIBUTES_STATEMENTS_MAIL", "did you mean `SAML_ATTRIBUTES_STATEMENTS_EMAIL`?"],
    ["FROBNICATE", "is no variable of Mastodon 4.7", "image.flavour: source"],
    ["constructor", "is no variable of Mastodon 4.7"],
    ["MAX_TOOT_CHARS", "only in forks", "image.flavour: source"],
    ["MAX_POLL_OPTIONS", "only in forks", "image.flavour: source"],
    ["UMASK", "is no variable of Mastodon 4.7"],
  ] as const
).map(([name, ...words]) =>
  bad(`unknown: ${name}`, { [name]: "x" }, [`environment.${name}`, ...words]),
);

const reserved: readonly BadVariables[] = (
  [
    ["LIMITED_FEDERATION_MODE", "use the key federation.mode"],
    ["AUTHORIZED_FETCH", "use the key federation.authorizedFetch"],
    ["ES_ENABLED", "use the key search"],
    ["ES_HOST", "use the key search.url"],
    ["TRUSTED_PROXY_IP", "wired"],
    ["SENDFILE_HEADER", "wired"],
    ["PROXY_PROTO_V1", "wired"],
    ["SAFETY_ASSURED", "a single command"],
    ["SAML_IDP_SSO_TARGET_PARAMS", "would fail at the first login"],
    ["REPLICA_PREPARED_STATEMENTS", "wiring to the database"],
    ["PGHERO_STATS_DATABASE_URL", "wiring to the database"],
    ["FETCH_REPLIES_MAX_PAGES", "removed in Mastodon 4.5"],
    ["STATSD_NAMESPACE", "removed in Mastodon 4.3"],
    ["EMAIL_DOMAIN_WHITELIST", "old name of EMAIL_DOMAIN_ALLOWLIST"],
  ] as const
).map(([name, words]) =>
  bad(`reserved: ${name}`, { [name]: "x" }, [
    `environment.${name}`,
    words,
    "use the key|remove it",
  ]),
);

const wrongValues: readonly BadVariables[] = (
  [
    ["DISABLE_EMAIL_SUBSCRIPTIONS", "yes", 'the word "true"'],
    ["DISABLE_EMAIL_SUBSCRIPTIONS", "True", 'the word "true"'],
    ["DISABLE_EMAIL_SUBSCRIPTIONS", "1", 'the word "true"'],
    ["DISABLE_EMAIL_SUBSCRIPTIONS", "", 'the word "true"'],
    ["MAX_SESSION_ACTIVATIONS", "ten", "whole number of sessions, at least 1"],
    ["MAX_SESSION_ACTIVATIONS", "0", "whole number of sessions, at least 1"],
    ["MAX_SESSION_ACTIVATIONS", "1.5", "whole number of sessions"],
    ["MAX_SESSION_ACTIVATIONS", "-3", "whole number of sessions"],
    ["IP_RETENTION_PERIOD", "1 year", "whole number of seconds"],
    ["MAX_FOLLOWS_RATIO", "1,1", "a number, for example 1.1"],
    ["RAILS_LOG_LEVEL", "verbose", '"debug", "info", "warn", "error" or "fatal"'],
    ["ALLOWED_PRIVATE_ADDRESSES", "nas.local", "IP addresses or networks"],
    ["ALLOWED_PRIVATE_ADDRESSES", "10.0.0.0/33", "IP addresses or networks"],
    ["ALTERNATE_DOMAINS", "https://example.net", "host names with commas"],
    ["ALTERNATE_DOMAINS", "example.net,", "host names with commas"],
    ["EMAIL_DOMAIN_ALLOWLIST", "example.org,example.com", "with | between them"],
    ["EMAIL_DOMAIN_DENYLIST", "*.example.org", "with | between them"],
    ["CDN_HOST", "https://assets.example.org/mastodon", "without a path"],
    ["EXTRA_MEDIA_HOSTS", "media.example.org", "https://media.example.org"],
    ["LIBRE_TRANSLATE_ENDPOINT", "translate.example.org", "begins with https://"],
    ["UPDATE_CHECK_URL", "never", "or empty, which switches it off"],
    ["SOURCE_BASE_URL", "git@example.org:fork.git", "begins with https://"],
    ["GITHUB_REPOSITORY", "https://github.com/mastodon/mastodon", "owner/name"],
    ["SSL_CERT_FILE", "ca.pem", "the whole path of a file"],
    ["PROMETHEUS_EXPORTER_PORT", "70000", "a port, from 1 to 65535"],
    ["EXPERIMENTAL_FEATURES", "a b", "names with commas"],
    ["SOURCE_TAG", " ", "a text that is not empty"],
  ] as const
).map(([name, value, words]) =>
  bad(`${name}: ${JSON.stringify(value)}`, { [name]: value }, [
    `environment.${name}`,
    JSON.stringify(value),
    words,
  ]),
);

const command = (name: string): string => `--path 'mastodon:secretEnvironment.${name}'`;

const secrets: readonly BadVariables[] = [
  bad("a secret in clear", { GITHUB_API_TOKEN: "correct horse" }, [
    "environment.GITHUB_API_TOKEN",
    "is a secret",
    command("GITHUB_API_TOKEN"),
  ]),
  bad("headers of a collector in clear", { OTEL_EXPORTER_OTLP_HEADERS: "key=correct horse" }, [
    "environment.OTEL_EXPORTER_OTLP_HEADERS",
    "is a secret",
    command("OTEL_EXPORTER_OTLP_HEADERS"),
  ]),
  bad("an address with a password", { http_proxy: "http://alice:correct@proxy.example.org:3128" }, [
    "environment.http_proxy",
    "holds a password",
    command("http_proxy"),
  ]),
  withKeys(
    "a secret of a fork in clear",
    {
      image: { flavour: "source", repository: "https://example.org/fork.git", ref: "main" },
      environment: { FORK_API_TOKEN: "correct horse" },
    },
    [],
    ["environment.FORK_API_TOKEN", "is a secret", command("FORK_API_TOKEN")],
  ),
  withSecrets(
    "a name in both maps",
    { SAML_UID_ATTRIBUTE: "uid", SAML_ENABLED: "false" },
    ["SAML_UID_ATTRIBUTE"],
    ["secretEnvironment.SAML_UID_ATTRIBUTE", "in environment as well", "remove one"],
  ),
  withSecrets(
    "a misspelt secret",
    {},
    ["GITHUB_API_TOKN"],
    ["secretEnvironment.GITHUB_API_TOKN", "did you mean `GITHUB_API_TOKEN`?"],
  ),
  withSecrets(
    "a secret that the program makes",
    {},
    ["SECRET_KEY_BASE"],
    ["secretEnvironment.SECRET_KEY_BASE", "generates", "remove it"],
  ),
  withSecrets(
    "a secret with a key of its own",
    {},
    ["SMTP_PASSWORD"],
    ["secretEnvironment.SMTP_PASSWORD", "is for the key smtp"],
  ),
  withSecrets(
    "a name that is none",
    {},
    ["LDAP-PASSWORD"],
    ["secretEnvironment.LDAP-PASSWORD", "must be the name of an environment variable"],
  ),
  withSecrets(
    "what the program reads itself",
    {},
    ["ALTERNATE_DOMAINS"],
    ["secretEnvironment.ALTERNATE_DOMAINS", "set it in environment"],
  ),
  withKeys(
    "a variable of the image's init as a secret",
    { image: { flavour: "linuxserver" } },
    ["DOCKER_MODS"],
    ["secretEnvironment.DOCKER_MODS", "image's own init"],
  ),
];

const ldap = { LDAP_ENABLED: "true", LDAP_HOST: "ldap.example.org", LDAP_BASE: "dc=example" };
const oidc = {
  OIDC_ENABLED: "true",
  OIDC_ISSUER: "https://id.example.org",
  OIDC_CLIENT_ID: "mastodon",
  OIDC_SCOPE: "openid,profile",
  OIDC_UID_FIELD: "preferred_username",
  OIDC_REDIRECT_URI: "https://social.example.org/auth/auth/openid_connect/callback",
};

const contradictions: readonly BadVariables[] = [
  bad(
    "LDAP alone",
    { LDAP_ENABLED: "true" },
    ["environment.LDAP_HOST", "LDAP_ENABLED needs it"],
    ["environment.LDAP_BASE", "LDAP_ENABLED needs it", "dc=example,dc=org"],
    ["environment.LDAP_BIND_DN", "LDAP_ENABLED needs it"],
    ["secretEnvironment.LDAP_PASSWORD", "LDAP_ENABLED needs it", command("LDAP_PASSWORD")],
  ),
  bad(
    "LDAP with its password in clear",
    { ...ldap, LDAP_BIND_DN: "cn=admin", LDAP_PASSWORD: "correct horse" },
    ["environment.LDAP_PASSWORD", "is a secret", command("LDAP_PASSWORD")],
  ),
  withSecrets(
    "LDAP that nobody switched on",
    { LDAP_BASE: "dc=example" },
    ["LDAP_PASSWORD"],
    ["environment.LDAP_ENABLED", "LDAP_BASE needs it", "remove what needs it"],
  ),
  withSecrets(
    "OpenID without discovery",
    oidc,
    ["OIDC_CLIENT_SECRET"],
    ["environment.OIDC_AUTH_ENDPOINT", "without OIDC_DISCOVERY"],
    ["environment.OIDC_TOKEN_ENDPOINT", "without OIDC_DISCOVERY"],
    ["environment.OIDC_USER_INFO_ENDPOINT", "without OIDC_DISCOVERY"],
    ["environment.OIDC_JWKS_URI", "without OIDC_DISCOVERY"],
  ),
  bad("OpenID without its secret", { ...oidc, OIDC_DISCOVERY: "true" }, [
    "secretEnvironment.OIDC_CLIENT_SECRET",
    "OIDC_ENABLED needs it",
    command("OIDC_CLIENT_SECRET"),
  ]),
  bad(
    "SAML alone",
    { SAML_ENABLED: "true" },
    ["environment.SAML_ACS_URL", "SAML_ENABLED needs it"],
    ["environment.SAML_ISSUER", "SAML_ENABLED needs it"],
    ["environment.SAML_IDP_SSO_TARGET_URL", "SAML_ENABLED needs it"],
    ["environment.SAML_IDP_CERT", "SAML_IDP_CERT or SAML_IDP_CERT_FINGERPRINT"],
  ),
  bad("SAML with a certificate without its key", { SAML_ENABLED: "false", SAML_CERT: "x" }, [
    "secretEnvironment.SAML_PRIVATE_KEY",
    "SAML_CERT needs it",
  ]),
  bad("CAS alone", { CAS_ENABLED: "true" }, ["environment.CAS_URL", "CAS_URL or CAS_HOST"]),
  bad("half of hCaptcha", { HCAPTCHA_SITE_KEY: "x" }, [
    "secretEnvironment.HCAPTCHA_SECRET_KEY",
    "HCAPTCHA_SITE_KEY needs it",
  ]),
  withSecrets(
    "the other half of hCaptcha",
    {},
    ["HCAPTCHA_SECRET_KEY"],
    ["environment.HCAPTCHA_SITE_KEY", "HCAPTCHA_SECRET_KEY needs it"],
  ),
  bad("a plan of DeepL without a key", { DEEPL_PLAN: "pro" }, [
    "secretEnvironment.DEEPL_API_KEY",
    "DEEPL_PLAN needs it",
  ]),
  withSecrets(
    "a key to no LibreTranslate",
    {},
    ["LIBRE_TRANSLATE_API_KEY"],
    ["environment.LIBRE_TRANSLATE_ENDPOINT", "LIBRE_TRANSLATE_API_KEY needs it"],
  ),
  withSecrets(
    "two translators",
    { LIBRE_TRANSLATE_ENDPOINT: "https://translate.example.org" },
    ["DEEPL_API_KEY"],
    ["environment.LIBRE_TRANSLATE_ENDPOINT", "DeepL translates", "remove one"],
  ),
  bad(
    "a header of a cache without what it holds",
    {
      CACHE_BUSTER_ENABLED: "true",
      CACHE_BUSTER_SECRET_HEADER: "X-Secret",
    },
    ["secretEnvironment.CACHE_BUSTER_SECRET", "CACHE_BUSTER_SECRET_HEADER needs it"],
  ),
  bad("no way in", { OMNIAUTH_ONLY: "true" }, [
    "environment.OMNIAUTH_ONLY",
    "leaves no way in",
    "CAS_ENABLED, OIDC_ENABLED or SAML_ENABLED",
  ]),
  withSecrets(
    "no way in but one that passwords lead to",
    { ...ldap, LDAP_BIND_DN: "cn=admin", OMNIAUTH_ONLY: "true" },
    ["LDAP_PASSWORD"],
    ["environment.OMNIAUTH_ONLY", "leaves no way in"],
  ),
  bad("one click to nowhere", { ONE_CLICK_SSO_LOGIN: "true" }, [
    "environment.ONE_CLICK_SSO_LOGIN",
    "has no effect",
    "OMNIAUTH_ONLY",
  ]),
  withKeys(
    "limited federation without signatures",
    { federation: { mode: "limited", authorizedFetch: false } },
    [],
    ["federation.authorizedFetch", "contradicts mode: limited"],
  ),
  withKeys(
    "limited federation that strangers may read",
    {
      federation: { mode: "limited" },
      environment: { DISALLOW_UNAUTHENTICATED_API_ACCESS: "false" },
    },
    [],
    ["environment.DISALLOW_UNAUTHENTICATED_API_ACCESS", "contradicts federation.mode"],
  ),
  withKeys(
    "federation: unknown",
    { federation: { mode: "closed" } },
    [],
    ["federation.mode", '"closed"', "open or limited"],
  ),
  withKeys(
    "federation: a text",
    { federation: "limited" },
    [],
    ["federation", "a map of keys to values"],
  ),
];

export const badVariables: readonly BadVariables[] = [
  ...unknown,
  ...reserved,
  ...wrongValues,
  ...secrets,
  ...contradictions,
];
