import { containerRule } from "../container";

/**
 * OWASP rule 7, and CIS 5.15 but for one thing: that asks for `on-failure` with at most five tries. An instance that
 * nobody watches has to come back from a reboot, and Mastodon's streaming ends with 0 when it crashes.
 */
export const restartContainers = containerRule({
  name: "restart-containers",
  demands: "Every container comes back after a crash and after a reboot.",
  remedy: "set restart to unless-stopped",
  severity: "medium",
  from: ["CIS 5.15", "OWASP 7"],
  parameters: {},
  faults: ({ restart = "no" }) =>
    ["unless-stopped", "always"].includes(restart)
      ? []
      : [`is not started again after a crash or a reboot (restart is ${restart})`],
});
