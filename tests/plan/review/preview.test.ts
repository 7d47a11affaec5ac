import { readPreview, renderText, reviewOf, type Values } from "../../../plan/review";

const urnOf = (type: string, name: string): string => `urn:pulumi:test::mastodon::${type}::${name}`;
const container = "docker:index/container:Container";

const move = (op: string, name: string, states: Values, type = container): Values => ({
  resourcePreEvent: { metadata: { op, urn: urnOf(type, name), type, ...states } },
});

const state = (inputs: Values, rest: Values = {}): Values => ({ inputs, outputs: {}, ...rest });

const [old, now] = [state({ image: "a" }), state({ image: "b" })];

const end = (result = "succeeded"): Values => ({ summaryEvent: { result } });

describe("a replacement", () => {
  const goes = move("delete-replaced", "web", { old, new: null });
  const why = { old, new: now, keys: ["image"], diffs: ["image"] };
  const comes = move("create-replacement", "web", why);
  const replaced = move("replace", "web", why);

  it.each<[string, Values[], boolean]>([
    ["goes first", [goes, replaced, comes], true],
    ["goes last", [comes, replaced, goes], false],
  ])("is read as one step, of which the old one %s", (_order, events, goesFirst) => {
    const { steps } = readPreview([...events, end()]);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({
      name: "web",
      change: "replaced",
      goesFirst,
      keys: ["image"],
      before: { inputs: { image: "a" } },
      after: { inputs: { image: "b" } },
    });
  });
});

it("what is only looked at does not change", () => {
  const events = ["same", "read", "refresh"].map((op) => move(op, op, { old, new: old }));
  expect(readPreview(events).steps.map(({ change }) => change)).toEqual(["none", "none", "none"]);
});

it("takes the marks of protection and retention from the state", () => {
  const kept = state({}, { protect: true, retainOnDelete: true });
  const [step] = readPreview([move("delete", "data", { old: kept, new: null })]).steps;
  expect(step).toMatchObject({ change: "removed", before: { protect: true, retain: true } });
  expect(step).not.toHaveProperty("after");
});

it("lets no secret in, not even as Pulumi hides it", () => {
  const hidden = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "hidden-or-not",
  };
  const events = [move("create", "web", { old: null, new: state({ envs: [{ inner: hidden }] }) })];
  expect(JSON.stringify(readPreview(events))).not.toMatch(/hidden-or-not|1b47061264138c4ac30d/);
});

describe("what could not be asked", () => {
  const told = (before: Values, after: Values): string | undefined =>
    readPreview([move("update", "web", { old: state(before), new: state(after) })]).steps[0]
      ?.change;
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

  it.each<[string, Values, Values, string]>([
    ["the same", { memory: 1, mustRun: true }, { memory: 1 }, "none"],
    ["in another order", { logOpts: { a: "1", b: "2" } }, { logOpts: { b: "2", a: "1" } }, "none"],
    ["unknown", { image: "sha256:0a" }, { image: unknown }, "none"],
    ["a list with something unknown", { envs: ["A=1"] }, { envs: ["A=2", unknown] }, "none"],
    [
      "another limit of memory",
      { memory: 1, command: ["a"] },
      { memory: 2, command: ["a"] },
      "changed",
    ],
    ["another command", { command: ["a"] }, { command: ["b"] }, "replaced"],
  ])("is judged by what the program says: %s", (_what, before, after, expected) => {
    expect(told(before, after)).toBe(expected);
  });

  it("is said to be judged so", () => {
    const events = [move("update", "web", { old, new: old })];
    expect(readPreview(events).guessed).toBe(true);
    expect(readPreview([move("same", "web", { old, new: old })]).guessed).toBe(false);
  });
});

describe("a preview that failed", () => {
  const fault = (message: string): Values => ({
    diagnosticEvent: { severity: "error", message, prefix: "error: " },
  });

  it("is no leave to go on, and tells the reason without the places of this machine", () => {
    const events = [
      fault(
        "The configuration has one fault; nothing was changed.\n  mastodon:domain: is missing\n",
      ),
      fault("Error: in /home/alice/mastodon/dist/plan/plan.js:12, see https://example.org/a/b\n"),
      fault("preview failed\n"),
      end("failed"),
    ];
    const review = reviewOf("prod", readPreview(events));
    expect(review.verdict).toBe("failed");
    const text = renderText(review);
    expect(text).toMatch(/^prod: FAILED/);
    expect(text).toContain("mastodon:domain: is missing");
    expect(text).toContain("…/plan.js:12, see https://example.org/a/b");
    expect(text).not.toMatch(/\/home|preview failed/);
  });

  it("is one as well that just ends", () => {
    expect(reviewOf("prod", readPreview([])).verdict).toBe("failed");
    expect(reviewOf("prod", readPreview([move("same", "web", { old, new: old })])).verdict).toBe(
      "failed",
    );
  });

  it("is passed over in what it says for developers", () => {
    const debug = { diagnosticEvent: { severity: "debug", message: "RPC prepared" } };
    expect(readPreview([debug, end()]).faults).toEqual([]);
  });
});
