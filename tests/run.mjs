import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { ensureCli } from "../toolchain/cli.mjs";
import { compile } from "../toolchain/compile.mjs";
import { ensureDependencies } from "../toolchain/dependencies.mjs";
import { cache, goFolders, project } from "../toolchain/folders.mjs";
import { withLock } from "../toolchain/lock.mjs";
import { loadCompiled } from "../toolchain/plan.mjs";
import { explain, say, UserError } from "../toolchain/report.mjs";

/**
 * `npm test`: every test that this machine can run. The tiers that need nothing run while the acceptance tier is being
 * prepared; one that cannot run is named with its reason, and with ACCEPTANCE=required that is a failure.
 *
 * @typedef {{test: string, message: string}} Failure
 * @typedef {{passed: number, skipped: number, failures: Failure[]}} Outcome
 * @typedef {import("./support/images/prepare.js")} Prepare
 * @typedef {import("./support/images/architecture.js")} Architecture
 * @typedef {import("./support/requirePrograms.js")} RequirePrograms
 * @typedef {import("@jest/test-result").FormattedTestResults} Report
 */

const results = await mkdtemp(path.join(tmpdir(), "mastodon-tests-"));
const required = process.env.ACCEPTANCE === "required";

/** What the acceptance tier runs, whether or not its images have to be made. */
const programs = [
  "docker",
  "dockerd",
  "docker-registry",
  "ip",
  "iptables",
  "openssl",
  "ssh",
  "unshare",
];

/** How much of a failure's message is said again at the end. */
const shownLines = 30;

const tests = path.dirname(fileURLToPath(import.meta.url));
const isolation = path.join(tests, "support/isolate.sh");

try {
  await ensureDependencies();
  await compile();
  const { passed, failures, skipped } = sum(
    await Promise.all([runJest("unit", []), runAcceptance()]),
  );
  // What has failed is said once more where people look: between it and here may be half an hour of other output.
  // A file that could not begin fails with the same message in each of its tests.
  for (const message of new Set(failures.map((failure) => failure.message)))
    say(`\n${named(failures.filter((failure) => failure.message === message))}\n${message}`);
  // And their names alone, for those who see only the last lines.
  if (failures.length > 0) say(`\n${named(failures)}`);
  say(`\n${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  await rm(results, { recursive: true, force: true });
}

/**
 * Each folder of the tier has a network namespace and a Docker engine of its own, and runs beside the others: much of the
 * time is spent waiting for health checks.
 *
 * @returns {Promise<Outcome>}
 */
async function runAcceptance() {
  try {
    const isolated = await prepareAcceptance();
    const folders = await readdir(path.join(tests, "acceptance"), { withFileTypes: true });
    return sum(
      await Promise.all(
        folders
          .filter((entry) => entry.isDirectory())
          .map(({ name }) =>
            runJest(
              name,
              ["--config", "tests/acceptance/jest.config.cjs", `tests/acceptance/${name}/`],
              isolated,
            ),
          ),
      ),
    );
  } catch (error) {
    if (required) return failure("the start of the acceptance tier", explain(error));
    say(`The acceptance tier is skipped: ${explain(error)}`);
    return { passed: 0, skipped: 1, failures: [] };
  }
}

/**
 * @returns {Promise<{wrapper: string[], env: NodeJS.ProcessEnv}>} how to run the tier
 * @throws {Error} saying why this machine cannot run it
 */
async function prepareAcceptance() {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new UserError(
      "it needs root on Linux, for a network namespace and a Docker engine of its own",
    );
  }
  const { folder } = await ensureCli();
  const { requirePrograms } = /** @type {RequirePrograms} */ (
    loadCompiled("tests/support/requirePrograms")
  );
  await requirePrograms(programs, say);
  const { prepareImages } = /** @type {Prepare} */ (loadCompiled("tests/support/images/prepare"));
  const { architectures } = /** @type {Architecture} */ (
    loadCompiled("tests/support/images/architecture")
  );
  await withLock("images", () =>
    prepareImages({
      cache,
      architectures,
      forTests: true,
      progress: say,
      go: goFolders(process.env),
    }),
  );
  return {
    wrapper: ["unshare", "--net", "--mount", "sh", isolation],
    env: { PATH: `${folder}${path.delimiter}${process.env.PATH}`, MASTODON_CACHE: cache },
  };
}

/**
 * @param {string} name of its report
 * @param {string[]} args
 * @param {{wrapper?: string[], env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<Outcome>}
 */
async function runJest(name, args, { wrapper = [], env = {} } = {}) {
  const report = path.join(results, `${name}.json`);
  const jest = ["node_modules/jest/bin/jest.js", ...args, "--json", "--outputFile", report];
  const [program = "", ...rest] = [...wrapper, process.execPath, ...jest];
  /** @type {number} */
  const code = await new Promise((resolve) => {
    // Standard output holds the report a second time: what is for people goes to standard error.
    const child = spawn(program, rest, {
      cwd: project,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.on("error", () => resolve(1));
    child.on("close", (status) => resolve(status ?? 1));
  });
  const text = await readFile(report, "utf8").catch(() => undefined);
  if (text === undefined) return failure(`the tests of ${name}`, "Jest ended without a report.");
  const { numPassedTests, numPendingTests, testResults } = /** @type {Report} */ (JSON.parse(text));
  const failures = testResults.flatMap(failuresOf);
  // A failure outside of any file (setup, teardown) shows in the exit code alone.
  if (failures.length === 0 && code !== 0)
    return failure(`what is around the tests of ${name}`, `Jest ended with ${code}.`);
  return { passed: numPassedTests, skipped: numPendingTests, failures };
}

/**
 * @param {Report["testResults"][number]} file
 * @returns {Failure[]} the tests of a file that have failed, or the file, where it could not be run
 */
function failuresOf({ name, status, message, assertionResults }) {
  const file = path.relative(project, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0)
    return status === "failed" ? [{ test: file, message: beginning(message) }] : [];
  return failed.map(({ fullName, failureMessages }) => ({
    test: `${file}: ${fullName}`,
    message: beginning(failureMessages?.join("\n") ?? ""),
  }));
}

/** @param {string} message */
function beginning(message) {
  const lines = stripVTControlCharacters(message).split("\n");
  const own = lines.filter((line) => !/^\s+at .*(\/node_modules\/jest|node:internal)/.test(line));
  return own.slice(0, shownLines).join("\n");
}

/** @param {Failure[]} failures */
function named(failures) {
  return failures.map(({ test }) => `FAILED ${test}`).join("\n");
}

/**
 * @param {string} test
 * @param {string} message
 * @returns {Outcome}
 */
function failure(test, message) {
  return { passed: 0, skipped: 0, failures: [{ test, message }] };
}

/**
 * @param {Outcome[]} outcomes
 * @returns {Outcome}
 */
function sum(outcomes) {
  const total = (/** @type {"passed" | "skipped"} */ key) =>
    outcomes.reduce((before, outcome) => before + outcome[key], 0);
  return {
    passed: total("passed"),
    skipped: total("skipped"),
    failures: outcomes.flatMap(({ failures }) => failures),
  };
}
