import type { Fault } from "../faults";
import { architectureOf, type Architecture } from "./architecture";

/** What a machine told of itself before anything was changed on it. A value that it did not tell is undefined. */
export interface HostFacts {
  /** As `uname -m` says it. */
  readonly machine: string;
  /** Of the engine's machine, which on a Mac is a virtual one. */
  readonly memoryMb: number | undefined;
  readonly cpus: number | undefined;
  readonly swapMb: number | undefined;
  /** In bytes. */
  readonly pageSize: number | undefined;
  /** Seconds since 1970. */
  readonly clock: number | undefined;
  /** Another after each start of the machine. */
  readonly boot: string | undefined;
  readonly docker: DockerFacts | DockerTrouble;
}

export interface DockerFacts {
  /** Of the engine, as `1.41`. */
  readonly apiVersion: string;
  /** Of the engine, as `28.2.2`. */
  readonly version: string;
  /** Whether containers can be held to an amount of memory. */
  readonly limitsMemory: boolean;
  readonly rootFolder: string;
  /** At the root folder. */
  readonly freeMb: number | undefined;
  /** Of the root folder, as `/dev/mmcblk0p2`. */
  readonly device: string | undefined;
}

export interface DockerTrouble {
  /** What the docker client said instead. */
  readonly trouble: string;
}

