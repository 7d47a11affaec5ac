import { containerRule } from "../container";

/** Programs with a setuid bit are how a stranger in a container becomes its root: CIS 5.26, OWASP rule 4. */
export const preventNewPrivileges = containerRule({
  name: "prevent-new-privileges",
  demands: "No process of a container gains more privileges than it began with.",
  remedy: 'put "no-new-privileges" into securityOpts',
  severity: "high",
  from: ["CIS 5.26", "OWASP 4"],
  parameters: {},
  faults: ({ securityOpts = [] }) =>
    securityOpts.some((option) => /^no-new-privileges([:=]true)?$/.test(option))
      ? []
      : ["may gain privileges"],
});
