import { types } from "./parts";
import { mapOf, secret, type Snapshot, type Step } from "./step";

/*
 * Before a server is there, or ready again, its engine cannot be asked. Pulumi then tells an update of each thing on it
 * without a word on what is different. What the inputs themselves tell, is told here.
 */

/** Values that only an update will know, as the engine tells them: one for each kind of value. */
const unknowns: readonly unknown[] = [
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

/** Whether a value, or one inside of it, is unknown or a secret: then it cannot be compared. */
function isOpen(value: unknown): boolean {
  if (value === secret || unknowns.includes(value)) return true;
  if (Array.isArray(value)) return value.some(isOpen);
  return Object.values(mapOf(value)).some(isOpen);
}

/** In one order of keys, whoever has written it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => `${key}:${canonical(inner)}`)
    .join()}}`;
}

/** The inputs that the program gives another value. What the provider fills in is not among them: it was not asked. */
const differences = (before: Snapshot, after: Snapshot): string[] =>
  Object.entries(after.inputs)
    .filter(([key, value]) => !isOpen(value) && !isOpen(before.inputs[key]))
    .filter(([key, value]) => canonical(value) !== canonical(before.inputs[key]))
    .map(([key]) => key);

/** What the provider of Docker gives a running container another value of; all else takes another container. */
const inPlace: readonly string[] = [
  "destroyGraceSeconds",
  "memory",
  "memorySwap",
  "restart",
  "waitTimeout",
];

const ofDocker: readonly string[] = [types.container, types.volume, types.network, types.image];

/** Whether a container has a name of its own, which no second one can have beside it. */
const isNamed = ({ before, after }: Step): boolean =>
  typeof after?.inputs["name"] === "string" && after.inputs["name"] === before?.inputs["name"];

/** Whether a step is an update of which nothing is told. */
export const isUndecided = ({ change, keys }: Step): boolean =>
  change === "changed" && keys.length === 0;

/** An update of which nothing is told, as what it will be by all that is known. */
export function decided(step: Step): Step {
  const { before, after, type } = step;
  if (!isUndecided(step) || before === undefined || after === undefined) return step;
  const keys = differences(before, after);
  if (keys.length === 0) return { ...step, change: "none" };
  const isReplaced = ofDocker.includes(type) && !keys.every((key) => inPlace.includes(key));
  return {
    ...step,
    keys,
    change: isReplaced ? "replaced" : "changed",
    goesFirst: isReplaced && type === types.container && isNamed(step),
  };
}
