import { holdsForceNew, identity, list, sorted, zeros } from "./elements";
import type { Fields, Property } from "./schema";
import {
  canonical,
  holdsUnknown,
  isObject,
  isUnknown,
  UNKNOWN,
  type Value,
  type Values,
} from "./values";

export interface Change {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replace: boolean;
}

export interface Plan {
  /** The state that the change will lead to, with sentinels where only the provider can tell. */
  readonly state: Values;
  readonly changes: readonly Change[];
}

interface Step {
  readonly value: Value | undefined;
  readonly changes: readonly Change[];
}

/** The state of a resource that is yet to be created: what is asked for, and unknown what the provider fills in. */
export function planCreate(fields: Fields, inputs: Values): Values {
  const state: Values = {};
  for (const [key, property] of Object.entries(fields)) {
    const value = inputs[key] ?? property.default;
    if (value !== undefined) state[key] = withDefaults(property.fields, value);
    else if (property.computed || property.output) state[key] = UNKNOWN;
  }
  return state;
}

function withDefaults(fields: Fields | undefined, value: Value): Value {
  if (!fields) return value;
  if (Array.isArray(value)) return value.map((element) => withDefaults(fields, element));
  if (!isObject(value)) return value;
  const filled: Values = { ...value };
  for (const [key, property] of Object.entries(fields)) {
    const inner = value[key] ?? property.default;
    if (inner !== undefined) filled[key] = withDefaults(property.fields, inner);
  }
  return filled;
}

/**
 * Compares the state with the inputs by the rules of Terraform's plugin framework, as the bridged official plugins do:
 * the state, not the former inputs, is what counts, so a value that the provider reads back in another form than it was
 * given differs at once; and a property of an element decides itself whether its change replaces the resource.
 */
export function planUpdate(fields: Fields, old: Values, inputs: Values): Plan {
  const state: Values = {};
  const changes: Change[] = [];
  for (const [key, property] of Object.entries(fields)) {
    const step = stepOf(key, property, old[key], inputs[key]);
    if (step.value !== undefined) state[key] = step.value;
    changes.push(...step.changes);
  }
  return { state, changes };
}

/**
 * The state after a create: what was read back, but for sets, whose asked-for elements the framework keeps until the
 * first refresh.
 */
export function createdState(fields: Fields, planned: Values, read: Values): Values {
  const state: Values = {};
  for (const [key, property] of Object.entries(fields)) {
    const asked = planned[key];
    const kept = property.kind === "set" || property.setBehind;
    const value = kept && asked !== undefined && !holdsUnknown(asked) ? asked : read[key];
    if (value !== undefined) state[key] = value;
    // A set that nobody gives and nobody reads is an empty one.
    else if (property.kind === "set" && property.computed) state[key] = [];
  }
  return state;
}

/** The state that a failed create leaves: nothing was read back, so what the provider would have filled in is missing. */
export function partialState(fields: Fields, planned: Values): Values {
  const state: Values = {};
  for (const [key, property] of Object.entries(fields)) {
    const value = planned[key];
    if (value === undefined) continue;
    if (!holdsUnknown(value)) state[key] = value;
    // The framework's reader takes a set that it does not know for an empty one, a list for none.
    else if (property.kind === "set") state[key] = [];
  }
  return state;
}

function stepOf(
  path: string,
  property: Property,
  old: Value | undefined,
  input: Value | undefined,
): Step {
  const { kind, fields } = property;
  const given = property.output ? undefined : (input ?? property.default);
  const untouched: Step = { value: old, changes: [] };
  if (given === undefined && (property.computed || property.output)) {
    // A plain list that was never read is unknown to the framework, and that alone can replace the resource.
    const neverRead = old === undefined && (kind === "list" || kind === "set") && !fields;
    return neverRead
      ? { value: UNKNOWN, changes: [change(path, property, old, UNKNOWN)] }
      : untouched;
  }
  if (isUnknown(given)) return { value: given, changes: [change(path, property, old, given)] };
  if (property.overlooked?.(old, given)) return untouched;
  switch (kind) {
    case "string":
    case "int":
    case "bool":
      return stepOfScalar(path, property, old, given);
    case "any":
    case "map":
      return canonical(old ?? {}) === canonical(given ?? {})
        ? untouched
        : { value: given, changes: [change(path, property, old, given)] };
    case "list":
      return fields
        ? stepOfBlocks(path, property, fields, list(old), list(given))
        : stepOfStrings(path, property, old, given);
    case "set":
      return fields
        ? stepOfBlockSet(path, property, fields, list(old), list(given))
        : stepOfStrings(path, property, sorted(old), sorted(given), given);
    case "object": {
      const step = stepOfBlocks(path, property, fields ?? {}, list(old), list(given));
      return { value: list(step.value)[0], changes: step.changes };
    }
  }
}

