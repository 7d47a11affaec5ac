import { command, UserError } from "../../toolchain/report.mjs";
import { ask, findOwn, list } from "./github.mjs";
import { decideIssue, driftText, label, marker, title } from "./driftText.mjs";
import { kept, runAddress, show } from "./results.mjs";

/** Opens, edits or closes the one issue about drift. Ends with 1 where a stack could not be compared. */
await command(async () => {
  const found = /** @type {import("./driftText.mjs").Drift[]} */ (await kept("drift"));
  const states = found.map(({ stack, state }) => `- \`${stack}\`: ${state}`);
  await show(states.join("\n"));
  await settle(found);
  const unknown = found.filter(({ state }) => state === "unknown").map(({ stack }) => stack);
  if (unknown.length > 0)
    throw new UserError(
      `Not compared with what runs: ${unknown.join(", ")}. The step before says why.`,
    );
  return 0;
});

/** @param {readonly import("./driftText.mjs").Drift[]} found */
async function settle(found) {
  /** @type {import("./github.mjs").Issue[]} */
  const open = await list("/issues", { labels: label, state: "open", direction: "asc" });
  const issue = findOwn(open, marker);
  const body = driftText(found, runAddress());
  switch (decideIssue(found, issue)) {
    case "create":
      // The label exists from the second time on, which is refused.
      if ((await ask("GET", `/labels/${label}`)) === undefined)
        await ask("POST", "/labels", { name: label, color: "d93f0b" });
      return ask("POST", "/issues", { title, body, labels: [label] });
    case "edit":
      return ask("PATCH", `/issues/${issue?.number}`, { body });
    case "close":
      await ask("POST", `/issues/${issue?.number}/comments`, {
        body: `No difference any more, as seen by [this run](${runAddress()}).`,
      });
      return ask("PATCH", `/issues/${issue?.number}`, {
        state: "closed",
        state_reason: "completed",
      });
    case "nothing":
      return undefined;
  }
}
