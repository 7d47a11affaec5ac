import { makePlan } from "../../plan";
import type { HealthCheck } from "../../plan/containerSpec";
import { looksEarly } from "../../plan/healthCheck";
import { configWith } from "../support/fixtures";

it.each([
  ["24.0.9", false],
  ["25.0.0", true],
  ["26.1.5+dfsg1", true],
  ["29.8.2", true],
  // Podman answers as Docker does, and counts otherwise.
  ["5.2.1", false],
  ["", false],
])("an engine %s looks early: %s", (version, expected) => {
  expect(looksEarly(version)).toBe(expected);
});

const checksOf = (early: boolean): HealthCheck[] => {
  const { sidekiq, ...others } = makePlan({ ...configWith(), looksEarly: early }).containers;
  return [...sidekiq, ...Object.values(others)].map(({ health }) => health);
};

it("looks at every container often while it starts, and seldom later, where the engine can", () => {
  const checks = checksOf(true);
  expect(checks.length).toBeGreaterThan(5);
  for (const check of checks) expect(check).toMatchObject({ interval: "30s", startInterval: "2s" });
});

it("looks always alike where the engine is older, which would refuse the container", () => {
  for (const { interval, startInterval } of checksOf(false)) {
    expect(["5s", "10s"]).toContain(interval);
    expect(startInterval).toBeUndefined();
  }
});
