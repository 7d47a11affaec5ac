import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does the work while holding a lock file, so that two runs do not make the same thing at once. The lock of a process
 * that is gone counts as free.
 */
export async function withLock<Result>(
  file: string,
  onWait: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  let waited = false;
  while (!(await take(file))) {
    if (!waited) onWait();
    waited = true;
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const owner = await readFile(file, "utf8").catch(() => "");
  // An empty file belongs to someone who is just writing it.
  if (owner !== "" && !existsSync(`/proc/${owner}`)) await rm(file, { force: true });
  return false;
}
