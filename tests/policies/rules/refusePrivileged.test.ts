import { refusePrivileged } from "../../../policies/rules/refusePrivileged";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(refusePrivileged, {
  passes: {
    "nothing said": [container("web")],
    "said not to be": [container("web", { privileged: false })],
  },
  refuses: {
    "a privileged container": [[container("web", { privileged: true })], "instance-web is priv"],
  },
  leavesOpen: { "what is not known": [container("web", { privileged: unknownValue.boolean })] },
});
