import { mailTest } from "../../plan";
import { filledIn, linesOf, unasked, type Check, type Finding, type Printed } from "./check";

/** @param recipient to whom one mail is sent by each server; absent: the servers are asked, and none is sent */
export const mail = (recipient: string | undefined): Check => ({
  name: "mail",
  run: async ({ config, plan, secrets, shell }) => {
    if (config.smtp === undefined) return [notSetUp(recipient)];
    const { script, environment } = mailTest(config, plan.sizing);
    const values = { ...filledIn(environment, secrets), SEND_TO: recipient ?? "" };
    return findingsIn(await shell(script, values));
  },
});

const notSetUp = (recipient: string | undefined): Finding =>
  recipient === undefined
    ? { state: "ok", text: "is written to files, since smtp is not set" }
    : {
        state: "fault",
        text: "cannot be sent, since smtp is not set: set it, and run `npm run pulumi -- up`",
      };

/** Each server answers by one line, and each that refuses by one that names the key to mend. */
function findingsIn({ code, stdout, stderr }: Printed): Finding[] {
  const answers = linesOf(stdout).map((text): Finding => ({ state: "ok", text }));
  if (code === 0) return answers;
  const refusals = linesOf(stderr)
    .filter((line) => /^(mastodon:|--mail:)/.test(line))
    .map((text): Finding => ({ state: "fault", text }));
  return refusals.length > 0
    ? [...answers, ...refusals]
    : [{ state: "fault", text: unasked(stderr) }];
}
