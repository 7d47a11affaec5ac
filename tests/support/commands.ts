import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A lost connection hangs for ever. Default: five minutes, as all tiers at once make a small machine slow. */
  readonly limitMs?: number;
  /** Returns the failure instead of throwing it. */
  readonly mayFail?: boolean;
}

/** Runs a program to its end. @throws with the last of its output when it fails, unless it may */
export function run(
  program: string,
  args: readonly string[],
  { limitMs = 300_000, mayFail = false, ...place }: RunOptions = {},
): Promise<Result> {
  const limits = { timeout: limitMs, killSignal: "SIGKILL", maxBuffer: 64 * 1024 ** 2 } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { ...place, ...limits }, (error, stdout, stderr) => {
      if (error !== null && !mayFail) {
        const reason = error.killed === true ? "time limit" : (error.code ?? error.signal ?? "");
        const output = lastLines(`${stdout}\n${stderr}`);
        reject(new Error(`${program} ${args.join(" ")} failed (${reason}):\n${output}`));
        return;
      }
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** Where a program says why it failed: a build says thousands of lines before. */
export function lastLines(output: string, count = 60): string {
  return output.trim().split("\n").slice(-count).join("\n");
}

/** The lines of an output that hold anything. */
export function linesOf(output: string): string[] {
  return output.split("\n").filter((line) => line !== "");
}

/** Runs the docker client against an engine. */
export function docker(
  endpoint: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  return run("docker", ["--host", endpoint, ...args], options);
}

/** Waits until something holds. @throws when it does not within the time limit */
export async function until(
  what: string,
  limitMs: number,
  holds: () => Promise<boolean>,
  everyMs = 250,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain: ${what}`);
    await sleep(everyMs);
  }
}
