import { command, say } from "../../toolchain/report.mjs";
import { ask } from "./github.mjs";
import { output, show } from "./results.mjs";

/**
 * Whether somebody approves of what is deployed: the output `approved`. GitHub makes an environment that nobody has set up
 * by itself, one without rules: a merge would then be deployed at once. Whoever starts the workflow by hand has approved.
 */
await command(async () => {
  const { ENVIRONMENT: name = "", EVENT: event } = process.env;
  const environment =
    /** @type {{protection_rules?: {type: string, reviewers?: object[]}[]} | undefined} */ (
      await ask("GET", `/environments/${encodeURIComponent(name)}`)
    );
  const rules = environment?.protection_rules ?? [];
  const isReviewed = rules.some(
    ({ type, reviewers = [] }) => type === "required_reviewers" && reviewers.length > 0,
  );
  const approved = isReviewed || event === "workflow_dispatch";
  const text = approved
    ? `Deployed once \`${name}\` is approved.`
    : `Not deployed: the environment \`${name}\` has no required reviewer, so nobody would be asked. Read the review, then press "Run workflow" on the page of this workflow; or set a reviewer up: docs/review-in-ci.md`;
  say(text);
  await show(text);
  await output("approved", String(approved));
  return 0;
});
