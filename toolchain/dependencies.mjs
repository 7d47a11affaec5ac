import { stat } from "node:fs/promises";
import path from "node:path";
import { project } from "./folders.mjs";
import { withLock } from "./lock.mjs";
import { run } from "./processes.mjs";
import { step, UserError } from "./report.mjs";

const wanted = path.join(project, "package-lock.json");
// npm writes this one last, so that an installation that was cut short counts as none.
const installed = path.join(project, "node_modules/.package-lock.json");

/** Installs the packages that `package-lock.json` names, where it is newer than what is installed. */
export async function ensureDependencies() {
  if (await isCurrent()) return;
  await withLock("dependencies", async () => {
    if (await isCurrent()) return;
    await step("npm packages", "under a minute, longer on a slow network", async () => {
      const { code, stderr } = await run("npm", ["ci", "--no-audit", "--no-fund"], {
        cwd: project,
      });
      if (code === 0) return;
      const reason = stderr.trim().split("\n").slice(0, 5).join("\n");
      throw new UserError(`The npm packages could not be installed. npm says:\n${reason}`);
    });
  });
}

async function isCurrent() {
  const [source, result] = await Promise.all([
    stat(wanted),
    stat(installed).catch(() => undefined),
  ]);
  return result !== undefined && result.mtimeMs >= source.mtimeMs;
}
