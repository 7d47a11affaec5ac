import type { Fields, Property } from "./schema";
import { canonical, isObject, type Value, type Values } from "./values";

/** What the framework takes for nothing. */
export const zeros: Readonly<Partial<Record<Property["kind"], Value>>> = {
  string: "",
  int: 0,
  bool: false,
};

/** Whether an element of a set says anything under a property whose change replaces the resource. */
export function holdsForceNew(fields: Fields, element: Value): boolean {
  if (!isObject(element)) return Object.values(fields).some((property) => property.forceNew);
  return Object.entries(fields).some(([key, property]) => {
    const value = element[key] ?? property.default;
    if (
      value === undefined ||
      canonical(value) === "[]" ||
      canonical(value) === "{}" ||
      value === ""
    )
      return false;
    if (property.forceNew) return true;
    return (
      property.fields !== undefined &&
      list(value).some((inner) => holdsForceNew(property.fields ?? {}, inner))
    );
  });
}

/** An element's content by which the framework tells it from others: defaults filled in, zeros and outputs left out. */
export function identity(fields: Fields | undefined, element: Value): string {
  return canonical(normalized(fields, element));
}

function normalized(fields: Fields | undefined, element: Value): Value {
  if (!fields || !isObject(element)) return element;
  const kept: Values = {};
  for (const [key, property] of Object.entries(fields)) {
    const value = property.output ? undefined : (element[key] ?? property.default);
    if (value === undefined || value === zeros[property.kind]) continue;
    const inner = Array.isArray(value)
      ? value.map((each) => normalized(property.fields, each))
      : value;
    const ordered = property.kind === "set" ? sorted(inner) : normalized(property.fields, inner);
    if (ordered !== undefined && !["[]", "{}"].includes(canonical(ordered))) kept[key] = ordered;
  }
  return kept;
}

/** A value as a list: of itself, where it is none. */
export function list(value: Value | undefined): Value[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A list without order and repetitions; anything else as it is. */
export function sorted(value: Value | undefined): Value | undefined {
  if (!Array.isArray(value)) return value;
  const unique = new Map(value.map((each) => [canonical(each), each]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
