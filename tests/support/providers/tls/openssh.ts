import { createHash, randomBytes, type KeyObject } from "node:crypto";
import { pem } from "./pem";

/** Curves that OpenSSH knows, by the names that JSON Web Keys give them. P-224 is none of them. */
const curves: Readonly<Record<string, string>> = {
  "P-256": "nistp256",
  "P-384": "nistp384",
  "P-521": "nistp521",
};

type Part = string | Buffer;

/** The parts of a key in the order in which OpenSSH's formats have them. */
interface Parts {
  readonly publicKey: readonly Part[];
  readonly privateKey: readonly Part[];
}

/**
 * A private key in the format of `ssh-keygen`, not encrypted and without comment: OpenSSH's PROTOCOL.key.
 * @returns undefined for a key that OpenSSH does not know
 */
export function privateKeyOpenssh(key: KeyObject): string | undefined {
  const parts = partsOf(key);
  if (!parts) return undefined;
  const none = wire("none");
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, wire(...parts.privateKey), wire("")]);
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, index) => index + 1));
  const content = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none,
    none,
    wire(""),
    uint32(1),
    wire(wire(...parts.publicKey)),
    wire(Buffer.concat([secret, padding])),
  ]);
  return pem("OPENSSH PRIVATE KEY", content);
}

export interface PublicKeyOpenssh {
  /** As a line of `authorized_keys`, without comment, with a line end. */
  readonly line: string;
  /** `aa:bb:…` */
  readonly md5: string;
  /** `SHA256:…`, base64 without padding. */
  readonly sha256: string;
}

/**
 * The public half of a private key, with its fingerprints.
 * @returns undefined for a key that OpenSSH does not know
 */
export function publicKeyOpenssh(key: KeyObject): PublicKeyOpenssh | undefined {
  const parts = partsOf(key);
  if (!parts) return undefined;
  const blob = wire(...parts.publicKey);
  const digest = (algorithm: string): Buffer => createHash(algorithm).update(blob).digest();
  return {
    line: `${parts.publicKey[0]?.toString() ?? ""} ${blob.toString("base64")}\n`,
    md5: digest("md5")
      .toString("hex")
      .replace(/..(?=.)/g, "$&:"),
    sha256: `SHA256:${digest("sha256").toString("base64").replace(/=+$/, "")}`,
  };
}

function partsOf(key: KeyObject): Parts | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const jwk = key.export({ format: "jwk" });
  const bytes = (value: string | undefined): Buffer => Buffer.from(value ?? "", "base64url");
  const mpint = (value: string | undefined): Buffer => multiplePrecision(bytes(value));
  if (jwk.kty === "OKP") {
    const publicKey = ["ssh-ed25519", bytes(jwk.x)];
    return { publicKey, privateKey: [...publicKey, Buffer.concat([bytes(jwk.d), bytes(jwk.x)])] };
  }
  if (jwk.kty === "RSA") {
    const privateParts = [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(mpint);
    return {
      publicKey: ["ssh-rsa", mpint(jwk.e), mpint(jwk.n)],
      privateKey: ["ssh-rsa", ...privateParts],
    };
  }
  const curve = curves[jwk.crv ?? ""];
  if (curve === undefined) return undefined;
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  const publicKey = [`ecdsa-sha2-${curve}`, curve, point];
  return { publicKey, privateKey: [...publicKey, mpint(jwk.d)] };
}

/** Strings as SSH sends them: each behind its length. */
function wire(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      return [uint32(bytes.length), bytes];
    }),
  );
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A positive whole number without leading zeros, but for the one that keeps its highest bit from being a sign. */
function multiplePrecision(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return (digits[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
}
