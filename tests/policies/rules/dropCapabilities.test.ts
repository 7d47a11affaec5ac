import { dropCapabilities } from "../../../policies/rules/dropCapabilities";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const adding = (...adds: readonly string[]) => ({ capabilities: { drops: ["ALL"], adds } });
const reason = "it pings the machines of the neighbourhood";

specify(dropCapabilities, {
  passes: {
    "all dropped": [container("web")],
    "all dropped, spelled otherwise": [container("web", { capabilities: { drops: ["CAP_ALL"] } })],
    "what the gateway is excepted for": [container("gateway", adding("CAP_NET_BIND_SERVICE"))],
    "what LinuxServer's init is excepted for": [
      container("web", { ...adding("CAP_CHOWN", "SETUID"), envs: ["PUID=991"] }),
      container("sidekiq-push", { ...adding("KILL"), envs: ["PUID=991"] }),
    ],
    "what the owner excepts": {
      resources: [container("sidekiq-default", adding("NET_RAW"))],
      set: { exceptions: [{ parts: ["sidekiq-*"], allows: ["NET_RAW"], reason }] },
    },
  },
  refuses: {
    "nothing said": [[container("web", { capabilities: undefined })], "instance-web keeps cap"],
    "some dropped": [[container("web", { capabilities: { drops: ["NET_RAW"] } })], "keeps cap"],
    "one added": [[container("web", adding("CAP_CHOWN"))], "adds the capability CHOWN"],
    "all added": [[container("gateway", adding("ALL"))], "adds the capability ALL"],
    "more than the gateway is excepted for": [
      [container("gateway", adding("NET_BIND_SERVICE", "SYS_ADMIN"))],
      "adds the capability SYS_ADMIN",
    ],
    "the gateway's exception in another container": [
      [container("web", adding("NET_BIND_SERVICE"))],
      "adds the capability NET_BIND_SERVICE",
    ],
    "LinuxServer's exception in another image": [
      [container("web", adding("SETUID"))],
      "adds the capability SETUID",
    ],
    "an owner's exception for another container": [
      {
        resources: [container("web", adding("NET_RAW"))],
        set: { exceptions: [{ parts: ["sidekiq-*"], allows: ["NET_RAW"], reason }] },
      },
      "adds the capability NET_RAW",
    ],
  },
  leavesOpen: {
    "capabilities that are not known": [container("web", { capabilities: unknownValue.object })],
    "one that is not known": [container("web", adding(unknownValue.string))],
  },
});
