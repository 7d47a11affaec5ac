import { exposeNoDevices } from "../../../policies/rules/exposeNoDevices";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(exposeNoDevices, {
  passes: { "no device": [container("web")] },
  refuses: {
    "a device": [
      [container("web", { devices: [{ hostPath: "/dev/sda" }] })],
      "instance-web is given /dev/sda",
    ],
    "devices by their driver": [
      [container("web", { deviceRequests: [{ driver: "cdi" }] })],
      "is given devices by its engine",
    ],
    "graphics cards": [[container("web", { gpus: "all" })], "is given devices by its engine"],
    "the right to open devices": [
      [container("web", { deviceCgroupRules: ["c *:* rwm"] })],
      "may open devices (c *:* rwm)",
    ],
  },
  leavesOpen: { "devices that are not known": [container("web", { devices: unknownValue.list })] },
});
