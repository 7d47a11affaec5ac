import { containerRule } from "../container";

/** A privileged container is the host's root, with all its devices: CIS 5.5, OWASP rule 3. */
export const refusePrivileged = containerRule({
  name: "refuse-privileged",
  demands: "No container is privileged.",
  remedy: "remove privileged; what it cannot do without is a capability or a device",
  severity: "critical",
  from: ["CIS 5.5", "OWASP 3"],
  parameters: {},
  faults: ({ privileged }) => (privileged === true ? ["is privileged"] : []),
});
