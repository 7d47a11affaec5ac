import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { docker, run, until } from "./commands";

export interface DockerEngineOptions {
  /** Holds data, logs and socket of the engine; removed with it. */
  readonly folder: string;
  /** A registry on this machine, `host:port`, that answers for Docker Hub and, by the hosts file, for others. */
  readonly registry?: string;
  /** Registries that speak plain HTTP. */
  readonly insecure?: readonly string[];
}

/**
 * A Docker engine of our own. It must have a network namespace to itself: two in one break each other's traffic. It is
 * known by its folder alone, so that any process can end it and start it again.
 */
export class DockerEngine {
  constructor(private readonly options: DockerEngineOptions) {}

  get endpoint(): string {
    return `unix://${path.join(this.options.folder, "docker.sock")}`;
  }

  private get pidFile(): string {
    return path.join(this.options.folder, "docker.pid");
  }

  async start(): Promise<void> {
    const { folder, registry, insecure = [] } = this.options;
    await mkdir(folder, { recursive: true });
    const output = await open(path.join(folder, "dockerd.log"), "a");
    const args = [
      `--host=${this.endpoint}`,
      `--data-root=${path.join(folder, "data")}`,
      `--exec-root=${path.join(folder, "exec")}`,
      `--pidfile=${this.pidFile}`,
      ...(registry === undefined ? [] : [`--registry-mirror=http://${registry}`]),
      ...insecure.map((name) => `--insecure-registry=${name}`),
    ];
    const started = spawn("dockerd", args, {
      stdio: ["ignore", output.fd, output.fd],
      detached: true,
    });
    started.unref();
    await output.close();
    await until("the engine answers", 60_000, async () => {
      if (started.exitCode !== null) {
        const log = await readFile(path.join(folder, "dockerd.log"), "utf8");
        throw new Error(`dockerd ended with ${started.exitCode}:\n${log.slice(-2000)}`);
      }
      const { code } = await docker(this.endpoint, ["version"], { mayFail: true });
      return code === 0;
    });
  }

  /** Ends the engine, and its containers with it, as an administrator would. */
  async stop(): Promise<void> {
    const pid = await readFile(this.pidFile, "utf8").then(Number, () => undefined);
    if (pid === undefined || !isAlive(pid)) return;
    process.kill(pid, "SIGTERM");
    await until("the engine has ended", 60_000, () => Promise.resolve(!isAlive(pid)));
  }

  /** Ends engine and containers as a power cut does: all at once, and without a word. */
  async cutPower(): Promise<void> {
    const { stdout } = await docker(this.endpoint, ["ps", "--quiet", "--no-trunc"]);
    const ids = stdout.split("\n").filter((line) => line !== "");
    const format = "{{.State.Pid}}";
    const containers = await docker(this.endpoint, ["inspect", "--format", format, ...ids]);
    const pids = [
      ...(await processesNaming(this.options.folder)),
      ...containers.stdout.split("\n").map(Number),
    ];
    for (const pid of pids.filter((each) => each > 0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went with the process before it.
      }
    }
    await until("nothing of the engine runs", 60_000, () =>
      Promise.resolve(!pids.some((pid) => pid > 0 && isAlive(pid))),
    );
    // What is kept in /run is gone after a power cut.
    const running = path.join(this.options.folder, "exec");
    await unmountBelow(running);
    await rm(running, { recursive: true, force: true });
    await rm(this.pidFile, { force: true });
  }

  /** Removes everything that the engine has, and the engine. */
  async remove(): Promise<void> {
    const { stdout } = await docker(this.endpoint, ["ps", "--all", "--quiet"], { mayFail: true });
    const containers = stdout.split("\n").filter((line) => line !== "");
    if (containers.length > 0) {
      await docker(this.endpoint, ["rm", "--force", "--volumes", ...containers], { mayFail: true });
    }
    await this.stop();
    await unmountBelow(this.options.folder);
    await rm(this.options.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A process that has ended and was not collected yet counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** What an engine that was cut off has left mounted. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile("/proc/self/mounts", "utf8"))
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? []);
  for (const place of mounts.filter((each) => each.startsWith(`${folder}/`)).reverse()) {
    await run("umount", ["--lazy", place], { mayFail: true });
  }
}

/** Engine, containerd and shims: all of them are told the engine's folder by their arguments. */
async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const named = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return /^(dockerd|\/?[^\0]*containerd[^\0]*)\0/.test(line) && line.includes(folder)
        ? [pid]
        : [];
    }),
  );
  return named.flat();
}
