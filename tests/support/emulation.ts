import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "./projectFolder";

/** How to run programs of another architecture. */
export interface Emulator {
  /** The program that does it, static. */
  readonly interpreter: string;
  /** A file with Debian's line that tells the kernel which programs are for it (`/usr/lib/binfmt.d/`). */
  readonly rule: string;
}

const script = path.join(projectFolder, "tests", "support", "emulate.sh");

/**
 * Does work while this machine's kernel runs the programs of another architecture. Needs root. The kernel has one
 * register of emulators for all that run on it (but user namespaces of their own): no other run's entry is touched,
 * and this run's is gone afterwards, also when it is killed.
 */
export async function withEmulator<T>(
  { interpreter, rule }: Emulator,
  work: () => Promise<T>,
): Promise<T> {
  const child = spawn("unshare", ["--mount", "sh", script, rule, interpreter], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString("utf8")));
  const ended = once(child, "close");
  const registered = once(createInterface(child.stdout), "line");
  await Promise.race([registered, ended]);
  if (child.exitCode !== null || child.signalCode !== null) {
    throw new Error(`${interpreter} cannot be made the emulator: ${complaints.trim()}`);
  }
  try {
    return await work();
  } finally {
    child.stdin.end();
    await ended;
  }
}
