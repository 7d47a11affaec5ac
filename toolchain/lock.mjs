import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cache } from "./folders.mjs";
import { isAlive } from "./processes.mjs";
import { say } from "./report.mjs";

/**
 * Lets one process at a time do a piece of work. A lock whose process has died is taken over.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {string} [folder]
 * @returns {Promise<T>}
 */
export async function withLock(name, work, folder = path.join(cache, "locks")) {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  const own = `${file}.${process.pid}`;
  await writeFile(own, String(process.pid));
  let told = false;
  try {
    while (!(await take(file, own))) {
      if (!told) say(`… waiting for another run that is setting up the same (${name})`);
      told = true;
      await sleep(500);
    }
    try {
      return await work();
    } finally {
      await rm(file, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Links rather than creates, so that the lock never exists without its owner's number in it.
 * @param {string} file
 * @param {string} own
 */
async function take(file, own) {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  const holder = await readFile(file, "utf8").catch(() => undefined);
  if (holder === undefined || (await isAlive(Number(holder)))) return false;
  // Two may find the same dead owner: only the one that moves away the lock it looked at has taken it over.
  const stale = `${own}.stale`;
  await rename(file, stale).catch(() => undefined);
  const moved = await readFile(stale, "utf8").catch(() => undefined);
  if (moved !== undefined && moved !== holder) await link(stale, file).catch(() => undefined);
  await rm(stale, { force: true });
  return false;
}
