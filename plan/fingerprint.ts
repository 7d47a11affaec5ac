import { createHash } from "node:crypto";

/**
 * Tells whether two sets of secrets are the same without telling what they are. It is kept in the database, beside what
 * was encrypted with them.
 */
export function fingerprint(values: readonly string[]): string {
  return createHash("sha256").update(values.join("\n")).digest("hex").slice(0, 32);
}
