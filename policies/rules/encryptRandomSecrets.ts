import { define, type Rule } from "../rule";

const { policy, message } = define({
  name: "encrypt-random-secrets",
  demands: "What is made at random is encrypted in the state, and never lost by a change.",
  remedy: "make it a RandomPassword with protect",
  severity: "critical",
  parameters: {},
});

const passwordType = "random:index/randomPassword:RandomPassword";

/** Tells one from another, and is no secret. */
const nameType = "random:index/randomUuid:RandomUuid";

/** The value of all others is their id or a plain output, which anybody reads in the state. */
export const encryptRandomSecrets: Rule = {
  ...policy,
  validateResource: ({ name, type, opts }, report) => {
    if (!type.startsWith("random:")) return;
    if (![passwordType, nameType].includes(type))
      report(message(name, "is kept in clear in the state"));
    if (!opts.protect) report(message(name, "can be made anew by a change of the program"));
  },
};
