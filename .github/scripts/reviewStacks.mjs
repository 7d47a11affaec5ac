import { readFile } from "node:fs/promises";
import path from "node:path";
import { project } from "../../toolchain/folders.mjs";
import { run } from "../../toolchain/processes.mjs";
import { command, say } from "../../toolchain/report.mjs";
import { keep } from "./results.mjs";
import { stacksIn } from "./stacks.mjs";

/**
 * Reviews STACKS one after the other, and keeps what was found as `reviews`. What is refused is for the step that shows it
 * to say: this one ends well.
 */
await command(async () => {
  /** @type {import("./reviewText.mjs").StackReview[]} */
  const reviews = [];
  for (const stack of stacksIn(process.env.STACKS)) reviews.push(await review(stack));
  await keep("reviews", reviews);
  return 0;
});

/**
 * @param {string} stack
 * @returns {Promise<import("./reviewText.mjs").StackReview>}
 */
async function review(stack) {
  const before = await lockOf(stack);
  const args = ["ops/review.mjs", "--stack", stack, "--format", "markdown"];
  const { code, stdout, stderr } = await run(process.execPath, args, {
    cwd: project,
    limit: 1_200_000,
  });
  say(`${stack}: exit code ${code}\n${stderr}`);
  const lock = await lockOf(stack);
  return { stack, code, report: stdout, ...(lock !== undefined && lock !== before && { lock }) };
}

/** @param {string} stack */
function lockOf(stack) {
  return readFile(path.join(project, `Pulumi.${stack}.lock.json`), "utf8").catch(() => undefined);
}