function stepOfScalar(
  path: string,
  property: Property,
  old: Value | undefined,
  given: Value | undefined,
): Step {
  const now = given ?? (old === undefined ? undefined : zeros[property.kind]);
  // An empty string where the provider fills in counts as left out.
  const leftOut = property.computed && now === "" && old !== undefined;
  if (leftOut || scalarText(old) === scalarText(now)) return { value: old ?? given, changes: [] };
  return { value: given, changes: [change(path, property, old, given)] };
}

/** A scalar as the framework keeps it: nothing, an empty text and a removed value are one. */
function scalarText(value: Value | undefined): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}

function stepOfStrings(
  path: string,
  property: Property,
  old: Value | undefined,
  given: Value | undefined,
  value = given,
): Step {
  if (!holdsUnknown(given) && canonical(list(old)) === canonical(list(given)))
    return { value: old ?? value, changes: [] };
  return { value, changes: [change(path, property, old, given)] };
}

/** Blocks in order: their number answers to the list's own rule, their insides to their own. */
function stepOfBlocks(
  path: string,
  property: Property,
  fields: Fields,
  old: Value[],
  given: Value[],
): Step {
  const changes: Change[] = [];
  if (old.length !== given.length)
    changes.push(change(path, property, old.length || undefined, given.length || undefined));
  const values: Value[] = [];
  for (let index = 0; index < Math.max(old.length, given.length); index++) {
    const at = property.kind === "object" ? path : `${path}[${index}]`;
    const inner = stepOfBlock(at, fields, old[index], given[index]);
    changes.push(...inner.changes);
    if (index < given.length) values.push(inner.value ?? null);
  }
  return { value: values, changes };
}

function stepOfBlock(
  path: string,
  fields: Fields,
  old: Value | undefined,
  given: Value | undefined,
): Step {
  if (isUnknown(given)) {
    const replace = Object.values(fields).some((property) => property.forceNew);
    return {
      value: given,
      changes: [{ path, kind: old === undefined ? "add" : "update", replace }],
    };
  }
  const inner = planUpdate(fields, isObject(old) ? old : {}, isObject(given) ? given : {});
  const changes = inner.changes.map((each) => ({ ...each, path: `${path}.${each.path}` }));
  return {
    value: inner.state,
    changes: given === undefined ? changes.filter((each) => each.kind === "delete") : changes,
  };
}

/** Blocks without order: an element that differs anywhere is another element, compared with nothing. */
function stepOfBlockSet(
  path: string,
  property: Property,
  fields: Fields,
  old: Value[],
  given: Value[],
): Step {
  const identities = (elements: Value[]): Set<string> =>
    new Set(elements.map((each) => identity(fields, each)));
  const [before, after] = [identities(old), identities(given)];
  const changes: Change[] = [];
  if (before.size !== after.size)
    changes.push(change(path, property, before.size || undefined, after.size || undefined));
  const differing = (elements: Value[], others: Set<string>, kind: "add" | "delete"): void => {
    elements.forEach((element, index) => {
      if (others.has(identity(fields, element)) && !holdsUnknown(element)) return;
      changes.push({ path: `${path}[${index}]`, kind, replace: holdsForceNew(fields, element) });
    });
  };
  differing(old, after, "delete");
  differing(given, before, "add");
  return changes.length > 0 ? { value: given, changes } : { value: old, changes };
}

function change(
  path: string,
  property: Property,
  old: Value | undefined,
  now: Value | undefined,
): Change {
  const kind = old === undefined ? "add" : now === undefined ? "delete" : "update";
  return { path, kind, replace: property.forceNew === true };
}
