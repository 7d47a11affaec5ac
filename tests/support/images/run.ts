import { spawn } from "node:child_process";

/** How to run a program. */
interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout, trimmed
 * @throws Error with the command and the last of its output when it fails
 */
export function run(
  command: string,
  args: readonly string[],
  options: Options = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => void (stdout.push(chunk), all.push(chunk)));
    child.stderr.on("data", (chunk: Buffer) => void all.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(stdout).toString("utf8").trim());
        return;
      }
      const output = Buffer.concat(all).toString("utf8").trim().split("\n").slice(-20).join("\n");
      reject(new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}:\n${output}`));
    });
  });
}
