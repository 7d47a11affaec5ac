import { containerRule } from "../container";

const plain = (capability: string): string => capability.toUpperCase().replace(/^CAP_/, "");

/** What a process may not do, it cannot be talked into: CIS 5.4, OWASP rule 3. */
export const dropCapabilities = containerRule({
  name: "drop-capabilities",
  demands: "Every container gives up all capabilities, and gets back none without a reason.",
  remedy: "drop ALL, and add what it cannot do without to the exceptions of this rule",
  severity: "high",
  from: ["CIS 5.4", "OWASP 3"],
  parameters: {},
  faults: ({ capabilities }, { allowed }) => {
    const { drops = [], adds = [] } = capabilities ?? {};
    const known = allowed.map(plain);
    return [
      ...(drops.map(plain).includes("ALL") ? [] : ["keeps capabilities"]),
      ...adds
        .map(plain)
        .filter((capability) => !known.includes(capability))
        .map((capability) => `adds the capability ${capability}`),
    ];
  },
});
