import { createdState, partialState, planCreate, planUpdate } from "../support/providers/plan";
import { refreshedInputs } from "../support/providers/refreshedInputs";
import type { Fields } from "../support/providers/schema";
import { UNKNOWN, type Values } from "../support/providers/values";

const fields: Fields = {
  size: { kind: "int" },
  image: { kind: "string", forceNew: true },
  host: { kind: "string", forceNew: true, computed: true },
  command: { kind: "list", forceNew: true, computed: true },
  envs: { kind: "set", forceNew: true, computed: true },
  restart: { kind: "string", default: "no" },
  quiet: { kind: "bool", default: false },
  options: { kind: "map", forceNew: true },
  block: { kind: "object", fields: { every: { kind: "string", default: "0s" } } },
  mounts: {
    kind: "set",
    forceNew: true,
    fields: {
      target: { kind: "string", required: true },
      readOnly: { kind: "bool" },
      special: { kind: "object", forceNew: true, fields: { mode: { kind: "int" } } },
    },
  },
  nets: { kind: "set", forceNew: true, fields: { name: { kind: "string", forceNew: true } } },
  found: { kind: "string", output: true },
};

const state: Values = {
  host: "h",
  command: [],
  envs: ["A=1", "B=2"],
  image: "i",
  restart: "no",
  quiet: false,
  found: "f",
};
const inputs: Values = { image: "i", envs: ["B=2", "A=1"] };

/** Path, and whether it replaces, of each change that `given` makes to what is there. */
function changes(given: Values, old: Values = {}): [string, boolean][] {
  const plan = planUpdate(fields, { ...state, ...old }, { ...inputs, ...given });
  return plan.changes.map(({ path, replace }) => [path, replace]);
}

describe("planUpdate", () => {
  test.each<[string, Values, Values, [string, boolean][]]>([
    ["nothing", {}, {}, []],
    ["a set in another order", { envs: ["A=1", "B=2", "A=1"] }, {}, []],
    ["an updatable value", { size: 2 }, { size: 1 }, [["size", false]]],
    ["a value taken away", {}, { size: 1 }, [["size", false]]],
    ["a zero where nothing is given", {}, { size: 0 }, []],
    ["a value that replaces", { image: "j" }, {}, [["image", true]]],
    ["a computed value left out", {}, { host: "other" }, []],
    ["a computed value emptied", { host: "" }, {}, []],
    ["a computed value given", { host: "g" }, {}, [["host", true]]],
    ["a value back at its default", {}, { restart: "always" }, [["restart", false]]],
    ["a value at its default", {}, { restart: "no", quiet: false }, []],
    ["another element of a set", { envs: ["A=1", "B=3"] }, {}, [["envs", true]]],
    ["an unknown value", { size: UNKNOWN }, { size: 1 }, [["size", false]]],
    ["an unknown value that may replace", { image: UNKNOWN }, {}, [["image", true]]],
    ["an unknown element", { envs: ["A=1", UNKNOWN] }, {}, [["envs", true]]],
    ["a map's entry", { options: { a: "2" } }, { options: { a: "1" } }, [["options", true]]],
    ["an empty map where there was none", { options: {} }, {}, []],
    [
      "a nested value",
      { block: { every: "1s" } },
      { block: { every: "2s" } },
      [["block.every", false]],
    ],
    ["a nested default", { block: {} }, { block: { every: "0s" } }, []],
    ["a list never read", {}, { command: null }, [["command", true]]],
  ])("%s", (_case, given, old, expected) => {
    const known = Object.fromEntries(Object.entries(old).filter(([, value]) => value !== null));
    const missing = Object.keys(old).filter((key) => old[key] === null);
    const before = Object.fromEntries(
      Object.entries({ ...state, ...known }).filter(([key]) => !missing.includes(key)),
    );
    const plan = planUpdate(fields, before, { ...inputs, ...given });
    expect(plan.changes.map(({ path, replace }) => [path, replace])).toEqual(expected);
  });

  test("an element answers for itself, the number of elements for the set", () => {
    const mount = { target: "/a" };
    const old = { mounts: [mount] };
    expect(changes({ mounts: [{ target: "/a", readOnly: false }] }, old)).toEqual([]);
    expect(changes({ mounts: [{ target: "/b" }] }, old).some(([, replace]) => replace)).toBe(false);
    expect(changes({ mounts: [mount, { target: "/b" }] }, old)).toContainEqual(["mounts", true]);
    expect(changes({ mounts: [{ target: "/a", special: { mode: 1 } }] }, old)).toContainEqual([
      "mounts[0]",
      true,
    ]);
    expect(changes({ nets: [{ name: "b" }] }, { nets: [{ name: "a" }] })).toContainEqual([
      "nets[0]",
      true,
    ]);
  });

  test("the state keeps what is not changed and takes what is", () => {
    const { state: planned } = planUpdate(fields, { ...state, size: 1 }, { ...inputs, size: 2 });
    expect(planned).toMatchObject({ size: 2, host: "h", found: "f", envs: ["A=1", "B=2"] });
  });
});

describe("a create", () => {
  const planned = planCreate(fields, { image: "i", block: {}, mounts: [{ target: "/a" }] });

  test("leaves to the provider what it fills in", () => {
    expect(planned).toMatchObject({ host: UNKNOWN, found: UNKNOWN, restart: "no", quiet: false });
    expect(planned["block"]).toEqual({ every: "0s" });
    expect(planned).not.toHaveProperty("size");
  });

  test("keeps sets as asked for, takes everything else as read", () => {
    const read = { ...planned, image: "read", host: "h", mounts: [{ target: "read" }] };
    expect(createdState(fields, planned, read)).toMatchObject({
      image: "read",
      host: "h",
      mounts: [{ target: "/a" }],
    });
  });

  test("that fails half-way is replaced by the next one", () => {
    const partial = partialState(fields, planned);
    expect(partial).toMatchObject({ image: "i", envs: [] });
    expect(partial).not.toHaveProperty("host");
    const { changes: next } = planUpdate(fields, partial, { image: "i", block: {}, mounts: [] });
    expect(next).toContainEqual({ path: "command", kind: "add", replace: true });
  });
});

test("a refresh gives the inputs what was read, and forgets defaults that were changed", () => {
  const before = { image: "i", restart: "no", size: 3, __defaults: ["restart"] };
  expect(refreshedInputs(fields, before, { image: "j", restart: "no" })).toEqual({
    image: "j",
    restart: "no",
    __defaults: ["restart"],
  });
  expect(refreshedInputs(fields, before, { image: "i", restart: "always" })).toEqual({
    image: "i",
    restart: "always",
  });
});
