import { isolateNamespaces } from "../../../policies/rules/isolateNamespaces";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const sharing = (input: string, mode: string, what: string) =>
  [
    [container("web", { [input]: mode })],
    `instance-web does not have its own ${what} (${input} is ${mode})`,
  ] as const;

specify(isolateNamespaces, {
  passes: {
    "networks of the stack": [container("web")],
    "networks that are not made yet": [
      container("web", { networksAdvanced: [{ name: unknownValue.string }] }),
    ],
    "no network at all": [container("web", { networkMode: "none", networksAdvanced: undefined })],
    "networks of the stack, with the mode that the provider fills in": [
      container("web", { networkMode: "bridge" }),
    ],
    "private memory": [container("web", { ipcMode: "private" })],
  },
  refuses: {
    "the default bridge": [
      [container("web", { networksAdvanced: undefined })],
      "on the bridge that all containers of its engine meet on",
    ],
    "the default bridge by name": [
      [container("web", { networksAdvanced: undefined, networkMode: "bridge" })],
      "on the bridge that all containers of its engine meet on",
    ],
    "the host's network": sharing("networkMode", "host", "network"),
    "another container's network": sharing("networkMode", "container:redis", "network"),
    "the host's processes": sharing("pidMode", "host", "processes"),
    "another container's processes": sharing("pidMode", "container:redis", "processes"),
    "the host's memory": sharing("ipcMode", "host", "memory"),
    "the host's users": sharing("usernsMode", "host", "users"),
    "another control group": sharing("cgroupParent", "/system.slice", "control group"),
  },
  leavesOpen: {
    "networks that are not known": [container("web", { networksAdvanced: unknownValue.list })],
    "a mode that is not known": [container("web", { pidMode: unknownValue.string })],
  },
});
