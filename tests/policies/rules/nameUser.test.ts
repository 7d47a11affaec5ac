import { nameUser } from "../../../policies/rules/nameUser";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(nameUser, {
  passes: {
    "a user of its own": [container("web")],
    "a user by name": [container("web", { user: "nobody" })],
    "the gateway, which is excepted": [container("gateway", { user: "0:0" })],
    "LinuxServer's image, which is excepted": [
      container("web", { user: "0:0", envs: ["PUID=991"] }),
    ],
  },
  refuses: {
    "nothing said": [
      [container("web", { user: undefined })],
      "instance-web leaves it to its image",
    ],
    "root by number": [[container("web", { user: "0" })], "runs as root"],
    "root with a group": [[container("web", { user: "0:991" })], "runs as root"],
    "root by name": [[container("web", { user: "root:root" })], "runs as root"],
  },
  leavesOpen: { "a user that is not known": [container("web", { user: unknownValue.string })] },
});
