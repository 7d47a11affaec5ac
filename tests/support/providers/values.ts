/** A property as the engine sends it: plain JSON in which an unknown value is a sentinel. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = Record<string, Value>;

/** Stands for a value that is known only after an update; the engine reads it whatever the property's type. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine writes one sentinel for each type: string, bool, number, array, asset, archive, object. */
const sentinels: ReadonlySet<Value> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export function isObject(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isUnknown(value: Value | undefined): boolean {
  return value !== undefined && sentinels.has(value);
}

/** Whether an unknown value stands anywhere within. */
export function holdsUnknown(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some(holdsUnknown);
  if (isObject(value)) return Object.values(value).some(holdsUnknown);
  return isUnknown(value);
}

/** Takes values out of their secret wrappers and drops nulls, which the originals treat as absent. */
export function plain(value: Value): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return plain(value["value"] ?? null);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, plain(inner)]])),
  );
}

/** JSON with sorted keys: equal text means equal value. */
export function canonical(value: Value | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

/** The entries of `values` that are set, without the undefined ones. */
export function defined(values: Record<string, Value | undefined>): Values {
  const kept: Values = {};
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== null) kept[key] = value;
  return kept;
}

/** The text, or none where there is something else. */
export function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The number, or zero where there is something else. */
export function number(value: Value | undefined): number {
  return typeof value === "number" ? value : 0;
}

/** The texts of a list or set. */
export function strings(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

/** The nested blocks of a list or set. */
export function blocks(value: Value | undefined): Values[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
