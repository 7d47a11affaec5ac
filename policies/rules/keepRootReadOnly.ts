import { containerRule } from "../container";

/** What cannot be written to cannot be changed for good: CIS 5.13, OWASP rule 8. */
export const keepRootReadOnly = containerRule({
  name: "keep-root-read-only",
  demands: "No container can write to its image.",
  remedy: "set readOnly, and give it a tmpfs for what it has to write",
  severity: "medium",
  from: ["CIS 5.13", "OWASP 8"],
  parameters: {},
  faults: ({ readOnly }) => (readOnly === true ? [] : ["can write to its image"]),
});
