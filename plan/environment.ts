import type { Config } from "./configSchema";
import type { Environment, EnvironmentValue } from "./environmentValue";
import { mailEnvironment } from "./mail";
import { mediaEnvironment } from "./media";
import { searchEnvironment } from "./searchEnvironment";
import type { SecretReference } from "./secrets";
import type { Sizing } from "./sizing";
import { mastodonVariables } from "./variables/mastodonVariables";

/** The role that Mastodon logs in with, and its database. */
export const databaseRole = "mastodon";
export const databaseName = "mastodon_production";

const secret = (name: SecretReference): EnvironmentValue => ({ secret: name });

/**
 * The host and, unless it is HTTPS's own, the port under which browsers see an instance with this domain. Only an
 * instance of one's own machine has a port in its name: any other is to be known by its domain for ever, whichever way
 * leads to it for now.
 */
export const publicHost = (domain: string, config: Config): string =>
  config.hardware === "dev" ? withPort(domain, config) : domain;

const withPort = (domain: string, { edge }: Config): string =>
  edge.kind === "local" && edge.port !== 443 ? `${domain}:${edge.port}` : domain;

/** Where people reach the instance. */
export function publicUrl(config: Config): string {
  return `https://${withPort(config.webDomain ?? config.domain, config)}`;
}

function database(): Environment {
  return {
    DB_HOST: "postgres",
    DB_PORT: "5432",
    DB_NAME: databaseName,
    DB_USER: databaseRole,
    DB_PASS: secret("databasePassword"),
  };
}

function redis(): Environment {
  return {
    REDIS_HOST: "redis",
    REDIS_PORT: "6379",
    REDIS_PASSWORD: secret("redisPassword"),
  };
}

/** What Mastodon cannot start without: all that a one-off command gets, so that other settings do not run it again. */
export function jobEnvironment(config: Config): Environment {
  const { domain, webDomain } = config;
  return {
    LOCAL_DOMAIN: publicHost(domain, config),
    ...(webDomain === undefined ? {} : { WEB_DOMAIN: publicHost(webDomain, config) }),
    SECRET_KEY_BASE: secret("secretKeyBase"),
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: secret("activeRecordPrimaryKey"),
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: secret("activeRecordDeterministicKey"),
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: secret("activeRecordKeyDerivationSalt"),
    VAPID_PRIVATE_KEY: secret("vapidPrivateKey"),
    VAPID_PUBLIC_KEY: secret("vapidPublicKey"),
    ...database(),
    ...redis(),
  };
}

/**
 * What every Ruby process of Mastodon gets: web queues jobs, sidekiq carries them out, and one that lacked a value of
 * the other would write wrong links or unreadable rows. Names and meanings: https://docs.joinmastodon.org/admin/config/
 */
export function mastodonEnvironment(config: Config): Environment {
  const { languages, timezone } = config;
  return {
    ...jobEnvironment(config),
    SINGLE_USER_MODE: String(config.singleUser),
    ...(languages[0] === undefined ? {} : { DEFAULT_LOCALE: languages[0] }),
    TZ: timezone,
    RAILS_LOG_LEVEL: "warn",
    ...mailEnvironment(config),
    ...mediaEnvironment(config),
    ...federation(config.federation),
    ...searchEnvironment(config),
    ...config.environment,
    ...Object.fromEntries(
      config.secretEnvironment.map((name) => [name, secret(`environment.${name}`)]),
    ),
  };
}

/** Whether to sign for reading is left to the settings, unless the stack file says it. */
function federation({ mode, authorizedFetch }: Config["federation"]): Environment {
  return {
    ...(mode === "limited" ? { LIMITED_FEDERATION_MODE: "true" } : {}),
    ...(authorizedFetch === undefined ? {} : { AUTHORIZED_FETCH: String(authorizedFetch) }),
  };
}

export function webEnvironment(config: Config, { web }: Sizing): Environment {
  return {
    ...mastodonEnvironment(config),
    WEB_CONCURRENCY: String(web.workers),
    MAX_THREADS: String(web.threads),
  };
}

/** Streaming reads the database and Redis, few variables of its own, and none of the application's secrets. */
export function streamingEnvironment(config: Config, { streaming }: Sizing): Environment {
  return {
    ...database(),
    ...redis(),
    TZ: config.timezone,
    DB_POOL: String(streaming.databasePool),
    ...Object.fromEntries(
      Object.entries(config.environment).filter(
        ([name]) => mastodonVariables.get(name)?.streaming === true,
      ),
    ),
  };
}

/**
 * The text of a `.env.production` with these values: what another installation of Mastodon would take over. It reads the
 * same for dotenv, a shell and systemd.
 */
export function environmentFile(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quotedValue(value)}\n`)
    .join("");
}

/** Single quotes, inside which nothing means anything, wherever the value itself allows them. */
function quotedValue(value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  return /['\\]/.test(value) ? `"${value.replaceAll(/[\\"$`]/g, "\\$&")}"` : `'${value}'`;
}
