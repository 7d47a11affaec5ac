import { Redis } from "ioredis";
import { Pool, type ClientConfig } from "pg";
import { log } from "./log";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * For a new connection, on which the original's libpq sets no limit: emulated on a busy machine it takes many seconds.
 * The pool has the same limit for a free one. The original's is 5 s there, and each of its threads has one of its own.
 */
const postgresPatienceMs = 60_000;

/** For a new connection, which under emulation takes long here too. */
const redisPatienceMs = 10_000;

/** Where Postgres is: `DATABASE_URL`, or the `DB_*` parts with the original's defaults. */
export function postgresConfig(env: Variables): ClientConfig {
  const common = { connectionTimeoutMillis: postgresPatienceMs, application_name: "" };
  if (env.DATABASE_URL) return { ...common, connectionString: env.DATABASE_URL };
  const secure =
    env.DB_SSLMODE !== undefined && !["", "disable", "allow", "prefer"].includes(env.DB_SSLMODE);
  return {
    ...common,
    host: env.DB_HOST || "localhost",
    port: wholeNumber(env.DB_PORT, 5432, "DB_PORT"),
    database: env.DB_NAME || "mastodon_production",
    user: env.DB_USER || "mastodon",
    password: env.DB_PASS || "",
    ...(secure && { ssl: { rejectUnauthorized: env.DB_SSLMODE !== "require" } }),
  };
}

/** A pool that survives a lost server: the next query connects anew. */
export function openPool(env: Variables, size: number): Pool {
  const pool = new Pool({ ...postgresConfig(env), max: wholeNumber(env.DB_POOL, size, "DB_POOL") });
  pool.on("error", (error) => log("ActiveRecord::ConnectionNotEstablished", error.message));
  return pool;
}

/**
 * A Redis client from `REDIS_URL`, or the `REDIS_*` parts.
 * @param patience how often a command is retried over a lost connection; null waits for ever
 */
export function openRedis(env: Variables, patience: number | null = 1): Redis {
  const options = { maxRetriesPerRequest: patience, connectTimeout: redisPatienceMs, family: 0 };
  const client = env.REDIS_URL
    ? new Redis(env.REDIS_URL, options)
    : new Redis({
        ...options,
        host: env.REDIS_HOST || "localhost",
        port: wholeNumber(env.REDIS_PORT, 6379, "REDIS_PORT"),
        db: wholeNumber(env.REDIS_DB, 0, "REDIS_DB"),
        ...(env.REDIS_USER && { username: env.REDIS_USER }),
        ...(env.REDIS_PASSWORD && { password: env.REDIS_PASSWORD }),
      });
  let complained = false;
  client.on("ready", () => (complained = false));
  client.on("error", (error: Error) => {
    if (!complained) log("RedisClient::CannotConnectError", error.message);
    complained = true;
  });
  return client;
}

function wholeNumber(text: string | undefined, otherwise: number, name: string): number {
  if (text === undefined || text === "") return otherwise;
  const value = Number.parseInt(text, 10);
  if (Number.isNaN(value)) throw new Error(`Invalid ${name} environment variable: ${text}`);
  return value;
}
