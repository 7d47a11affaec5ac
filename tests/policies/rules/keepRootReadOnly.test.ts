import { keepRootReadOnly } from "../../../policies/rules/keepRootReadOnly";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const writable = { readOnly: false };

specify(keepRootReadOnly, {
  passes: {
    "a root that is read-only": [container("web")],
    "the search engine, which is excepted": [container("search", writable)],
    "LinuxServer's image, which is excepted": [
      container("web", { ...writable, envs: ["PUID=991"] }),
      container("sidekiq-push", { ...writable, envs: ["PUID=991"] }),
    ],
    "what the owner excepts": {
      resources: [container("streaming", writable)],
      set: { exceptions: [{ parts: ["streaming"], reason: "a debugger writes there" }] },
    },
  },
  refuses: {
    "nothing said": [[container("web", { readOnly: undefined })], "instance-web can write"],
    "a root that can be written": [[container("web", writable)], "can write to its image"],
    "LinuxServer's exception in another of its containers": [
      [container("redis", { ...writable, envs: ["PUID=991"] })],
      "can write to its image",
    ],
    "a container without a label": [
      [container("search", { ...writable, labels: undefined })],
      "can write to its image",
    ],
  },
  leavesOpen: { "what is not known": [container("web", { readOnly: unknownValue.boolean })] },
});
