import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { linesOf, run, type Result } from "../commands";

/**
 * Somebody's side of SSH: a key of their own, the hosts that they know, and an `ssh` to be put first on PATH, which
 * uses these and no file of the person who runs the tests. An unknown host is refused.
 */
export class SshClient {
  private constructor(private readonly folder: string) {}

  static async create(folder: string): Promise<SshClient> {
    const client = new SshClient(folder);
    await mkdir(path.join(folder, "bin"), { recursive: true });
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", client.file("key")]);
    await writeFile(client.file("known_hosts"), "");
    await writeFile(
      client.file("config"),
      [
        "Host *",
        `IdentityFile ${client.file("key")}`,
        "IdentitiesOnly yes",
        `UserKnownHostsFile ${client.file("known_hosts")}`,
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
        "BatchMode yes",
        "ConnectTimeout 20",
        "",
      ].join("\n"),
    );
    const { stdout } = await run("which", ["ssh"]);
    const wrapper = client.file("bin/ssh");
    await writeFile(wrapper, `#!/bin/sh\nexec ${stdout.trim()} -F ${client.file("config")} "$@"\n`);
    await chmod(wrapper, 0o755);
    return client;
  }

  /** Has this client's `ssh` in front. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.file("bin")}:${process.env["PATH"] ?? ""}` };
  }

  /** The folder that goes first on PATH. */
  get bin(): string {
    return this.file("bin");
  }

  async publicKey(): Promise<string> {
    return (await readFile(this.file("key.pub"), "utf8")).trim();
  }

  /** From now on the host at this address must have this key, and no other. */
  async know(address: string, hostKey: string): Promise<void> {
    const file = this.file("known_hosts");
    const others = linesOf(await readFile(file, "utf8")).filter(
      (line) => !line.startsWith(`${address} `),
    );
    await writeFile(file, `${[...others, `${address} ${hostKey}`].join("\n")}\n`);
  }

  /** Runs a command there. @returns also a failure */
  ssh(target: string, command: string, options: readonly string[] = []): Promise<Result> {
    return run("ssh", [...options, target, command], { env: this.env, mayFail: true });
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

/** A host key, made beforehand and handed over. */
export async function makeHostKey(
  folder: string,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const file = path.join(folder, "host-key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  const [privateKey, publicKey] = await Promise.all(
    [file, `${file}.pub`].map((each) => readFile(each, "utf8")),
  );
  return { privateKey: privateKey ?? "", publicKey: (publicKey ?? "").trim() };
}
