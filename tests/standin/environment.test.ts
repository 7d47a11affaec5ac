import { generateKeyPairSync } from "node:crypto";
import { BootError, readEnvironment } from "../support/standin/environment";

const {
  d = "",
  x = "",
  y = "",
} = generateKeyPairSync("ec", {
  namedCurve: "prime256v1",
}).privateKey.export({ format: "jwk" });
const point = Buffer.concat([
  Buffer.from([4]),
  Buffer.from(x, "base64url"),
  Buffer.from(y, "base64url"),
]);

const valid: Record<string, string> = {
  LOCAL_DOMAIN: "Example.org",
  WEB_DOMAIN: "social.example.org:8443",
  SECRET_KEY_BASE: "s".repeat(128),
  ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "p".repeat(32),
  ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: "d".repeat(32),
  ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "s".repeat(32),
  VAPID_PRIVATE_KEY: d,
  VAPID_PUBLIC_KEY: point.toString("base64url"),
};

test("reads a complete environment", () => {
  const environment = readEnvironment({ ...valid, EMAIL_DOMAIN_ALLOWLIST: "a.org|B.org" });
  expect(environment.allowedHosts).toEqual(["example.org", "social.example.org:8443"]);
  expect(environment.streamingBaseUrl).toBe("wss://social.example.org:8443");
  expect(environment.emailAllowlist).toEqual(["a.org", "b.org"]);
  expect(environment).toMatchObject({ webConcurrency: 2, maxThreads: 5, sidekiqConcurrency: 5 });
});

test("takes padded VAPID keys as well", () => {
  const padded = { VAPID_PRIVATE_KEY: `${d}=`, VAPID_PUBLIC_KEY: `${valid.VAPID_PUBLIC_KEY}=` };
  expect(() => readEnvironment({ ...valid, ...padded })).not.toThrow();
});

const swapped = Buffer.concat([Buffer.from([4]), point.subarray(33), point.subarray(1, 33)]);

test.each<[string, Record<string, string>, RegExp]>([
  ["an absent SECRET_KEY_BASE", { SECRET_KEY_BASE: "" }, /secret_key_base/],
  ["a namespace", { REDIS_NAMESPACE: "x" }, /REDIS_NAMESPACE/],
  ["a blank key", { ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: " " }, /ENCRYPTION_PRIMARY_KEY/],
  [
    "a default key",
    { ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "precompile_DO_NOT_USE_IN_PRODUCTION" },
    /default value/,
  ],
  ["a short salt", { ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "s".repeat(19) }, /20/],
  ["no LOCAL_DOMAIN", { LOCAL_DOMAIN: "" }, /LOCAL_DOMAIN/],
  ["a URL for a domain", { LOCAL_DOMAIN: "https://example.org" }, /LOCAL_DOMAIN/],
  ["words for numbers", { WEB_CONCURRENCY: "two" }, /WEB_CONCURRENCY/],
  ["no threads", { MAX_THREADS: "0" }, /MAX_THREADS/],
  ["a short VAPID scalar", { VAPID_PRIVATE_KEY: d.slice(0, -2) }, /32 bytes/],
  ["a foreign VAPID point", { VAPID_PUBLIC_KEY: swapped.toString("base64url") }, /belong/],
  ["plain base64", { VAPID_PUBLIC_KEY: `+${d}` }, /base64/],
])("refuses %s", (_, change, message) => {
  expect(() => readEnvironment({ ...valid, ...change })).toThrow(BootError);
  expect(() => readEnvironment({ ...valid, ...change })).toThrow(message);
});
