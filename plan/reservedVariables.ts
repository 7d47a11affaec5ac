import type { Fault } from "./faults";

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
  }),
);

/** Variables that follow from how the containers are wired, and which no key changes. */
const wired = [
  "BIND",
  "DATABASE_URL",
  "MASTODON_SIDEKIQ_READY_FILENAME",
  "NODE_ENV",
  "PAPERCLIP_ROOT_PATH",
  "PAPERCLIP_ROOT_URL",
  "PATH",
  "PORT",
  "RAILS_ENV",
  "RAILS_SERVE_STATIC_FILES",
  "SKIP_POST_DEPLOYMENT_MIGRATIONS",
  "SOCKET",
  "STREAMING_API_BASE_URL",
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

/** Families of variables that belong to a key of the stack file. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /^(DB|REPLICA_DB|REPLICA_DATABASE)_/,
    "is part of the wiring to the database, which the program does itself",
  ],
  [/^(SIDEKIQ_|CACHE_)?REDIS_/, "is part of the wiring to Redis, which the program does itself"],
  [/^(BULK_)?SMTP_/, "is for the key smtp to say"],
  [/^(S3|AWS|SWIFT|AZURE)_/, "is for the key media to say"],
];

/** Variables that Mastodon no longer knows, with what became of them (its CHANGELOG). */
const gone = new Map(
  Object.entries({
    FETCH_REPLIES_ENABLED: "was removed in Mastodon 4.5, which always fetches replies",
    FORCE_SSL: "does not exist: in production Mastodon always insists on HTTPS",
    MAX_TOOT_CHARS: "does not exist in Mastodon, only in some forks",
    OTP_SECRET: "was removed in Mastodon 4.4",
    RAILS_FORCE_SSL: "does not exist: in production Mastodon always insists on HTTPS",
    REDIS_NAMESPACE: "keeps Mastodon from starting since 4.4",
    STATSD_ADDR: "was removed in Mastodon 4.3",
    STREAMING_CLUSTER_NUM: "was removed from Mastodon",
    WHITELIST_MODE: "is the old name of LIMITED_FEDERATION_MODE",
  }),
);

/** Faults of the free map of further variables: one that the program sets itself would be overwritten, or win. */
export function environmentFaults(environment: Readonly<Record<string, string>>): Fault[] {
  return Object.keys(environment).flatMap((name) => {
    const reason = refusalOf(name);
    return reason === undefined ? [] : [{ path: `environment.${name}`, message: reason }];
  });
}

function refusalOf(name: string): string | undefined {
  const former = gone.get(name);
  if (former !== undefined) return `${former}; remove it`;
  const key = governed.get(name);
  if (key !== undefined) return `is set by the program: use the key ${key} instead`;
  if (wired.includes(name))
    return "follows from how the containers are wired, and is set by the program; remove it";
  if (generated.includes(name))
    return "is a secret that the program generates and keeps; remove it";
  const family = families.find(([pattern]) => pattern.test(name));
  return family === undefined ? undefined : `${family[1]}; remove it`;
}
