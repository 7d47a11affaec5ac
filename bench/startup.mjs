import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { compile } from "../toolchain/compile.mjs";
import { project } from "../toolchain/folders.mjs";
import { say } from "../toolchain/report.mjs";

/**
 * `npm run bench`: how long the compiled program takes to start: `pulumi up` pays it, and its preview again. Times differ from
 * machine to machine, so it is told against Node alone, and against a type check first, as Pulumi does by itself.
 */

const runs = 5;

const scratch = await mkdtemp(path.join(tmpdir(), "mastodon-bench-"));
try {
  await compile();
  const typeCheck = [
    path.join(project, "node_modules/typescript/lib/tsc.js"),
    "--project",
    await writeTypeCheck(scratch),
  ];
  const program = [path.join(project, "bench/program.cjs")];
  const [node, started, checked] = medians([[["-e", "0"]], [program], [typeCheck, program]]);
  say(`program / node alone                 ${ratio(started, node)}`);
  say(`type check and program / node alone  ${ratio(checked, node)}`);
  say(`type check and program / program     ${ratio(checked, started)}`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/**
 * The program alone, without tests and tools.
 * @param {string} folder
 * @returns {Promise<string>} the file that tells TypeScript so
 */
async function writeTypeCheck(folder) {
  const file = path.join(folder, "tsconfig.json");
  const settings = {
    extends: path.join(project, "tsconfig.json"),
    compilerOptions: { types: ["node"], typeRoots: [path.join(project, "node_modules/@types")] },
    files: [path.join(project, "index.ts")],
    include: [],
  };
  await writeFile(file, JSON.stringify(settings));
  return file;
}

/**
 * Takes turns, so that what else the machine does falls on all alike.
 * @param {string[][][]} ways each the arguments of Node, run after run
 * @returns {number[]} milliseconds, one for each way
 */
function medians(ways) {
  /** @type {number[][]} */
  const times = ways.map(() => []);
  for (let run = 0; run < runs; run++) {
    ways.forEach((way, index) => times[index]?.push(timeOf(way)));
  }
  return times.map((each) => each.sort((left, right) => left - right)[(runs - 1) / 2] ?? NaN);
}

/** @param {string[][]} way */
function timeOf(way) {
  const began = performance.now();
  for (const args of way) execFileSync(process.execPath, args, { stdio: "inherit" });
  return performance.now() - began;
}

/**
 * @param {number} [time]
 * @param {number} [base]
 */
function ratio(time = NaN, base = NaN) {
  return (time / base).toFixed(1).padStart(6);
}
