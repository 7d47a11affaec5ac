import type { Check, Subject } from "../../ops/checks/check";
import { checksFor, examine, table } from "../../ops/checks/examination";
import { makePlan } from "../../plan";
import { configWith } from "../support/fixtures";

const config = configWith();
const subject: Subject = {
  config,
  plan: makePlan(config),
  outputs: {},
  secrets: {},
  shell: () => Promise.reject(new Error("nothing is run here")),
};

const failing: Check = { name: "dns", run: () => Promise.reject(new Error("no answer")) };
const good: Check = { name: "edge", run: () => Promise.resolve([{ state: "ok", text: "fine" }]) };

it("looks at each part once", () => {
  const names = checksFor({}).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("mail");
});

it("takes a check that cannot be run for a fault, and goes on", async () => {
  expect(await examine([failing, good], subject)).toEqual([
    { name: "dns", state: "fault", text: "could not be checked: no answer" },
    { name: "edge", state: "ok", text: "fine" },
  ]);
});

it("shows all findings in columns, and counts what is wrong", () => {
  const shown = table([
    { name: "mail", state: "fault", text: "is refused" },
    { name: "certificate", state: "warning", text: "ends soon" },
    { name: "dns", state: "ok", text: "is right" },
  ]);
  expect(shown).toBe(
    [
      "fault    mail         is refused",
      "warning  certificate  ends soon",
      "ok       dns          is right",
      "",
      "1 fault, 1 warning",
    ].join("\n"),
  );
});

it("says that nothing is wrong", () => {
  expect(table([{ name: "dns", state: "ok", text: "is right" }])).toMatch(
    /\n\nno faults, no warnings$/,
  );
});
