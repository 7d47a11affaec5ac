import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { cache, project } from "./folders.mjs";
import { checkpointFile } from "./stack.mjs";

const program = ["index.js", "plan", "components", "policies"];

/**
 * What an instance is made from: the program, which must have been compiled, and its configuration.
 * @param {string} stack
 * @param {string} stackFile as it is before Pulumi adds to it
 * @returns {Promise<string>} another one where anything of it is different
 */
export async function originOf(stack, stackFile) {
  const dist = path.join(project, "dist");
  const compiled = await Promise.all(program.map((name) => filesAt(path.join(dist, name))));
  const settings = ["package-lock.json", `Pulumi.${stack}.lock.json`];
  return digestOf([
    ...compiled.flat().sort(),
    ...settings.map((name) => path.join(project, name)),
    stackFile,
  ]);
}

/**
 * Whether the last `npm start` of a stack ended well with the very origin and state that there are now: then there is
 * nothing to refuse.
 * @param {string} stack
 * @param {string} origin
 */
export async function isSettled(stack, origin) {
  const known = await readFile(fileOf(stack), "utf8").catch(() => undefined);
  return known === (await settledBy(stack, origin));
}

/**
 * Remembers what a start has ended well with.
 * @param {string} stack
 * @param {string} origin
 */
export async function settle(stack, origin) {
  await mkdir(path.dirname(fileOf(stack)), { recursive: true });
  await writeFile(fileOf(stack), await settledBy(stack, origin));
}

/** @param {string} stack */
const fileOf = (stack) => path.join(cache, "settled", stack);

/**
 * @param {string} stack
 * @param {string} origin
 */
const settledBy = async (stack, origin) => `${origin} ${await digestOf([checkpointFile(stack)])}`;

/** @param {readonly string[]} files one that does not exist is as good as empty */
async function digestOf(files) {
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => "")));
  const hash = createHash("sha256");
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest("hex");
}

/**
 * @param {string} place a file of JavaScript, or a folder of them
 * @returns {Promise<string[]>}
 */
async function filesAt(place) {
  if (place.endsWith(".js")) return [place];
  const entries = await readdir(place, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
