import { containerRule } from "../container";

/** Who is not asked is taken to be well, and gets requests that nobody answers: CIS 5.27. */
export const checkHealth = containerRule({
  name: "check-health",
  demands: "Every container is asked for its health, and counts as made once it is well.",
  remedy: "give it a healthcheck with tests, and set wait",
  severity: "high",
  from: ["CIS 5.27"],
  parameters: {},
  faults: ({ healthcheck, wait }) => {
    const { tests = [] } = healthcheck ?? {};
    return [
      ...(tests.length === 0 || tests[0] === "NONE" ? ["is not asked for its health"] : []),
      ...(wait === true ? [] : ["counts as made before it is well"]),
    ];
  },
});
