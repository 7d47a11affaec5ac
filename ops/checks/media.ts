import { hasBucket, mediaTest } from "../../plan";
import { filledIn, linesOf, unasked, type Check, type Finding } from "./check";

/** Whether the bucket takes, shows and deletes a small object, and hides its list. */
export const media: Check = {
  name: "media",
  run: async ({ config, plan, secrets, shell }) => {
    if (!hasBucket(config)) return [{ state: "ok", text: "is kept on a volume of the host" }];
    const { script, environment } = mediaTest(config, plan.sizing);
    const { code, stdout, stderr } = await shell(script, filledIn(environment, secrets));
    return code === 0 ? answers(stdout) : [refusal(stderr)];
  },
};

const answers = (stdout: string): Finding[] =>
  linesOf(stdout).map((line) => {
    const warning = /^Warning: (.*)$/.exec(line)?.[1];
    return warning === undefined
      ? { state: "ok", text: line.replace(/^Media: /, "") }
      : { state: "warning", text: warning };
  });

/** It says which key to mend; anything else is what kept it from being asked. */
function refusal(stderr: string): Finding {
  const sentence = linesOf(stderr).find((line) => line.startsWith("mastodon:"));
  return { state: "fault", text: sentence ?? unasked(stderr) };
}
