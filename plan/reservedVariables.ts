/** Variables that the program sets itself: name → the key of the stack file to use instead. */
const governed = new Map(
  Object.entries({
    LOCAL_DOMAIN: "domain",
    WEB_DOMAIN: "webDomain",
    SINGLE_USER_MODE: "singleUser",
    DEFAULT_LOCALE: "languages",
    TZ: "timezone",
    WEB_CONCURRENCY: "sizing",
    MAX_THREADS: "sizing",
    MIN_THREADS: "sizing",
    SIDEKIQ_CONCURRENCY: "sidekiq",
    DB_POOL: "sizing",
    LIMITED_FEDERATION_MODE: "federation.mode",
    AUTHORIZED_FETCH: "federation.authorizedFetch",
    ES_ENABLED: "search",
    ES_HOST: "search.url",
    ES_PORT: "search.url",
    ES_PREFIX: "search.prefix",
    ES_PRESET: "search.preset",
    ES_USER: "search.user",
  }),
);

/** Variables that follow from how the containers are wired, and which no key changes. */
const wired = [
  "BIND",
  "BUNDLE_GEMFILE",
  "DATABASE_URL",
  "LOCAL_HTTPS",
  "MASTODON_SIDEKIQ_READY_FILENAME",
  "NODE_ENV",
  "PAPERCLIP_ROOT_PATH",
  "PAPERCLIP_ROOT_URL",
  "PATH",
  "PORT",
  "PROXY_PROTO_V1",
  "RAILS_ENV",
  "RAILS_SERVE_STATIC_FILES",
  "SENDFILE_HEADER",
  "SKIP_POST_DEPLOYMENT_MIGRATIONS",
  "SOCKET",
  "STREAMING_API_BASE_URL",
  "TRUSTED_PROXY_IP",
  "VIPS_BLOCK_UNTRUSTED",
];

/** Secrets that the program generates. */
const generated = [
  "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
  "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
  "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
  "SECRET_KEY_BASE",
  "SECRET_KEY_BASE_DUMMY",
  "VAPID_PRIVATE_KEY",
  "VAPID_PUBLIC_KEY",
];

/** Variables of whoever works on Mastodon, or of single commands of it. */
const elsewhere = [
  "ANNOTATERB_SKIP_ON_DB_TASKS",
  "CI",
  "DISABLE_DATABASE_ENVIRONMENT_CHECK",
  "DISABLE_FORGERY_REQUEST_PROTECTION",
  "HEROKU",
  "IGNORE_ALREADY_SET_SECRETS",
  "REMOTE_DEV",
  "SAFETY_ASSURED",
  "TEST_DATA_SHOWCASE_EMAIL",
  "TEST_DATA_SHOWCASE_SIDEKICK_EMAIL",
  "TEST_ENV_NUMBER",
  "USER",
  "VAGRANT",
];

/** Variables that Mastodon hands as a text to a library that wants something else, and then fails at the first login. */
const broken = ["SAML_IDP_CERT_FINGERPRINT_VALIDATOR", "SAML_IDP_SSO_TARGET_PARAMS"];

/** Families of variables that belong to a key of the stack file. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /^(DB|PG|PGHERO|OTHER_DATABASE|REPLICA)_|^REPLICA_DATABASE_URL$|^PG(HOST|PORT|USER|PASSWORD|DATABASE)$/,
    "is part of the wiring to the database, which the program does itself",
  ],
  [/^(SIDEKIQ_|CACHE_)?REDIS_/, "is part of the wiring to Redis, which the program does itself"],
  [/^(BULK_)?SMTP_/, "is for the key smtp to say"],
  [/^(S3|AWS|SWIFT|AZURE)_/, "is for the key media to say"],
];

/** Variables that Mastodon no longer knows, with what became of them (its CHANGELOG). */
const gone: readonly (readonly [RegExp, string])[] = [
  [/^EMAIL_DOMAIN_BLACKLIST$/, "is the old name of EMAIL_DOMAIN_DENYLIST"],
  [/^EMAIL_DOMAIN_WHITELIST$/, "is the old name of EMAIL_DOMAIN_ALLOWLIST"],
  [/^ENABLE_SIDEKIQ_UNIQUE_JOBS_UI$/, "was removed in Mastodon 4.6"],
  [/^FETCH_REPLIES_/, "was removed in Mastodon 4.5, which always fetches replies"],
  [/^(RAILS_)?FORCE_SSL$/, "does not exist: in production Mastodon always insists on HTTPS"],
  [/^MASTODON_USE_LIBVIPS$/, "was removed from Mastodon, which always uses libvips"],
  [/^OTP_SECRET$/, "was removed in Mastodon 4.4"],
  [/^REDIS_NAMESPACE$/, "keeps Mastodon from starting since 4.4"],
  [/^STATSD_/, "was removed in Mastodon 4.3"],
  [/^STREAMING_CLUSTER_NUM$/, "was removed from Mastodon"],
  [
    /^WHITELIST_MODE$/,
    "is the old name of LIMITED_FEDERATION_MODE, for which there is the key federation.mode",
  ],
];

/** The names of single variables that are not for a stack file to set. */
export const reservedVariables: readonly string[] = [
  ...governed.keys(),
  ...wired,
  ...generated,
  ...elsewhere,
  ...broken,
];

/** Why a variable is not for a stack file to set, and what to do: it would be overwritten, or win. */
export function refusalOf(name: string): string | undefined {
  const former = gone.find(([pattern]) => pattern.test(name));
  if (former !== undefined) return `${former[1]}; remove it`;
  const key = governed.get(name);
  if (key !== undefined) return `is set by the program: use the key ${key} instead`;
  if (wired.includes(name))
    return "follows from how the containers are wired, and is set by the program; remove it";
  if (generated.includes(name))
    return "is a secret that the program generates and keeps; remove it";
  if (elsewhere.includes(name))
    return "is for those who work on Mastodon, or for a single command of it; remove it";
  if (broken.includes(name))
    return "cannot be said in a variable: Mastodon would fail at the first login; remove it";
  const family = families.find(([pattern]) => pattern.test(name));
  return family === undefined ? undefined : `${family[1]}; remove it`;
}
