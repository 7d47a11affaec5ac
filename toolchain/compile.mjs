import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const project = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const output = path.join(project, "dist");
const sources = ["index.ts", "plan", "components", "policies", "ops", "tests", "bench"];

/**
 * Compiles every TypeScript file that is newer than its result in `dist/`, and removes results whose source is gone.
 * Types are not checked: that is the work of `npm run check`.
 * @returns {Promise<number>} how many files were compiled
 */
export async function compile() {
  const known = await filesUnder(output, ".js");
  /** @type {Map<string, string>} result → source */
  const wanted = new Map();
  for (const source of sources) {
    for (const file of await filesUnder(path.join(project, source), ".ts")) {
      if (!file.endsWith(".d.ts")) wanted.set(resultOf(file), file);
    }
  }
  await Promise.all(known.filter((file) => !wanted.has(file)).map((file) => rm(file)));
  const stale = await Promise.all(
    [...wanted].map(async (pair) => ((await isStale(...pair)) ? [pair] : [])),
  );
  const work = stale.flat();
  if (work.length > 0) {
    // The compiler takes half a second to load, which a run with nothing to compile should not pay.
    const { transpile } = await import("./transpile.cjs");
    await Promise.all(work.map(([result, source]) => compileFile(transpile, result, source)));
  }
  return work.length;
}

/**
 * @param {(source: string, fileName: string) => string} transpile
 * @param {string} result
 * @param {string} source
 */
async function compileFile(transpile, result, source) {
  const code = transpile(await readFile(source, "utf8"), source);
  await mkdir(path.dirname(result), { recursive: true });
  // Two runs may compile at once: neither may see half a file.
  const draft = `${result}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, result);
}

/** @param {string} source */
const resultOf = (source) =>
  path.join(output, path.relative(project, source)).replace(/\.ts$/, ".js");

/**
 * @param {string} result
 * @param {string} source
 */
async function isStale(result, source) {
  const modified = (/** @type {string} */ file) =>
    stat(file).then(
      (found) => found.mtimeMs,
      () => 0,
    );
  return (await modified(result)) < (await modified(source));
}

/**
 * @param {string} place a file or a folder; one that does not exist holds nothing
 * @param {string} extension
 * @returns {Promise<string[]>}
 */
async function filesUnder(place, extension) {
  if (place.endsWith(extension)) return [place];
  const entries = await readdir(place, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await compile();
