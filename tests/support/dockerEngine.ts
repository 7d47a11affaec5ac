import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { docker, lastLines, linesOf, run, until } from "./commands";

export interface DockerEngineOptions {
  /** Holds data, logs and socket of the engine; removed with it. */
  readonly folder: string;
  /** A registry on this machine, `host:port`, that answers for Docker Hub and, by the hosts file, for others. */
  readonly registry?: string;
  /** Registries that speak plain HTTP. */
  readonly insecure?: readonly string[];
  /**
   * In containerd, for what it keeps there, where the machine has one of its own. Default: the one of every engine.
   */
  readonly namespace?: string;
  /**
   * Whether it makes networks and firewall rules. Two that do, in one network namespace, break each other's traffic;
   * the containers of one that does not have the network of the machine, or none. Default: true.
   */
  readonly networks?: boolean;
}

/** A Docker engine of our own. It is known by its folder alone, so that any process can end it and start it again. */
export class DockerEngine {
  constructor(private readonly options: DockerEngineOptions) {}

  get endpoint(): string {
    return `unix://${path.join(this.options.folder, "docker.sock")}`;
  }

  private get pidFile(): string {
    return path.join(this.options.folder, "docker.pid");
  }

  async start(): Promise<void> {
    const { folder } = this.options;
    await mkdir(folder, { recursive: true });
    const log = path.join(folder, "dockerd.log");
    const output = await open(log, "a");
    const started = spawn("dockerd", this.args(), { stdio: ["ignore", output.fd, output.fd] });
    let ended: string | undefined;
    started.once("error", (error) => (ended = error.message));
    started.once("exit", (code, signal) => (ended = `it ended with ${code ?? signal ?? ""}`));
    started.unref();
    await output.close();
    await until("the engine answers", 120_000, async () => {
      if (ended !== undefined) {
        const reason = lastLines(await readFile(log, "utf8"), 10);
        throw new Error(`dockerd did not start, ${ended}:\n${reason}`);
      }
      const { code } = await docker(this.endpoint, ["version"], { mayFail: true });
      return code === 0;
    });
  }

  private args(): string[] {
    const { folder, registry, insecure = [], namespace, networks = true } = this.options;
    return [
      `--host=${this.endpoint}`,
      `--data-root=${path.join(folder, "data")}`,
      `--exec-root=${path.join(folder, "exec")}`,
      `--pidfile=${this.pidFile}`,
      ...(registry === undefined ? [] : [`--registry-mirror=http://${registry}`]),
      ...insecure.map((name) => `--insecure-registry=${name}`),
      ...(namespace === undefined
        ? []
        : [
            `--containerd-namespace=${namespace}`,
            `--containerd-plugins-namespace=${namespace}-plugins`,
          ]),
      ...(networks ? [] : ["--bridge=none", "--iptables=false", "--ip6tables=false"]),
    ];
  }

  /** Ends the engine, and its containers with it, as an administrator would. */
  async stop(): Promise<void> {
    const pid = await readFile(this.pidFile, "utf8").then(Number, () => undefined);
    // After a crash the number may be another program's.
    if (pid === undefined || !(await isNaming(pid, this.options.folder))) return;
    process.kill(pid, "SIGTERM");
    await until("the engine has ended", 120_000, () => Promise.resolve(!isAlive(pid)));
  }

  /** Ends engine and containers as a power cut does: all at once, and without a word. */
  async cutPower(): Promise<void> {
    const ids = linesOf((await docker(this.endpoint, ["ps", "--quiet", "--no-trunc"])).stdout);
    const format = "{{.State.Pid}}";
    const containers = await docker(this.endpoint, ["inspect", "--format", format, ...ids]);
    const pids = [
      ...(await processesNaming(this.options.folder)),
      ...linesOf(containers.stdout).map(Number),
    ].filter((pid) => pid > 0);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went with the process before it.
      }
    }
    await until("nothing of the engine runs", 120_000, () => Promise.resolve(!pids.some(isAlive)));
    // What is kept in /run is gone after a power cut.
    await removeMounted(path.join(this.options.folder, "exec"));
    await rm(this.pidFile, { force: true });
  }

  /** Removes everything that the engine has, and the engine; also what an earlier run left of it. */
  async remove(): Promise<void> {
    const { stdout } = await docker(this.endpoint, ["ps", "--all", "--quiet"], { mayFail: true });
    const containers = linesOf(stdout);
    if (containers.length > 0) {
      await docker(this.endpoint, ["rm", "--force", "--volumes", ...containers], { mayFail: true });
    }
    await this.stop();
    await removeMounted(this.options.folder);
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

/** Removes a folder of an engine, after what a cut-off one has left mounted below it. */
async function removeMounted(folder: string): Promise<void> {
  const mounts = linesOf(await readFile("/proc/self/mounts", "utf8"));
  const below = mounts
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of below.reverse()) await run("umount", ["--lazy", place], { mayFail: true });
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Engine, containerd and shims: all of them are told the engine's folder by their arguments. */
async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const named = await Promise.all(
    pids.map(async (pid) => ((await isNaming(pid, folder)) ? [pid] : [])),
  );
  return named.flat();
}

async function isNaming(pid: number, folder: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return /^(dockerd|\/?[^\0]*containerd[^\0]*)\0/.test(line) && line.includes(folder);
}
