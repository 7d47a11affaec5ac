import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
  scryptSync,
  timingSafeEqual,
} from "node:crypto";
import type { Environment } from "./environment";

/** Raised when a column was written under other keys: named as the original names it. */
export class DecryptionError extends Error {
  override name = "ActiveRecord::Encryption::Errors::Decryption";
}

/** Seals and opens texts with AES-256-GCM. */
export class Keyring {
  private readonly key: Buffer;

  /** @param secret any passphrase; `salt` must stay the same as well, or nothing opens */
  constructor(secret: string, salt: string) {
    this.key = pbkdf2Sync(secret, salt, 1 << 14, 32, "sha256");
  }

  seal(text: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.key, iv);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** @throws DecryptionError when the keys differ or the text was altered */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, "base64url");
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString(
        "utf8",
      );
    } catch {
      throw new DecryptionError(
        "the value was encrypted with other ACTIVE_RECORD_ENCRYPTION_* keys",
      );
    }
  }
}

/** The keyring of encrypted columns. All three keys enter, so that a change of any one is noticed. */
export function columnKeyring({ encryption }: Environment): Keyring {
  return new Keyring(`${encryption.primary}\0${encryption.deterministic}`, encryption.salt);
}

/** A fresh signing key of one account; the private half is only ever stored sealed. */
export function makeSigningKey(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return `${salt.toString("hex")}$${scryptSync(password, salt, 32).toString("hex")}`;
}

export function passwordMatches(password: string, stored: string): boolean {
  const [salt = "", hash = ""] = stored.split("$");
  const expected = Buffer.from(hash, "hex");
  return timingSafeEqual(scryptSync(password, Buffer.from(salt, "hex"), expected.length), expected);
}
