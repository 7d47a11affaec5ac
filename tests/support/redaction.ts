import { deriveVapidKeys, fingerprint, fingerprinted } from "../../plan";

/** How a secret looks on its way to the engine (`specialSigKey` of Pulumi's protocol). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export const isSecret = (value: unknown): value is { readonly value: unknown } =>
  typeof value === "object" &&
  value !== null &&
  (value as Readonly<Record<string, unknown>>)[signatureKey] === secretSignature;

export const signed = (value: unknown): object => ({ [signatureKey]: secretSignature, value });

/** All texts that must not be seen, with what they are shown as. */
export function namesOfSecrets(
  generated: ReadonlyMap<string, string>,
  smtpPassword: string | undefined,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const values = new Map<string, string>();
  for (const [value, resource] of generated) {
    const name = resource.split("-").at(-1) ?? resource;
    names.set(value, name);
    values.set(name, value);
  }
  const scalar = values.get("vapidScalar");
  if (scalar !== undefined) {
    const { privateKey, publicKey } = deriveVapidKeys(scalar);
    names.set(privateKey, "vapidPrivateKey");
    names.set(publicKey, "vapidPublicKey");
  }
  const keys = fingerprinted.flatMap((name) => values.get(name) ?? []);
  if (keys.length > 0) names.set(fingerprint(keys), "keysFingerprint");
  if (smtpPassword !== undefined) names.set(smtpPassword, "smtpPassword");
  return names;
}

/** Puts the names of secrets in place of their values, and keys in order. */
export function redact(value: unknown, secrets: ReadonlyMap<string, string>): unknown {
  if (isSecret(value)) return redact(value.value, secrets);
  if (typeof value === "string") {
    return [...secrets].reduce(
      (text, [secret, name]) => text.replaceAll(secret, `‹${name}›`),
      value,
    );
  }
  if (Array.isArray(value)) return value.map((each) => redact(each, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => compare(left, right))
      .map(([key, each]) => [key, redact(each, secrets)]),
  );
}

/** By their characters' numbers, so that the order is the same in every locale. */
export const compare = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;
