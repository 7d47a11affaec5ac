import { fitMemory } from "../../../policies/rules/fitMemory";
import { container, instance, network } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const two = [container("web"), container("postgres")];

specify(fitMemory, {
  passes: {
    "containers that fit": [instance({ memoryMb: 1024 }), ...two],
    "no container": [network()],
    "containers that fit into what the owner says": { resources: two, set: { memoryMb: 1024 } },
  },
  refuses: {
    "more than the machine has": [
      [instance({ memoryMb: 1023 }), ...two],
      "may use 1024 MB, and its machine has 1023",
    ],
    "more than the owner says that it has": [
      { resources: [instance({ memoryMb: 4096 }), ...two], set: { memoryMb: 1000 } },
      "may use 1024 MB, and its machine has 1000",
    ],
    "containers on a machine of which nothing is known": [
      [instance({}), ...two],
      "does not say how much memory its machine has",
    ],
  },
  leavesOpen: {
    "a limit that is not known": [
      instance({ memoryMb: 1024 }),
      container("web", { memory: unknownValue.number }),
    ],
    "memory that is not known": [instance({ memoryMb: unknownValue.number }), ...two],
  },
});
