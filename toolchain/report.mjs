import { project } from "./folders.mjs";

/** A fault that its reader can mend: shown as its message alone, without a stack. */
export class UserError extends Error {}

let label = "";

/**
 * Puts a word in front of every later message.
 * @param {string} word
 */
export function labelMessages(word) {
  label = `${word}: `;
}

/** @param {string} text */
export const say = (text) => void process.stdout.write(`${withLabel(text)}\n`);

/** @param {string} text */
export const warn = (text) => void process.stderr.write(`${withLabel(`Warning: ${text}`)}\n`);

/** @param {string} text */
const withLabel = (text) => text.replace(/^(?=.)/gm, label);

/**
 * Does one piece of work that takes a while, telling what it is, that it goes on, and how long it took.
 * @template T
 * @param {string} title what is being done
 * @param {string} expected how long it may take, in words
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, expected, work) {
  const began = Date.now();
  say(`→ ${title} (${expected}) …`);
  const result = await ticking(work);
  say(`✓ ${title}: done in ${elapsed(began)}`);
  return result;
}

/**
 * Shows how long a piece of work has been going on: every second in place on a terminal, else every 15 seconds.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function ticking(work) {
  const live = process.stdout.isTTY;
  const began = Date.now();
  const timer = setInterval(
    () => {
      const text = withLabel(`  … ${elapsed(began)}`);
      process.stdout.write(live ? `\r\x1b[K${text}` : `${text}\n`);
    },
    live ? 1_000 : 15_000,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (live) process.stdout.write("\r\x1b[K");
  }
}

/** @param {number} began in milliseconds */
const elapsed = (began) => inWords(Date.now() - began);

/**
 * @param {number} milliseconds
 * @returns {string} "12 s" or "4 min 10 s"
 */
export function inWords(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs a command of this project: its exit code is what `main` returns, or 1 after a fault.
 * @param {() => Promise<number>} main
 */
export async function command(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${withLabel(explain(error))}\n`);
    process.exitCode = 1;
  }
}

/**
 * @param {unknown} error
 * @returns {string} what to tell about it; a stack only where the fault is in this program
 */
export function explain(error) {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code = "", syscall, path: place } = /** @type {NodeJS.ErrnoException} */ (error);
  const where = place ?? project;
  if (["ENOSPC", "EDQUOT"].includes(code)) {
    return `The disk that holds ${where} is full. Free some space and run the same command again.`;
  }
  // Node tells of a disk that is mounted read-only as if the folder above were missing.
  if (["EROFS", "EACCES", "EPERM"].includes(code) || (code === "ENOENT" && syscall === "mkdir")) {
    return `${where} cannot be written: its disk is mounted read-only, or it belongs to another. Mend that, or name other folders in MASTODON_STATE and MASTODON_CACHE.`;
  }
  return error.stack ?? error.message;
}