/** Faults stop the run before the first resource, warnings are told and it goes on. */
export interface Preflight {
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

/** What the stack file expects of the machine. */
export interface Expectation {
  readonly architecture: Architecture;
  /** Undefined: whatever it has. */
  readonly memoryMb: number | undefined;
  /** The operator's own clock, in seconds since 1970. */
  readonly clock: number;
  /** How the operator logs in, as in `pi@pi.local`. */
  readonly login: string;
}

/**
 * Asks a machine all that a preflight wants to know, in one go and without changing anything. It answers in lines of a
 * name, an equals sign and a value.
 */
export const probeScript = `
say() { printf '%s=%s\\n' "$1" "$2"; }
of() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo 2> /dev/null; }
say machine "$(uname -m)"
say memoryKb "$(of MemTotal)"
say swapKb "$(of SwapTotal)"
# A Mac's own pages say nothing of those of the virtual machine that its engine is in.
if [ "$(uname -s)" = Linux ]; then say pageSize "$(getconf PAGESIZE 2> /dev/null)"; fi
say clock "$(date +%s)"
say boot "$(cat /proc/sys/kernel/random/boot_id 2> /dev/null)"
if ! command -v docker > /dev/null; then
  say trouble 'docker: not found'
elif ! api=$(docker version --format '{{.Server.APIVersion}}' 2>&1); then
  say trouble "$(printf '%s' "$api" | tail -n 1)"
else
  say apiVersion "$api"
  docker info --format 'version={{.ServerVersion}}
engineMemory={{.MemTotal}}
cpus={{.NCPU}}
limitsMemory={{.MemoryLimit}}
rootFolder={{.DockerRootDir}}' 2> /dev/null
  if [ "$(uname -s)" = Linux ]; then
    root=$(docker info --format '{{.DockerRootDir}}' 2> /dev/null)
    # The folder itself may be closed to this account: the nearest one above it is on the same disk, or close to it.
    while [ -n "$root" ] && ! df -Pk "$root" > /dev/null 2>&1; do root=\${root%/*}; done
    df -Pk "\${root:-/}" | awk 'NR == 2 { print "freeKb=" $4; print "device=" $1 }'
  fi
fi
`;

/** @throws Error where the machine answered something else than was asked */
export function readProbe(text: string): HostFacts {
  const values = new Map(
    text
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const number = (name: string): number | undefined => {
    const value = values.get(name);
    return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
  };
  const megabytes = (name: string): number | undefined => {
    const kilobytes = number(name);
    return kilobytes === undefined ? undefined : Math.floor(kilobytes / 1024);
  };
  const machine = values.get("machine");
  if (machine === undefined)
    throw new Error(`no shell answers there, but: ${text.trim().split("\n")[0] ?? ""}`);
  const trouble = values.get("trouble");
  const engineMemory = number("engineMemory");
  return {
    machine,
    memoryMb:
      engineMemory === undefined ? megabytes("memoryKb") : Math.floor(engineMemory / 1024 ** 2),
    cpus: number("cpus"),
    swapMb: megabytes("swapKb"),
    pageSize: number("pageSize"),
    clock: number("clock"),
    boot: values.get("boot"),
    docker:
      trouble === undefined
        ? {
            apiVersion: values.get("apiVersion") ?? "",
            version: values.get("version") ?? "",
            limitsMemory: values.get("limitsMemory") !== "false",
            rootFolder: values.get("rootFolder") ?? "",
            freeMb: megabytes("freeKb"),
            device: values.get("device"),
          }
        : { trouble },
  };
}

/** Docker 20.10: what Debian 11 and later and Ubuntu 20.04 and later have. */
const oldestApi = [1, 41] as const;

/** Room that images, the database and some media need before anything is started. */
export const leastFreeMb = 3 * 1024;

/** A one-time password is good for half a minute, and other servers refuse what is signed far from their own time. */
const mostSkewSeconds = 30;

/** Less memory than this, and the kernel ends a process at each peak where there is no swap. */
const needsSwapBelowMb = 8 * 1024 - 512;

const onHost = (message: string): Fault => ({ path: "host", message });

/** What stands against an instance on this machine. */
export function preflight(facts: HostFacts, expected: Expectation): Preflight {
  return {
    faults: [
      ...architectureFaults(facts, expected),
      ...memoryFaults(facts, expected),
      ...clockFaults(facts, expected),
      ...("trouble" in facts.docker
        ? [onHost(explainTrouble(facts.docker.trouble, expected.login))]
        : dockerFaults(facts.docker)),
    ],
    warnings: warningsOf(facts),
  };
}

function architectureFaults({ machine }: HostFacts, { architecture }: Expectation): Fault[] {
  const found = architectureOf(machine);
  if (found === architecture) return [];
  const remedy =
    found === undefined
      ? "Mastodon's images are for amd64 and arm64 only; a Raspberry Pi needs a 64-bit system"
      : `set arch: ${found}`;
  return [
    {
      path: "host.arch",
      message: `"${architecture}" is not what the machine is: it says ${machine}; ${remedy}`,
    },
  ];
}

function memoryFaults(facts: HostFacts, expected: Expectation): Fault[] {
  if (expected.memoryMb === undefined || facts.memoryMb === undefined) return [];
  if (expected.memoryMb <= facts.memoryMb) return [];
  return [
    {
      path: "sizing.memoryMb",
      message: `${expected.memoryMb} is more than the machine has: it has ${facts.memoryMb} MB; leave it out, or say less`,
    },
  ];
}

function clockFaults({ clock }: HostFacts, expected: Expectation): Fault[] {
  const skew = clock === undefined ? 0 : Math.abs(clock - expected.clock);
  return skew <= mostSkewSeconds
    ? []
    : [
        onHost(
          `has a clock that is ${Math.round(skew)} seconds from this machine's: sign-in codes and signatures would be refused; set it with \`sudo timedatectl set-ntp true\``,
        ),
      ];
}

function dockerFaults({ apiVersion, limitsMemory, freeMb, rootFolder }: DockerFacts): Fault[] {
  return [
    ...apiFaults(apiVersion),
    ...(limitsMemory ? [] : [memoryLimitFault]),
    ...(freeMb === undefined || freeMb >= leastFreeMb ? [] : [diskFault(freeMb, rootFolder)]),
  ];
}

function apiFaults(version: string): Fault[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = oldestApi;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
    ? []
    : [
        onHost(
          `has an engine that is too old: its API is ${version}, and ${oldestApi.join(".")} (Docker 20.10) is the least; update Docker`,
        ),
      ];
}

/** A Raspberry Pi's firmware leaves the accounting off: https://www.raspberrypi.com/documentation/computers/configuration.html */
export const memoryLimitFault: Fault = onHost(
  "does not hold containers to their memory, so that one of them can take the whole machine down: its kernel does no memory accounting; on a Raspberry Pi add `cgroup_enable=memory cgroup_memory=1` to the one line of /boot/firmware/cmdline.txt, and reboot",
);

export const diskFault = (freeMb: number, rootFolder: string): Fault =>
  onHost(
    `has only ${freeMb} MB free at ${rootFolder}, where Docker keeps its data: an instance needs ${leastFreeMb} MB; free some, for example with \`docker image prune\``,
  );

function explainTrouble(trouble: string, login: string): string {
  const [user = login] = login.split("@");
  if (/not found/.test(trouble)) {
    return `has no docker command on the path of ${login}: install Docker there (https://docs.docker.com/engine/install/); where it is installed, as on a Mac, see to it that \`ssh ${login} docker version\` finds it`;
  }
  if (/permission denied/i.test(trouble)) {
    return `lets ${login} log in, but not use Docker: run \`sudo usermod -aG docker ${user}\` there`;
  }
  if (/cannot connect|is the docker daemon running/i.test(trouble)) {
    return "has Docker installed, but its engine does not run: start it with `sudo systemctl enable --now docker` there, or on a Mac start Docker Desktop, OrbStack or Colima";
  }
  return `has a Docker that does not answer as it should: ${trouble}`;
}

function warningsOf({ pageSize, memoryMb, swapMb, docker }: HostFacts): string[] {
  const device = "trouble" in docker ? undefined : docker.device;
  return [
    ...(pageSize === undefined || pageSize === 4096
      ? []
      : [
          `The host's kernel has pages of ${pageSize} bytes. Programs built for 4096 end with "Unsupported system page size" there; if a container does, add kernel=kernel8.img to /boot/firmware/config.txt and reboot.`,
        ]),
    ...(device?.startsWith("/dev/mmcblk") === true
      ? [
          `Docker keeps its data on an SD card (${device}). A database wears it out, within months where many posts arrive, and is some ten times slower there than on an SSD at USB 3 or NVMe: move it before members join.`,
        ]
      : []),
    ...(swapMb === 0 && memoryMb !== undefined && memoryMb < needsSwapBelowMb
      ? [
          `The host has ${memoryMb} MB of memory and no swap: at a peak, such as the conversion of a video, the kernel ends a process. Give it 2 GB of swap, or zram.`,
        ]
      : []),
  ];
}

/** What a failed `ssh` means, and what to do. */
export function explainSsh(said: string, login: string): string {
  const [user = login, address = login] = login.split("@");
  if (/host key verification failed|no .* host key is known/i.test(said)) {
    return /identification has changed/i.test(said)
      ? `shows another host key than the one that is known for ${address}: if the machine was set up anew, remove the old one with \`ssh-keygen -R ${address}\` and connect once by hand`
      : `has a host key that is not known here: connect once with \`ssh ${login}\`, and compare the fingerprint with what \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` says on the machine`;
  }
  if (/permission denied/i.test(said)) {
    return `does not let ${user} in with the keys of this machine: copy yours with \`ssh-copy-id ${login}\`, or add it to your agent with \`ssh-add\``;
  }
  if (/could not resolve/i.test(said)) {
    return `cannot be found: nothing is known under the name ${address}; check host.address, or write its IP address`;
  }
  if (/refused/i.test(said)) {
    return `refuses SSH: at ${address} nothing listens on that port; start its SSH server, or check host.port`;
  }
  if (/timed out|no route|unreachable/i.test(said)) {
    return `cannot be reached: ${address} does not answer; check that it is on, and that this machine is in its network`;
  }
  if (/ENOENT/.test(said)) return "needs the ssh command, which is not on the PATH of this machine";
  return `cannot be reached by SSH: ${said.trim().split("\n").at(-1) ?? ""}`;
}
