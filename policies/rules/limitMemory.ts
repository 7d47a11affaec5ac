import { containerRule } from "../container";

/** Without a limit, one container takes the memory of all others: CIS 5.11, OWASP rule 7. */
export const limitMemory = containerRule({
  name: "limit-memory",
  demands: "Every container has a limit of memory, which swap does not extend.",
  remedy: "set memory and memorySwap to the same number of MB",
  severity: "high",
  from: ["CIS 5.11", "OWASP 7"],
  parameters: {
    mostMb: {
      description: "The most that a single container may have, in MB; 0: as much as there is.",
      type: "integer",
      minimum: 0,
      default: 0,
    },
  },
  faults: ({ memory = 0, memorySwap }, { mostMb }) => [
    ...(memory > 0 ? [] : ["has no limit of memory"]),
    ...(memory > 0 && memorySwap !== memory ? ["may swap beyond its limit of memory"] : []),
    ...(mostMb > 0 && memory > mostMb ? [`has ${memory} MB, and ${mostMb} are the most`] : []),
  ],
});
