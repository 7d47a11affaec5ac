import { openSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultSocket, explainFault, findEngine } from "./docker.mjs";
import { state } from "./folders.mjs";
import { withLock } from "./lock.mjs";
import { onPath, run } from "./processes.mjs";
import { step, UserError } from "./report.mjs";

/** @typedef {import("./docker.mjs").Engine} Engine */

/**
 * Finds Docker's engine. As root on Linux one that is stopped is started, and on Debian and Ubuntu a missing one is
 * installed; elsewhere the error says what to install.
 * @returns {Promise<Engine>}
 */
export async function ensureEngine() {
  const first = await findEngine();
  const engine = "engine" in first ? first.engine : await withLock("docker", provide);
  if (!(await onPath("docker"))) await ensureClient();
  return engine;
}

/** @returns {Promise<Engine>} */
async function provide() {
  const found = await findEngine();
  if ("engine" in found) return found.engine;
  const { fault } = found;
  const mayMend =
    !fault.chosen &&
    fault.host === `unix://${defaultSocket}` &&
    ["absent", "stopped"].includes(fault.kind);
  if (!mayMend) throw new UserError(explainFault(fault));
  if (!isRoot() || process.platform !== "linux")
    throw new UserError(await advice(explainFault(fault)));
  if (!(await onPath("dockerd"))) await install();
  return (await answering(1)) ?? step("Docker's engine: starting it", "a few seconds", start);
}

const isRoot = () => process.getuid?.() === 0;

async function install() {
  if (!isDebianRoot())
    throw new UserError(await advice("There is no Docker engine on this machine."));
  await step("Docker's engine: installing the package docker.io", "about a minute", () =>
    aptInstall(["docker.io"]),
  );
}

/** Since Debian 13 the client is a package of its own. */
async function ensureClient() {
  if (isDebianRoot()) {
    const { code } = await run("apt-cache", ["show", "docker-cli"]);
    await step("Docker's command line: installing it", "half a minute", () =>
      aptInstall([code === 0 ? "docker-cli" : "docker.io"]),
    );
    if (await onPath("docker")) return;
  }
  throw new UserError(
    "Docker's engine runs, but the command `docker` is not on PATH. Install Docker's command line (package docker-cli or docker.io; on macOS: brew install docker), then run the same command again.",
  );
}

/** @param {string[]} packages */
async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another apt may hold the lock, as just after a machine's first boot.
  const wait = ["-o", "DPkg::Lock::Timeout=120"];
  await run("apt-get", [...wait, "update"], { env });
  const { code, stderr } = await run("apt-get", [...wait, "install", "--yes", ...packages], {
    env,
    limit: 1_200_000,
  });
  if (code !== 0) {
    throw new UserError(
      `${packages.join(" ")} could not be installed by apt-get. Its last words: ${stderr.trim().split("\n").slice(-3).join(" ")}`,
    );
  }
}

/** @returns {Promise<Engine>} */
async function start() {
  const systemd = await stat("/run/systemd/system").catch(() => undefined);
  if (systemd) await run("systemctl", ["start", "docker"], { limit: 60_000 });
  else if (await stat("/etc/init.d/docker").catch(() => undefined))
    await run("service", ["docker", "start"], { limit: 30_000 });
  const engine = (await answering(10)) ?? (systemd ? undefined : await startAlone());
  if (engine) return engine;
  throw new UserError(
    `Docker's engine is installed but does not start. ${systemd ? "See: journalctl -u docker" : `Its log: ${log} (or /var/log/docker.log)`}`,
  );
}

const log = path.join(state, "dockerd.log");

/** Where no service manager starts it, as in many containers: the engine by itself, which outlives this command. */
async function startAlone() {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] })
    .on("error", () => undefined)
    .unref();
  return answering(60);
}

/**
 * @param {number} tries a half second each
 * @returns {Promise<Engine | undefined>}
 */
async function answering(tries) {
  for (let left = tries; left > 0; left--) {
    const found = await findEngine();
    if ("engine" in found) return found.engine;
    if (left > 1) await sleep(500);
  }
  return undefined;
}

/** @returns {boolean} whether Debian's packages can be installed here without asking anyone */
export const isDebianRoot = () =>
  isRoot() && (systemIds.includes("debian") || systemIds.includes("ubuntu"));

const systemIds = systemNames(await readFile("/etc/os-release", "utf8").catch(() => ""));

/**
 * @param {string} text of /etc/os-release
 * @returns {string[]} the system's name and those of its relatives, such as "ubuntu" and "debian"
 */
export function systemNames(text) {
  const names = [...text.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((found) =>
    (found[1] ?? "").split(" "),
  );
  return names.filter(Boolean);
}

/**
 * @param {string} reason
 * @returns {Promise<string>}
 */
async function advice(reason) {
  const how = installationHint(
    process.platform,
    systemIds,
    (await onPath("dockerd")) !== undefined,
  );
  return `${reason} ${how} Then run the same command again.`;
}

/**
 * @param {string} platform as in process.platform
 * @param {readonly string[]} names of the Linux system
 * @param {boolean} installed
 * @returns {string} what to do to have a Docker engine
 */
export function installationHint(platform, names, installed) {
  if (platform === "darwin") {
    return "Install Docker Desktop (brew install --cask docker), OrbStack (brew install orbstack) or Colima (brew install colima docker, then colima start), and start it.";
  }
  if (platform !== "linux") return "Install Docker Desktop: https://docs.docker.com/get-docker/";
  if (installed) return "Start it: sudo systemctl start docker";
  const enable =
    "sudo systemctl enable --now docker && sudo usermod -aG docker $USER, and log in again.";
  if (names.includes("debian") || names.includes("ubuntu")) {
    return "Install it: sudo apt-get install docker.io && sudo usermod -aG docker $USER, and log in again (as root this command does it for you).";
  }
  if (names.includes("fedora") || names.includes("rhel"))
    return `Install it: sudo dnf install moby-engine docker-cli && ${enable}`;
  if (names.includes("arch")) return `Install it: sudo pacman -S docker && ${enable}`;
  if (names.includes("suse") || names.includes("opensuse"))
    return `Install it: sudo zypper install docker && ${enable}`;
  if (names.includes("alpine"))
    return "Install it: sudo apk add docker && sudo rc-service docker start";
  return "Install it: https://docs.docker.com/engine/install/";
}
