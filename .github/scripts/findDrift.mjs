import { project } from "../../toolchain/folders.mjs";
import { run } from "../../toolchain/processes.mjs";
import { command, say } from "../../toolchain/report.mjs";
import { driftIn } from "./driftText.mjs";
import { keep } from "./results.mjs";
import { stacksIn } from "./stacks.mjs";

const asked = ["--refresh", "--expect-no-changes", "--diff", "--non-interactive", "--color=never"];

/** Compares STACKS, one after the other, with what really runs, and keeps what was found as `drift`. Nothing is changed. */
await command(async () => {
  /** @type {import("./driftText.mjs").Drift[]} */
  const found = [];
  for (const stack of stacksIn(process.env.STACKS)) {
    const args = ["toolchain/pulumi.mjs", "preview", "--stack", stack, ...asked];
    const finished = await run(process.execPath, args, { cwd: project, limit: 1_800_000 });
    const drift = driftIn(stack, finished);
    say(`${stack}: ${drift.state}\n${drift.text}`);
    found.push(drift);
  }
  await keep("drift", found);
  return 0;
});
