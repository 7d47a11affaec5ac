import { createHash, randomBytes } from "node:crypto";
import { isObject, isUnknown, type Value, type Values } from "./values";

/**
 * What a resource's property is and what a change of it means: one table of these per resource holds the rules of the
 * official provider's schema, and `check` and `plan` apply them the way its framework does.
 */
export interface Property {
  /** `object` is at most one nested block; collections without `fields` hold strings, but `any` which holds anything. */
  readonly kind: "string" | "int" | "bool" | "list" | "set" | "map" | "object" | "any";
  /** Nested properties of an object, or of the elements of a list or set. */
  readonly fields?: Fields;
  /** What the elements of a collection without `fields` are, where they are not plain strings. */
  readonly element?: Property;
  readonly required?: true;
  /** A change replaces the resource instead of updating it. */
  readonly forceNew?: true;
  /** The provider fills it where the program leaves it out, and then no change is seen. */
  readonly computed?: true;
  /** Only the provider sets it. */
  readonly output?: true;
  readonly default?: string | number | boolean;
  /** A change from `old` to `now` that the provider overlooks; either may be undefined. */
  readonly overlooked?: (old: Value | undefined, now: Value | undefined) => boolean;
  /** The sentence to fail with, if the known value is not allowed. */
  fault?(value: string | number): string | undefined;
  /** A set underneath, though the program sees one object: what was asked for stays in the state until a refresh. */
  readonly setBehind?: true;
  /** The original knows it, this stand-in does not: refused rather than ignored. */
  readonly unsupported?: true;
}

export type Fields = Readonly<Record<string, Property>>;

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

interface Checked {
  readonly inputs: Values;
  readonly failures: Failure[];
}

/** Under this key the inputs remember which of them are defaults, as the official plugins do. */
export const defaultsKey = "__defaults";

const scalarKinds: Readonly<Partial<Record<Property["kind"], string>>> = {
  string: "string",
  int: "number",
  bool: "boolean",
};

/**
 * Validates inputs and adds defaults.
 * @param name the logical name, for a resource whose `name` is generated; undefined for others
 * @param seed makes the generated name the same in preview and update; random without one
 */
export function check(
  fields: Fields,
  old: Values,
  now: Values,
  name?: string,
  seed?: Uint8Array,
): Checked {
  const failures: Failure[] = [];
  const inputs = checkFields(fields, now, "", failures);
  const oldDefaults = old[defaultsKey];
  const wasDefault = (key: string): boolean =>
    !Array.isArray(oldDefaults) || oldDefaults.includes(key);
  const defaults: string[] = [];
  const addDefault = (key: string, value: () => Value): void => {
    if (inputs[key] !== undefined) return;
    const kept = old[key];
    inputs[key] = kept !== undefined && wasDefault(key) ? kept : value();
    defaults.push(key);
  };
  if (name !== undefined) addDefault("name", () => `${name}-${suffix(seed)}`);
  for (const [key, property] of Object.entries(fields)) {
    // Falsy defaults are left to the plan, as the originals do.
    if (property.default) addDefault(key, () => property.default ?? null);
  }
  return { inputs: { ...inputs, [defaultsKey]: defaults.sort() }, failures };
}

/** Whether the program gave the resource its `name` itself. */
export function isNamedByProgram(inputs: Values): boolean {
  const defaults = inputs[defaultsKey];
  return inputs["name"] !== undefined && Array.isArray(defaults) && !defaults.includes("name");
}

/** Seven hexadecimal digits. */
function suffix(seed: Uint8Array | undefined): string {
  const bytes =
    seed && seed.length > 0 ? createHash("sha256").update(seed).digest() : randomBytes(4);
  return bytes.toString("hex").slice(0, 7);
}

function checkFields(fields: Fields, values: Values, path: string, failures: Failure[]): Values {
  const checked: Values = {};
  for (const [key, value] of Object.entries(values)) {
    if (key.startsWith("__") || value === null) continue;
    const at = path + key;
    const property = fields[key];
    if (!property || property.output) {
      failures.push({ property: at, reason: `An argument named "${key}" is not expected here` });
    } else if (property.unsupported) {
      failures.push({
        property: at,
        reason: `"${key}" is known to the official provider, but not to this stand-in`,
      });
    } else {
      checked[key] = checkValue(property, value, at, failures);
    }
  }
  for (const [key, property] of Object.entries(fields)) {
    if (property.required && (values[key] === undefined || values[key] === null)) {
      failures.push({ property: path + key, reason: `Missing required argument: "${key}"` });
    }
  }
  return checked;
}

function checkValue(property: Property, value: Value, at: string, failures: Failure[]): Value {
  if (isUnknown(value) || property.kind === "any") return value;
  const { kind, fields } = property;
  const mistyped = (expected: string): Value => {
    failures.push({
      property: at,
      reason: `expected ${expected}, got ${Array.isArray(value) ? "list" : typeof value}`,
    });
    return value;
  };
  if (kind === "list" || kind === "set") {
    if (!Array.isArray(value)) return mistyped("a list");
    const element: Property = fields
      ? { kind: "object", fields }
      : (property.element ?? { kind: "string" });
    return value.map((inner, index) => checkValue(element, inner, `${at}[${index}]`, failures));
  }
  if (kind === "map") {
    if (!isObject(value)) return mistyped("a map");
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, inner]) => [
        key,
        checkValue(property.element ?? { kind: "string" }, inner, `${at}.${key}`, failures),
      ]),
    );
  }
  if (kind === "object") {
    if (!isObject(value)) return mistyped("an object");
    return checkFields(fields ?? {}, value, `${at}.`, failures);
  }
  // The framework turns numbers and booleans into strings, but nothing else into anything else.
  const given =
    kind === "string" && (typeof value === "number" || typeof value === "boolean")
      ? String(value)
      : value;
  if (typeof given !== scalarKinds[kind]) return mistyped(`a ${kind}`);
  if (kind === "int" && !Number.isInteger(given)) return mistyped("a whole number");
  const fault = property.fault?.(given as string | number);
  if (fault !== undefined) failures.push({ property: at, reason: fault });
  return given;
}
