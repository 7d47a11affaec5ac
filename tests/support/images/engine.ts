import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./run";

/** A Docker engine of our own, for the time of building. */
export interface BuildEngine {
  /** Runs the docker client against it. */
  readonly docker: (...args: string[]) => Promise<string>;
  /** Stops it and removes all that it kept. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an engine that shares nothing with one that may run already: own folders and containerd namespace, no bridge
 * and no firewall rules. Builds use the host's network.
 * @param folder taken over wholly; what an earlier, killed run left in it is stopped and removed
 */
export async function startBuildEngine(folder: string): Promise<BuildEngine> {
  const pidFile = path.join(folder, "docker.pid");
  await stopByPidFile(pidFile, folder);
  await removeFolder(folder);
  await mkdir(path.join(folder, "config"), { recursive: true });
  const socket = `unix://${path.join(folder, "docker.sock")}`;
  const logFile = await open(path.join(folder, "docker.log"), "w");
  const child = spawn(
    "dockerd",
    [
      `--data-root=${path.join(folder, "data")}`,
      `--exec-root=${path.join(folder, "exec")}`,
      `--pidfile=${pidFile}`,
      `--host=${socket}`,
      "--containerd-namespace=rehearsal",
      "--containerd-plugins-namespace=rehearsal-plugins",
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
    ],
    { stdio: ["ignore", logFile.fd, logFile.fd] },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await logFile.close();
  const env = {
    ...process.env,
    DOCKER_HOST: socket,
    DOCKER_CONFIG: path.join(folder, "config"),
    DOCKER_BUILDKIT: "0",
  };
  const docker = (...args: string[]): Promise<string> => run("docker", args, { env });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    await removeFolder(folder);
  };
  try {
    await ready(docker, () => child.exitCode !== null);
  } catch {
    const reason = (await readFile(path.join(folder, "docker.log"), "utf8"))
      .trim()
      .split("\n")
      .slice(-5)
      .join("\n");
    await stop();
    throw new Error(`the Docker engine for building images did not start:\n${reason}`);
  }
  return { docker, stop };
}

async function ready(docker: BuildEngine["docker"], hasEnded: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 120 && !hasEnded(); attempt += 1) {
    try {
      await docker("version");
      return;
    } catch {
      await sleep(250);
    }
  }
  throw new Error("not ready");
}

/** Ends the engine of an earlier run, recognised by its folder in the command line. */
async function stopByPidFile(pidFile: string, folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => "0"));
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (pid === 0 || !commandLine.includes(folder)) return;
  process.kill(pid, "SIGTERM");
  while (existsSync(`/proc/${pid}`)) await sleep(100);
}

/** Removes the engine's folder, after what it still has mounted there: at least the network namespace of its containers. */
async function removeFolder(folder: string): Promise<void> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  const below = mounts
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of below.reverse()) await run("umount", ["--lazy", place]);
  await rm(folder, { recursive: true, force: true });
}
