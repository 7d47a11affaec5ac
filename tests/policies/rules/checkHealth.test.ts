import { checkHealth } from "../../../policies/rules/checkHealth";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(checkHealth, {
  passes: { "a health check that is waited for": [container("web")] },
  refuses: {
    "no health check": [[container("web", { healthcheck: undefined })], "is not asked"],
    "a health check without a test": [
      [container("web", { healthcheck: { tests: [] } })],
      "not asked",
    ],
    "a health check that is switched off": [
      [container("web", { healthcheck: { tests: ["NONE"] } })],
      "instance-web is not asked for its health",
    ],
    "a health check that nobody waits for": [
      [container("web", { wait: undefined })],
      "counts as made before it is well",
    ],
  },
  leavesOpen: {
    "a health check that is not known": [container("web", { healthcheck: unknownValue.object })],
    "a test that is not known": [container("web", { healthcheck: { tests: unknownValue.list } })],
  },
});
