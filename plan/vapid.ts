import { createECDH } from "node:crypto";

/** The key pair by which web push services know an instance, as Mastodon reads it. */
export interface VapidKeys {
  /** The scalar, 32 bytes big-endian, in URL-safe base64 with padding: 44 characters. */
  readonly privateKey: string;
  /** The uncompressed point, 65 bytes beginning with 4, in URL-safe base64 with padding: 88 characters. */
  readonly publicKey: string;
}

/** The order of the curve P-256 (FIPS 186-4, D.1.2.3): a private key is from 1 to one less than it. */
const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/**
 * Derives the VAPID key pair from random bytes.
 *
 * @param scalarHex 32 bytes in hexadecimal; brought into the curve's range where they fall outside it
 */
export function deriveVapidKeys(scalarHex: string): VapidKeys {
  if (!/^[0-9a-f]{64}$/.test(scalarHex))
    throw new Error("a VAPID scalar is 32 bytes in hexadecimal");
  const scalar = (BigInt(`0x${scalarHex}`) % (order - 1n)) + 1n;
  // From the padded text, not from the key object: that one drops leading zeros, and Mastodon then refuses the key.
  const privateBytes = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(privateBytes);
  return { privateKey: urlSafe(privateBytes), publicKey: urlSafe(curve.getPublicKey()) };
}

const urlSafe = (bytes: Buffer): string =>
  bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
