import fc from "fast-check";
import { makePlan } from "../../plan";
import { instanceName, labelsOf, physicalName } from "../../plan/names";
import { HostName } from "../../plan/shapes";
import { configWith, fullest } from "../support/fixtures";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const label = fc
  .stringMatching(/^[a-z0-9][a-z0-9-]{0,40}$/)
  .map((text) => text.replace(/-+$/, ""))
  .filter((text) => text !== "");
const domain = fc
  .array(label, { minLength: 1, maxLength: 8 })
  .map((labels) => labels.join("."))
  .filter((name) => HostName.safeParse(name).success);
const part = fc.constantFrom(
  "web",
  "postgres",
  "internal",
  "sidekiq-default",
  `sidekiq-${"a".repeat(20)}`,
);

describe("a physical name", () => {
  it("says whose it is and what it is", () => {
    expect(physicalName("social.example.org", "web")).toBe("mastodon-social.example.org-web");
  });

  it("is one that Docker takes, and that resolves as a DNS label would", () => {
    fc.assert(
      fc.property(domain, part, (name, of) => {
        const physical = physicalName(name, of);
        expect(physical).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/);
        expect(physical.length).toBeLessThanOrEqual(63);
        expect(physical.endsWith(`-${of}`)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("is nobody else's", () => {
    fc.assert(
      fc.property(domain, domain, part, (one, other, of) => {
        fc.pre(one !== other);
        expect(physicalName(one, of)).not.toBe(physicalName(other, of));
      }),
      { numRuns: 1000 },
    );
  });

  it("is nobody else's even where long domains differ only at their end", () => {
    const long = `${letters}.${letters}.`;
    expect(physicalName(`${long}org`, "web")).not.toBe(physicalName(`${long}com`, "web"));
    expect(physicalName(`${long}org`, "web")).not.toBe(physicalName(`${long}org`, "redis"));
    expect(physicalName(`${long}org`, "web")).toMatchInlineSnapshot(
      `"mastodon-abcdefghijklmnopqrstuvwxyz0123456789.abcd-35cbdb7c-web"`,
    );
  });
});

it("labels everything with the whole name of its instance", () => {
  expect(labelsOf("social.example.org", "web")).toEqual({
    "org.joinmastodon.instance": instanceName("social.example.org"),
    "org.joinmastodon.part": "web",
  });
});

it("gives no two things of a plan the same name", () => {
  const { containers, networks, volumes, jobs } = makePlan(configWith(fullest));
  const { sidekiq, ...others } = containers;
  const named = [...Object.values(others), ...sidekiq].flatMap(({ name }) => name ?? []);
  for (const names of [named, networks.map(({ name }) => name), volumes.map(({ name }) => name)]) {
    expect(new Set(names).size).toBe(names.length);
  }
  const parts = [...Object.values(others), ...sidekiq, ...Object.values(jobs)].map(
    (spec) => spec.part,
  );
  expect(new Set(parts).size).toBe(parts.length);
});
