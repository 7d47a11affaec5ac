import type { Fault } from "./faults";
import { quoted } from "./shapes";

/** What a stack file holds where only its owner knows the value: a text in angle brackets that says what belongs there. */
const placeholder = /^<[^<>]+>$/;

/** No key holds maps deeper than this. */
const deepest = 4;

/** Faults of the values that nobody has filled in yet, each by the key where it stands. */
export function placeholderFaults(path: string, value: unknown, depth = 0): Fault[] {
  if (typeof value === "string") {
    return placeholder.test(value)
      ? [{ path, message: `${quoted(value)} is a placeholder: write your own value in its place` }]
      : [];
  }
  if (typeof value !== "object" || value === null || depth === deepest) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    placeholderFaults(`${path}.${key}`, inner, depth + 1),
  );
}
