import { containerRule } from "../container";

/** Root of a container is root of the host, but for what is taken from it: OWASP rule 2. */
export const nameUser = containerRule({
  name: "name-user",
  demands: "Every container says outright which user it runs as, and that is not root.",
  remedy: "set user to the uid:gid of its image's own user",
  severity: "medium",
  from: ["OWASP 2"],
  parameters: {},
  faults: ({ user = "" }) => {
    if (user === "") return ["leaves it to its image which user it runs as"];
    return /^(0|root)(:|$)/.test(user) ? ["runs as root"] : [];
  },
});
