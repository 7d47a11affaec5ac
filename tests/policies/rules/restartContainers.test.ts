import { restartContainers } from "../../../policies/rules/restartContainers";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(restartContainers, {
  passes: {
    "unless-stopped": [container("web")],
    always: [container("web", { restart: "always" })],
  },
  refuses: {
    "nothing said": [[container("web", { restart: undefined })], "(restart is no)"],
    no: [[container("web", { restart: "no" })], "instance-web is not started again"],
    // Mastodon's streaming ends with 0 when it crashes.
    "on-failure": [[container("web", { restart: "on-failure" })], "(restart is on-failure)"],
  },
  leavesOpen: { "what is not known": [container("web", { restart: unknownValue.string })] },
});
