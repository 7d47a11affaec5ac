import type { Config } from "./configSchema";
import type { Architecture } from "./hosts/architecture";
import { commandLine } from "./shell";

/** How a host comes to run programs of another architecture. */
export interface EmulationSpec {
  /** For a shell with the docker client on its path. */
  readonly script: string;
  /** Changes when the host was started anew: its kernel forgets then what was registered. */
  readonly boot: string;
}

/** QEMU for all architectures, with a program that registers it: https://github.com/tonistiigi/binfmt */
// renovate: datasource=docker depName=tonistiigi/binfmt
const emulator =
  "tonistiigi/binfmt:qemu-v10.2.3@sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0";

/** As QEMU, and with it the kernel's register, calls them. */
const names: Readonly<Record<Architecture, string>> = { amd64: "x86_64", arm64: "aarch64" };

/**
 * Registers QEMU with the host's kernel. The register is handed to the container, which then needs no privilege at all.
 * The program ends with 0 whatever happened, and lists what is registered.
 */
export function emulationSpec({
  emulated = {},
  boot = "",
  images,
}: Config): EmulationSpec | undefined {
  const [architecture] = Object.values(emulated);
  if (architecture === undefined) return undefined;
  const run = commandLine([
    "docker",
    "run",
    "--rm",
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--volume=/proc/sys/fs/binfmt_misc:/binfmt_misc",
    images.binfmt ?? emulator,
    "--mount",
    "/binfmt_misc",
    "--install",
    architecture,
  ]);
  return {
    boot,
    script: [
      "set -eu",
      `answer=$(${run} 2>&1)`,
      'case "$answer" in',
      `  *qemu-${names[architecture]}*) ;;`,
      `  *) printf '%s\\n' "$answer" 'The host has not taken up the emulator. Install it there instead: sudo apt-get install qemu-user-static' >&2; exit 1 ;;`,
      "esac",
    ].join("\n"),
  };
}

/** What its owner should know of images that are emulated. */
export const emulationWarning = (
  references: readonly string[],
  architecture: Architecture,
): string =>
  `Emulated, since there is no image for the host: ${references.join(", ")} (${architecture}). That takes ten times the processor's time and more, and is forgotten when the host starts anew, until the next \`up\`; the package qemu-user-static on the host keeps it.`;
