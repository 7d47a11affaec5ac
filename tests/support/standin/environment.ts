import { createECDH } from "node:crypto";

/** A start that the original refuses as well: the message goes to stderr, the process ends with 1. */
export class BootError extends Error {
  override name = "BootError";
}

/** What the Ruby-side processes read from their environment, checked. */
export interface Environment {
  readonly localDomain: string;
  readonly webDomain: string;
  /** Names that the Host header may carry, in lower case, with the port where one is configured. */
  readonly allowedHosts: readonly string[];
  readonly streamingBaseUrl: string;
  readonly secretKeyBase: string;
  readonly encryption: {
    readonly primary: string;
    readonly deterministic: string;
    readonly salt: string;
  };
  readonly vapidPublicKey: string;
  readonly emailAllowlist: readonly string[];
  readonly webConcurrency: number;
  readonly maxThreads: number;
  readonly sidekiqConcurrency: number;
  readonly serveStaticFiles: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

const encryptionKeys = [
  { name: "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", minimum: 12 },
  { name: "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", minimum: 20 },
  { name: "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", minimum: 12 },
] as const;

/**
 * Reads and checks the environment of a Ruby-side process.
 *
 * Stricter than the original in three points, where that one starts and breaks later: a missing or malformed VAPID
 * pair, a missing LOCAL_DOMAIN, and numbers that are none.
 * @throws BootError naming the first fault
 */
export function readEnvironment(env: Variables): Environment {
  if (!isBlank(env.REDIS_NAMESPACE)) {
    throw new BootError(
      "ERROR: the REDIS_NAMESPACE environment variable is no longer supported, and a migration is required.",
    );
  }
  const secretKeyBase = env.SECRET_KEY_BASE ?? "";
  if (isBlank(secretKeyBase)) {
    throw new BootError("Missing `secret_key_base` for 'production' environment (ArgumentError)");
  }
  checkEncryptionKeys(env);
  const vapidPublicKey = checkVapid(env.VAPID_PRIVATE_KEY, env.VAPID_PUBLIC_KEY);
  const localDomain = domainOf(env, "LOCAL_DOMAIN");
  const webDomain = isBlank(env.WEB_DOMAIN) ? localDomain : domainOf(env, "WEB_DOMAIN");
  const alternates = listOf(env.ALTERNATE_DOMAINS, /\s*,\s*/);
  return {
    localDomain,
    webDomain,
    allowedHosts: [localDomain, webDomain, ...alternates].map((name) => name.toLowerCase()),
    streamingBaseUrl: isBlank(env.STREAMING_API_BASE_URL)
      ? `wss://${webDomain}`
      : (env.STREAMING_API_BASE_URL ?? ""),
    secretKeyBase,
    encryption: {
      primary: env.ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY ?? "",
      deterministic: env.ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY ?? "",
      salt: env.ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT ?? "",
    },
    vapidPublicKey,
    emailAllowlist: listOf(env.EMAIL_DOMAIN_ALLOWLIST, "|").map((domain) => domain.toLowerCase()),
    webConcurrency: integerOf(env, "WEB_CONCURRENCY", 2, 0),
    maxThreads: integerOf(env, "MAX_THREADS", 5, 1),
    sidekiqConcurrency: integerOf(env, "SIDEKIQ_CONCURRENCY", 5, 1),
    serveStaticFiles: env.RAILS_SERVE_STATIC_FILES === "true",
  };
}

/** A whole number from the environment, as Ruby's `Integer()` would take it. */
export function integerOf(
  env: Variables,
  name: string,
  otherwise: number,
  minimum: number,
): number {
  const text = env[name];
  if (text === undefined) return otherwise;
  if (!/^\s*\d+\s*$/.test(text) || Number(text) < minimum) {
    throw new BootError(
      `invalid value for Integer(): ${JSON.stringify(text)} in ${name} (ArgumentError)`,
    );
  }
  return Number(text);
}

function checkEncryptionKeys(env: Variables): void {
  for (const { name, minimum } of encryptionKeys) {
    const value = env[name] ?? "";
    if (isBlank(value)) {
      throw new BootError(
        `Mastodon now requires that these variables are set:\n\n${encryptionKeys.map((key) => `  - ${key.name}`).join("\n")}\n\n` +
          `Run \`bin/rails db:encryption:init\` to generate new secrets and then assign the environment variables.\n(${name} is missing)`,
      );
    }
    if (value.endsWith("DO_NOT_USE_IN_PRODUCTION")) {
      throw new BootError(`${name} must not have a default value in production.`);
    }
    if (value.length < minimum)
      throw new BootError(`${name} must have at least ${minimum} characters.`);
  }
}

function checkVapid(privateText: string | undefined, publicText: string | undefined): string {
  const scalar = decodeBase64Url("VAPID_PRIVATE_KEY", privateText);
  const point = decodeBase64Url("VAPID_PUBLIC_KEY", publicText);
  if (scalar.length !== 32) throw new BootError("VAPID_PRIVATE_KEY must decode to 32 bytes.");
  if (point.length !== 65 || point[0] !== 4) {
    throw new BootError("VAPID_PUBLIC_KEY must decode to 65 bytes that begin with 0x04.");
  }
  const curve = createECDH("prime256v1");
  try {
    curve.setPrivateKey(scalar);
  } catch {
    throw new BootError("VAPID_PRIVATE_KEY is not a scalar of the curve P-256.");
  }
  if (!curve.getPublicKey().equals(point)) {
    throw new BootError("VAPID_PUBLIC_KEY does not belong to VAPID_PRIVATE_KEY.");
  }
  return publicText ?? "";
}

function decodeBase64Url(name: string, text: string | undefined): Buffer {
  if (text === undefined || !/^[A-Za-z0-9_-]+={0,2}$/.test(text)) {
    throw new BootError(`${name} is ${isBlank(text) ? "missing" : "not URL-safe base64"}.`);
  }
  return Buffer.from(text, "base64url");
}

function domainOf(env: Variables, name: string): string {
  const value = env[name] ?? "";
  if (isBlank(value)) throw new BootError(`${name} is missing.`);
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$/i.test(value)) {
    throw new BootError(`${name} is not a host name: ${JSON.stringify(value)}`);
  }
  return value;
}

function listOf(text: string | undefined, separator: string | RegExp): string[] {
  return (text ?? "").split(separator).filter((item) => !isBlank(item));
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}
