import type { Fields, Property } from "../schema";
import { defined, type Value, type Values } from "../values";

/** Only the provider sets it; whatever it is, it is shown as it is. */
export const output: Property = { kind: "any", output: true };

/** Which part of what it belongs to; another one is another resource. */
export const identifier: Property = { kind: "string", required: true, forceNew: true };

/** Known to the original, and of no use to this program. */
export const unsupported: Property = { kind: "any", unsupported: true };

export function oneOf(...allowed: readonly string[]): Pick<Property, "fault"> {
  return {
    fault: (value) =>
      allowed.includes(String(value).toLowerCase()) || allowed.includes(String(value).toUpperCase())
        ? undefined
        : `value must be one of: ${JSON.stringify(allowed)}, got: "${value}"`,
  };
}

/** The state after a create or an update: what was planned, and from the answer what the provider fills in. */
export function completed(fields: Fields, planned: Values, read: Values): Values {
  const filledIn = Object.entries(read).filter(
    ([key]) =>
      fields[key]?.output === true ||
      (fields[key]?.computed === true && planned[key] === undefined),
  );
  return { ...planned, ...Object.fromEntries(filledIn) };
}

/** A body as `MarshalForUpdate` makes it: null for what was there and is to be no more. */
export function updateBody(
  before: Record<string, Value | undefined>,
  now: Record<string, Value | undefined>,
): Values {
  const removed = Object.keys(defined(before)).filter((key) => now[key] === undefined);
  return { ...Object.fromEntries(removed.map((key) => [key, null])), ...defined(now) };
}
