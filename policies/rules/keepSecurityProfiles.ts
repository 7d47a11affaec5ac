import { containerRule } from "../container";

/** AppArmor, SELinux and seccomp are there by default, and only ever switched off: CIS 5.2, 5.3, 5.22, OWASP rule 6. */
export const keepSecurityProfiles = containerRule({
  name: "keep-security-profiles",
  demands: "No container is freed of the profiles that the engine confines it by.",
  remedy: "remove that from securityOpts",
  severity: "high",
  from: ["CIS 5.2", "CIS 5.3", "CIS 5.22", "OWASP 6"],
  parameters: {},
  faults: ({ securityOpts = [] }) =>
    securityOpts
      .filter((option) => /[:=]unconfined$|^label[:=]disable$/.test(option))
      .map((option) => `is not confined (${option})`),
});
