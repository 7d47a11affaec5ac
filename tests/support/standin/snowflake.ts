import { randomInt } from "node:crypto";

/** An id that sorts by time, in the original's form: milliseconds, then sixteen random bits. */
export function makeId(): string {
  return ((BigInt(Date.now()) << 16n) + BigInt(randomInt(1 << 16))).toString();
}
