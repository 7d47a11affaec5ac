import { spawn } from "node:child_process";
import {
  explainSsh,
  preflight,
  probeScript,
  readProbe,
  type Expectation,
  type HostFacts,
  type Preflight,
} from "../../plan";
import { sshOptions } from "./ssh";

/** A machine that is there answers within seconds, also a small one under load. */
const patienceMs = 60_000;

export interface SshTarget {
  readonly user: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Asks a machine what it is, and measures that against what the stack file expects.
 *
 * @returns without `facts` where it could not be asked, which is then the one fault
 */
export async function probe(
  target: SshTarget,
  expected: Omit<Expectation, "clock" | "login">,
): Promise<Preflight & { readonly facts?: HostFacts }> {
  const login = `${target.user}@${target.address}`;
  try {
    const facts = readProbe(await runRemotely(target, probeScript));
    const clock = Date.now() / 1000;
    return { facts, ...preflight(facts, { ...expected, clock, login }) };
  } catch (error) {
    const message = explainSsh((error as Error).message, login);
    return { faults: [{ path: "host", message }], warnings: [] };
  }
}

/** Runs a shell script on another machine. @throws Error with what ssh said */
function runRemotely({ user, address, port }: SshTarget, script: string): Promise<string> {
  const child = spawn(
    "ssh",
    [
      ...sshOptions,
      "-o",
      "ConnectTimeout=10",
      ...(port === 22 ? [] : ["-p", String(port)]),
      "-l",
      user,
      "--",
      address,
      "sh -s",
    ],
    { stdio: "pipe", timeout: patienceMs, killSignal: "SIGKILL" },
  );
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const said = Buffer.concat(errors).toString();
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(signal === null ? said : `timed out: ${said}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(script);
  });
}
