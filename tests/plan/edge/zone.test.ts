import { isWithin } from "../../../plan/edge/names";
import { depthBelow, harmfulCacheRules, zoneSettings } from "../../../plan/edge/zone";

const names = ["social.example.org", "example.org"];

it.each([
  ["the whole zone", "*example.org/*", true],
  ["one of the names", "social.example.org/*", true],
  ["a name with its scheme", "https://social.example.org/*", true],
  ["any name", "*/*", true],
  ["another name", "blog.example.org/*", false],
  ["names below one of them", "*.social.example.org/*", false],
  ["an expression for one of the names", '(http.host eq "social.example.org")', true],
  ["an expression for another name", '(http.host eq "blog.example.org")', false],
  ["an expression for everything", undefined, true],
])("a rule that caches everything of %s", (name, pattern, harmful) => {
  expect(harmfulCacheRules([{ name, pattern, everything: true }], names)).toHaveLength(
    harmful ? 1 : 0,
  );
});

it("minds no rule that caches by what a file is", () => {
  const rule = { name: "files", pattern: "*example.org/*", everything: false };
  expect(harmfulCacheRules([rule], names)).toEqual([]);
});

it("gives a reason for each setting that it changes", () => {
  for (const { reason } of zoneSettings) expect(reason).toMatch(/\w+ \w+ \w+/);
});

it.each([
  ["example.org", 0],
  ["social.example.org", 1],
  ["social.fedi.example.org", 2],
  ["notexample.org", 0],
])("%s is %d levels below its zone", (name, depth) => {
  expect(depthBelow(name, "example.org")).toBe(depth);
});

it("holds its own name and what is below it, not what only ends alike", () => {
  expect(isWithin("social.example.org", "example.org")).toBe(true);
  expect(isWithin("example.org", "example.org")).toBe(true);
  expect(isWithin("notexample.org", "example.org")).toBe(false);
});
