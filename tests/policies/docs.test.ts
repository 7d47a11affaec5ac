import Ajv from "ajv";
import { exceptions } from "../../policies/exceptions";
import { rules } from "../../policies/rules";
import { code, Page } from "../support/page";

const page = new Page("docs/policies.md");

/** What is code in a cell, piece by piece. */
const codes = (cell = ""): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

const [told, left] = page.tables("The rules");

it("tells every rule, in the order of the pack", () => {
  expect(told?.rows.map(([name = "", ...rest]) => [code(name), ...rest])).toEqual(
    rules.map(({ name, description, tags = [], severity, enforcementLevel = "mandatory" }) => [
      name,
      description,
      tags.join(", "),
      severity,
      enforcementLevel,
    ]),
  );
});

it("leaves out no number of part 5 of the benchmark", () => {
  const followed = rules.flatMap(({ tags = [] }) =>
    tags.flatMap((tag) => /^CIS (.*)$/.exec(tag)?.[1] ?? []),
  );
  const excused = left?.rows.flatMap(([numbers = ""]) => numbers.split(", ")) ?? [];
  const all = Array.from({ length: 32 }, (_, index) => `5.${index + 1}`);
  expect([...new Set([...followed, ...excused])].sort()).toEqual(all.sort());
});

it("tells every exception, with its reason", () => {
  const rows = page.table("Exceptions").map(([rule = "", containers = "", allows = "", reason]) => {
    const [parts = "", having] = containers.split(" with ");
    return {
      rule: code(rule),
      parts: codes(parts),
      having: having && code(having),
      allows,
      reason,
    };
  });
  expect(rows).toEqual(
    exceptions.map(({ rule, parts, having, allows, reason }) => ({
      rule,
      parts,
      having,
      allows: allows?.map((each) => `\`${each}\``).join(", ") ?? "all",
      reason,
    })),
  );
});

it("tells every parameter with its default, but for the exceptions that all rules about containers take", () => {
  const rows = page
    .table("Setting it up for a stack")
    .map(([rule = "", name = "", value = "", what]) => [
      code(rule),
      code(name),
      JSON.parse(code(value)) as unknown,
      what,
    ]);
  expect(rows).toEqual(
    rules.flatMap(({ name: rule, configSchema }) =>
      Object.entries(configSchema?.properties ?? {})
        .filter(([name]) => name !== "exceptions")
        .map(([name, schema]) => [rule, name, schema.default, schema.description]),
    ),
  );
});

it("shows a configuration that is accepted", () => {
  const [, example = "{}"] = /```json\n(.*?)```/s.exec(page.text) ?? [];
  const entries = Object.entries(JSON.parse(example) as Readonly<Record<string, unknown>>);
  expect(entries).not.toHaveLength(0);
  for (const [name, value] of entries) {
    const rule = rules.find((each) => each.name === name);
    expect({ name, isKnown: rule !== undefined }).toEqual({ name, isKnown: true });
    if (typeof value === "string") expect(value).toMatch(/^(mandatory|advisory|disabled)$/);
    else {
      const schema = { type: "object", additionalProperties: false, ...rule?.configSchema };
      expect(new Ajv({ strict: false }).validate(schema, value)).toBe(true);
    }
  }
});
