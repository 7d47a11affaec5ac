import { preventNewPrivileges } from "../../../policies/rules/preventNewPrivileges";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(preventNewPrivileges, {
  passes: {
    "no-new-privileges": [container("web")],
    "the same spelled out": [container("web", { securityOpts: ["no-new-privileges:true"] })],
  },
  refuses: {
    "nothing said": [[container("web", { securityOpts: undefined })], "instance-web may gain"],
    "an empty list": [[container("web", { securityOpts: [] })], "may gain privileges"],
    "no-new-privileges switched off": [
      [container("web", { securityOpts: ["no-new-privileges:false"] })],
      "may gain privileges",
    ],
  },
  leavesOpen: {
    "options that are not known": [container("web", { securityOpts: unknownValue.list })],
    "an option that is not known": [container("web", { securityOpts: [unknownValue.string] })],
  },
});
