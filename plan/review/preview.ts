import { isMap } from "../isMap";
import {
  listOf,
  mapOf,
  nameOf,
  secret,
  textOf,
  type Snapshot,
  type Step,
  type Values,
} from "./step";
import { decided, isUndecided } from "./undecided";

/*
 * What a preview says, taken from the events that Pulumi's engine tells while it makes one
 * (`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json`): unlike the digest that it prints without that
 * variable, they hold what the policies found and what stays as it is.
 */

/** What a policy says of a resource, or of the stack. */
export interface Violation {
  readonly policy: string;
  readonly level: string;
  readonly resource: string;
  readonly message: string;
}

export interface Preview {
  readonly steps: readonly Step[];
  readonly violations: readonly Violation[];
  /** What kept it from its end. */
  readonly faults: readonly string[];
  /** The keys of the stack file, with their namespace, as texts. */
  readonly config: Readonly<Record<string, string>>;
  /** Whether it came to its end: where not, there may be more steps than are told. */
  readonly complete: boolean;
  /** Whether something could not be asked yet, so that what becomes of it follows from what the program says alone. */
  readonly guessed: boolean;
}

/** By which the engine marks a secret on its way to whoever listens. */
const signature = "4dabf18193072939515e22adb298388d";

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isMap(value)) return value;
  if (signature in value) return secret;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]),
  );
}

function snapshotOf(state: unknown): { readonly snapshot?: Snapshot } {
  if (!isMap(state)) return {};
  return {
    snapshot: {
      inputs: mapOf(withoutSecrets(state["inputs"])),
      outputs: mapOf(withoutSecrets(state["outputs"])),
      protect: state["protect"] === true,
      retain: state["retainOnDelete"] === true,
    },
  };
}

/** A step of the engine, which takes several of them to replace a resource. */
interface Move {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly keys: readonly string[];
  readonly before: Snapshot | undefined;
  readonly after: Snapshot | undefined;
}

function moveOf(metadata: Values): Move {
  return {
    op: textOf(metadata["op"]),
    urn: textOf(metadata["urn"]),
    type: textOf(metadata["type"]),
    keys: [metadata["diffs"], metadata["keys"]].flatMap(listOf).map(textOf),
    before: snapshotOf(metadata["old"]).snapshot,
    after: snapshotOf(metadata["new"]).snapshot,
  };
}

const changes: Readonly<Record<string, Step["change"]>> = {
  same: "none",
  read: "none",
  refresh: "none",
  create: "added",
  import: "added",
  update: "changed",
  delete: "removed",
  replace: "replaced",
  "create-replacement": "replaced",
  "delete-replaced": "replaced",
};

/** Of several moves of one resource, the one that says most is its step. */
const weight: readonly Step["change"][] = ["none", "changed", "added", "removed", "replaced"];

function stepOf(moves: readonly Move[]): Step[] {
  const [move] = moves;
  if (move === undefined) return [];
  const change = moves
    .map(({ op }) => changes[op] ?? "changed")
    .reduce((most, each) => (weight.indexOf(each) > weight.indexOf(most) ? each : most));
  const ops = moves.map(({ op }) => op);
  // Where the old one goes first, its end is told first; else its successor is.
  const first = ops.find((op) => changes[op] === "replaced");
  const before = moves.find((each) => each.before !== undefined)?.before;
  const after = moves.findLast((each) => each.after !== undefined)?.after;
  return [
    {
      urn: move.urn,
      type: move.type,
      name: nameOf(move.urn),
      change,
      goesFirst: change === "replaced" && first !== "create-replacement",
      keys: [...new Set(moves.flatMap(({ keys }) => keys))].sort(),
      ...(before === undefined || change === "added" ? {} : { before }),
      ...(after === undefined || change === "removed" ? {} : { after }),
    },
  ];
}

/**
 * Reads the events of a preview.
 *
 * @param events of Pulumi's `apitype.EngineEvent`, in their order; those of other kinds are passed over
 */
export function readPreview(events: readonly Values[]): Preview {
  const moves = new Map<string, Move[]>();
  const violations: Violation[] = [];
  const faults: string[] = [];
  let config: Record<string, string> = {};
  let complete = false;
  const add = (event: unknown): void => {
    const move = moveOf(mapOf(mapOf(event)["metadata"]));
    const known = moves.get(move.urn);
    if (known === undefined) moves.set(move.urn, [move]);
    else known.push(move);
  };
  for (const event of events) {
    // What a resource has become is told once more, with its outputs.
    if (isMap(event["resourcePreEvent"])) add(event["resourcePreEvent"]);
    if (isMap(event["resOutputsEvent"])) add(event["resOutputsEvent"]);
    if (isMap(event["policyEvent"])) violations.push(violationOf(event["policyEvent"]));
    if (isMap(event["preludeEvent"])) config = configOf(event["preludeEvent"]);
    if (isMap(event["summaryEvent"])) complete = event["summaryEvent"]["result"] === "succeeded";
    if (isMap(event["diagnosticEvent"]) && event["diagnosticEvent"]["severity"] === "error")
      faults.push(sayable(textOf(event["diagnosticEvent"]["message"])));
  }
  const told = [...moves.values()].flatMap(stepOf);
  return {
    steps: told.map(decided),
    violations,
    faults: [...new Set(faults)].filter((fault) => fault !== ""),
    config,
    complete,
    guessed: told.some((step) => step.type.startsWith("docker:") && isUndecided(step)),
  };
}

const violationOf = (event: Values): Violation => ({
  policy: textOf(event["policyName"]),
  level: textOf(event["enforcementLevel"]),
  resource: nameOf(textOf(event["resourceUrn"])),
  message: sayable(textOf(event["message"])),
});

const configOf = (prelude: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(mapOf(prelude["config"])).map(([key, value]) => [key, textOf(value)]),
  );

/** Without colours, and without the places of this machine that files are at: only their names. */
const sayable = (text: string): string =>
  text
    .replaceAll(/<\{%[^%]*%\}>/g, "")
    .replaceAll(/(?<![\w./:])(?:\/[\w.@+-]+)+\/([\w.@+-]+)/g, "…/$1")
    .trim();
