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

/** Values by which a stack file can be planned, though not deployed, before its owner has filled it in. */
const examples: Readonly<Record<string, string>> = {
  domain: "social.example.org",
  "host.address": "192.0.2.20",
  "host.user": "alice",
  "host.adminIps": "198.51.100.7",
  "edge.accountId": "0123456789abcdef0123456789abcdef",
  "edge.zone": "example.org",
  "edge.email": "alice@example.edu",
  "smtp.server": "smtp.example.org",
  "smtp.login": "alice",
  "smtp.from": "notifications@social.example.org",
  "admin.username": "alice",
  "admin.email": "alice@example.org",
};

/** A stack file's keys with examples in place of the placeholders for which there is one. */
export function withExamples(value: unknown, path = ""): unknown {
  if (typeof value === "string") return placeholder.test(value) ? (examples[path] ?? value) : value;
  if (Array.isArray(value)) return value.map((inner) => withExamples(inner, path));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      withExamples(inner, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
