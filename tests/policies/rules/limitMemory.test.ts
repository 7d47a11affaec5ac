import { limitMemory } from "../../../policies/rules/limitMemory";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(limitMemory, {
  passes: {
    "a limit that swap does not extend": [container("web")],
    "a limit below the most that is set": { resources: [container("web")], set: { mostMb: 512 } },
  },
  refuses: {
    "no limit": [
      [container("web", { memory: undefined, memorySwap: undefined })],
      "instance-web has no limit of memory",
    ],
    "a limit of nothing": [[container("web", { memory: 0 })], "has no limit"],
    "a limit that swap extends": [[container("web", { memorySwap: 1024 })], "may swap"],
    "a limit and nothing about swap": [[container("web", { memorySwap: undefined })], "may swap"],
    "more than the most that is set": [
      { resources: [container("web")], set: { mostMb: 511 } },
      "has 512 MB, and 511 are the most",
    ],
  },
  leavesOpen: { "a limit that is not known": [container("web", { memory: unknownValue.number })] },
});
