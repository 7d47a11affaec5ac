import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import path from "node:path";

/**
 * @typedef {object} Finished
 * @property {number} code exit code; 127 when the program is missing, 124 when its time was up
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a program to its end and collects what it prints. Never throws: a failure is in `code`.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{env?: NodeJS.ProcessEnv, cwd?: string, input?: string, limit?: number}} [options]
 *   `limit`: milliseconds until it is killed, default 10 minutes
 * @returns {Promise<Finished>}
 */
export function run(file, args, { env = process.env, cwd, input, limit = 600_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, cwd, stdio: "pipe" });
    let [stdout, stderr, late] = ["", "", false];
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limit);
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stderr += text));
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout, stderr: error.message });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(
        late
          ? { code: 124, stdout, stderr: "time limit reached" }
          : { code: code ?? 1, stdout, stderr },
      );
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}

/**
 * Runs a program in the foreground, on this process's own terminal or, given `onLine`, handing over its lines.
 * An interrupt is passed on once, and the program is left to finish.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{env: NodeJS.ProcessEnv, onLine?: (line: string) => void}} options
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(file, args, { env, onLine }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      stdio: onLine ? ["inherit", "pipe", "pipe"] : "inherit",
    });
    let told = false;
    const passOn = (/** @type {NodeJS.Signals} */ signal) => {
      // A terminal has already sent its interrupt to the program too, and Pulumi takes a second one as "stop at once".
      if (!told && !(signal === "SIGINT" && process.stdin.isTTY)) child.kill(signal);
      told = true;
    };
    process.on("SIGINT", passOn).on("SIGTERM", passOn);
    for (const stream of onLine ? [child.stdout, child.stderr] : []) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach((line) => onLine?.(line));
      });
      stream?.on("end", () => rest && onLine?.(rest));
    }
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", passOn).off("SIGTERM", passOn);
      resolve(code ?? 1);
    });
  });
}

/**
 * @param {string} name of a program
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>} where the first one on PATH is
 */
export async function onPath(name, env = process.env) {
  for (const folder of (env.PATH ?? "").split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** @param {string} file */
export const isExecutable = (file) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/**
 * @param {number} pid
 * @param {string} [program] its name, where another program may have got the number since
 * @returns {Promise<boolean>} whether such a process runs on this machine; a dead one that nobody has collected does not
 */
export async function isAlive(pid, program) {
  const { code, stdout } = await run("ps", ["-o", "stat=,comm=", "-p", String(pid)], {
    limit: 10_000,
  });
  const [, status = "", name = ""] = /^\s*(\S+)\s+(.*?)\s*$/.exec(stdout) ?? [];
  if (code !== 0 || status.startsWith("Z")) return false;
  return program === undefined || path.basename(name) === program;
}
