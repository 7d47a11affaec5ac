import { check, isNamedByProgram, type Fields } from "../support/providers/schema";
import { UNKNOWN, type Values } from "../support/providers/values";

const fields: Fields = {
  name: { kind: "string", forceNew: true },
  count: {
    kind: "int",
    required: true,
    fault: (value: number) => (value < 0 ? "too low" : undefined),
  },
  wait: { kind: "int", default: 60 },
  quiet: { kind: "bool", default: false },
  list: { kind: "list" },
  block: { kind: "object", fields: { on: { kind: "bool", required: true } } },
  out: { kind: "string", output: true },
  old: { kind: "string", unsupported: true },
};

test("takes what fits, unknown values included", () => {
  const given = { count: 1, list: ["a", UNKNOWN], block: { on: UNKNOWN }, name: UNKNOWN };
  expect(check(fields, {}, given).failures).toEqual([]);
});

test.each<[string, Values, string]>([
  ["an unknown name", { count: 1, cuont: 2 }, "cuont"],
  ["a missing value", {}, "count"],
  ["an output", { count: 1, out: "x" }, "out"],
  ["what this stand-in lacks", { count: 1, old: "x" }, "old"],
  ["a wrong type", { count: "many" }, "count"],
  ["a fraction", { count: 1.5 }, "count"],
  ["a forbidden value", { count: -1 }, "count"],
  ["a wrong collection", { count: 1, list: "a" }, "list"],
  ["a wrong element", { count: 1, list: [["a"]] }, "list[0]"],
  ["an unknown nested name", { count: 1, block: { on: true, off: 1 } }, "block.off"],
  ["a missing nested value", { count: 1, block: {} }, "block.on"],
])("refuses %s", (_case, given, property) => {
  expect(check(fields, {}, given).failures.map((each) => each.property)).toEqual([property]);
});

test("adds the defaults that are not falsy, and remembers them", () => {
  expect(check(fields, {}, { count: 1 }).inputs).toEqual({
    count: 1,
    wait: 60,
    __defaults: ["wait"],
  });
});

describe("a generated name", () => {
  const given = { count: 1 };
  const seed = Buffer.from("seed");

  test("is the same for the same seed, and stays", () => {
    const { inputs } = check(fields, {}, given, "web", seed);
    expect(inputs["name"]).toMatch(/^web-[0-9a-f]{7}$/);
    expect(check(fields, {}, given, "web", seed).inputs["name"]).toBe(inputs["name"]);
    expect(check(fields, inputs, given, "web").inputs["name"]).toBe(inputs["name"]);
    expect(isNamedByProgram(inputs)).toBe(false);
  });

  test("is made anew when the program had given one and gives none now", () => {
    const { inputs } = check(fields, {}, { ...given, name: "own" }, "web");
    expect(isNamedByProgram(inputs)).toBe(true);
    expect(check(fields, inputs, given, "web").inputs["name"]).not.toBe("own");
  });
});
