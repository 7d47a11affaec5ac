import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createdState } from "../plan";
import type { Fields, Property } from "../schema";
import type { Resource } from "../serve";
import { number, text, type Values } from "../values";
import { privateKeyOpenssh, publicKeyOpenssh } from "./openssh";

const curves: Readonly<Record<string, string>> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

/** The type of PEM that holds a private key of each algorithm, beside PKCS#8, which can hold all. */
const pemTypes: Readonly<Record<string, "pkcs1" | "sec1" | "pkcs8">> = {
  RSA: "pkcs1",
  ECDSA: "sec1",
  ED25519: "pkcs8",
};

function oneOf(allowed: readonly string[]): (value: string | number) => string | undefined {
  const list = allowed.map((each) => `"${each}"`).join(" ");
  return (value) =>
    allowed.includes(String(value))
      ? undefined
      : `value must be one of: [${list}], got: "${value}"`;
}

const filled: Property = { kind: "string", output: true };

const fields: Fields = {
  algorithm: {
    kind: "string",
    required: true,
    forceNew: true,
    fault: oneOf(Object.keys(pemTypes)),
  },
  // Both defaults are in the state whatever the algorithm, as in the original.
  ecdsaCurve: {
    kind: "string",
    forceNew: true,
    default: "P224",
    fault: oneOf(Object.keys(curves)),
  },
  rsaBits: { kind: "int", forceNew: true, default: 2048 },
  privateKeyOpenssh: filled,
  privateKeyPem: filled,
  privateKeyPemPkcs8: filled,
  publicKeyFingerprintMd5: filled,
  publicKeyFingerprintSha256: filled,
  publicKeyOpenssh: filled,
  publicKeyPem: filled,
};

/**
 * `tls.PrivateKey`, after `resource_private_key.go` of terraform-provider-tls: a key that is made once and kept in the
 * state alone. The SDK names the secret ones among its outputs.
 */
export const privateKey: Resource = {
  fields,
  create: (planned) => {
    const key = generate(planned);
    const state = { ...planned, ...outputsOf(key, text(planned["algorithm"])) };
    return Promise.resolve({ id: idOf(key), state: createdState(fields, planned, state) });
  },
  delete: () => Promise.resolve(),
};

function generate(planned: Values): KeyObject {
  const algorithm = planned["algorithm"];
  if (algorithm === "RSA")
    return generateKeyPairSync("rsa", { modulusLength: number(planned["rsaBits"]) }).privateKey;
  if (algorithm === "ED25519") return generateKeyPairSync("ed25519").privateKey;
  const namedCurve = curves[text(planned["ecdsaCurve"])] ?? "";
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

function outputsOf(key: KeyObject, algorithm: string): Values {
  const publicKey = publicKeyOpenssh(key);
  const pem = (type: "pkcs1" | "sec1" | "pkcs8"): string =>
    // OpenSSL takes each of the three for the keys that it can hold only; the types of Node do not tell.
    key.export({ format: "pem", type } as { format: "pem"; type: "pkcs8" }).toString();
  return {
    privateKeyOpenssh: privateKeyOpenssh(key) ?? "",
    privateKeyPem: pem(pemTypes[algorithm] ?? "pkcs8"),
    privateKeyPemPkcs8: pem("pkcs8"),
    publicKeyFingerprintMd5: publicKey?.md5 ?? "",
    publicKeyFingerprintSha256: publicKey?.sha256 ?? "",
    publicKeyOpenssh: publicKey?.line ?? "",
    publicKeyPem: createPublicKey(key).export({ format: "pem", type: "spki" }).toString(),
  };
}

/** The SHA-1 of the public key. */
function idOf(key: KeyObject): string {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return createHash("sha1").update(der).digest("hex");
}
