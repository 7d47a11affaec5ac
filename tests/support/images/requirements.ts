import { accessSync, constants } from "node:fs";
import path from "node:path";
import { run } from "./run";

/** Debian packages by a program that they bring. */
const packages: Readonly<Record<string, string>> = {
  docker: "docker.io",
  dockerd: "docker.io",
  mmdebstrap: "mmdebstrap",
  "docker-registry": "docker-registry",
};

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
    throw new Error(
      `The rehearsal's images cannot be made: ${missing.join(", ")} not found. On Debian or Ubuntu run as root: apt-get install ${wanted.join(" ")}`,
    );
  }
  progress(`Installing ${wanted.join(", ")} (about a minute)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "--yes", "--no-install-recommends", ...wanted], { env });
  // The package starts a registry for the whole machine, which nobody asked for.
  if (wanted.includes("docker-registry") && isInstalled("systemctl")) {
    await run("systemctl", ["disable", "--now", "docker-registry"]).catch(() => undefined);
  }
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
