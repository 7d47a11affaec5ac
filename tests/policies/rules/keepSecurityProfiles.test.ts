import { keepSecurityProfiles } from "../../../policies/rules/keepSecurityProfiles";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const freed = (option: string) =>
  [
    [container("web", { securityOpts: ["no-new-privileges", option] })],
    `is not confined (${option})`,
  ] as const;

specify(keepSecurityProfiles, {
  passes: {
    "the engine's own profiles": [container("web")],
    "a profile that is named": [container("web", { securityOpts: ["apparmor=docker-default"] })],
  },
  refuses: {
    "no seccomp": freed("seccomp=unconfined"),
    "no seccomp, as it was written before": freed("seccomp:unconfined"),
    "no AppArmor": freed("apparmor=unconfined"),
    "no hidden paths": freed("systempaths=unconfined"),
    "no SELinux": freed("label=disable"),
    "no SELinux, as it was written before": freed("label:disable"),
  },
  leavesOpen: {
    "an option that is not known": [container("web", { securityOpts: [unknownValue.string] })],
  },
});
