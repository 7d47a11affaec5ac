import { rotateLogs } from "../../../policies/rules/rotateLogs";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const size = { "max-size": "10m" };
const files = { "max-file": "3" };

specify(rotateLogs, {
  passes: {
    "json-file with size and number of files": [container("web")],
    "local with the same": [container("web", { logDriver: "local" })],
  },
  refuses: {
    "the engine's own choice": [
      [container("web", { logDriver: undefined })],
      "the engine's choice",
    ],
    "a driver that knows no size": [[container("web", { logDriver: "syslog" })], "(syslog)"],
    "no log at all": [[container("web", { logDriver: "none" })], "(none)"],
    "no options": [[container("web", { logOpts: undefined })], "(no max-size)"],
    "no size": [[container("web", { logOpts: files })], "only grows (no max-size)"],
    "no number of files": [[container("web", { logOpts: size })], "only grows (no max-file)"],
  },
  leavesOpen: {
    "a driver that is not known": [container("web", { logDriver: unknownValue.string })],
    "a size that is not known": [
      container("web", { logOpts: { ...files, "max-size": unknownValue.string } }),
    ],
  },
});
