import { accessSync, constants } from "node:fs";
import path from "node:path";
import { run } from "./commands";

/** Debian packages by a program that they bring. */
const packages: Readonly<Record<string, string>> = {
  docker: "docker.io",
  dockerd: "docker.io",
  "docker-registry": "docker-registry",
  ip: "iproute2",
  iptables: "iptables",
  openssl: "openssl",
  ssh: "openssh-client",
  mmdebstrap: "mmdebstrap",
  unshare: "util-linux",
};

const installLimitMs = 20 * 60_000;

/**
 * Sees to it that the programs are there: as root on a Debian system they are installed.
 * @throws Error naming what is missing and what to do
 */
export async function requirePrograms(
  programs: readonly string[],
  progress: (line: string) => void,
): Promise<void> {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const wanted = [...new Set(missing.flatMap((program) => packages[program] ?? []))];
  const canInstall =
    process.getuid?.() === 0 &&
    isInstalled("apt-get") &&
    missing.every((program) => packages[program]);
  if (!canInstall) {
    const advice =
      wanted.length === 0
        ? ""
        : ` On Debian or Ubuntu run as root: apt-get install ${wanted.join(" ")}`;
    throw new Error(`${missing.join(", ")} not found on PATH.${advice}`);
  }
  progress(`Installing ${wanted.join(", ")} (about a minute)`);
  await apt("update");
  await apt("install", "--yes", "--no-install-recommends", ...wanted);
  // The package starts a registry for the whole machine, which nobody asked for.
  if (wanted.includes("docker-registry") && isInstalled("systemctl")) {
    await run("systemctl", ["disable", "--now", "docker-registry"], { mayFail: true });
  }
}

async function apt(...args: string[]): Promise<void> {
  // Another apt may hold the lock, as just after a machine's first boot.
  await run("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    limitMs: installLimitMs,
  });
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
