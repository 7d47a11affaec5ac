import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { statfs } from "node:fs/promises";
import { promisify } from "node:util";
import {
  architectureOf,
  diskFault,
  ipv6Faults,
  leastFreeMb,
  memoryLimitFault,
  type Architecture,
  type Capacity,
  type Fault,
  type Listener,
} from "../../plan";

const run = promisify(execFile);

/** A Docker engine that was found and answered. */
export interface Engine {
  /** As in `DOCKER_HOST`: `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  /** Such as `28.2.2`. */
  readonly version: string;
  readonly capacity: Capacity;
  /** Undefined where Mastodon has no images for such a processor. */
  readonly architecture: Architecture | undefined;
  /** Whether containers can be held to an amount of memory. */
  readonly limitsMemory: boolean;
  /** Where the engine keeps images and volumes, on its own machine. */
  readonly rootFolder: string;
}

/** Thrown where no engine can be used, with a sentence that says why and what to do. */
export class EngineError extends Error {}

/** An engine that is there answers in well under a second; one behind a dead connection never does. */
const patienceMs = 20_000;

interface EngineInfo {
  readonly MemTotal: number;
  readonly NCPU: number;
  readonly DockerRootDir: string;
  readonly OSType: string;
  readonly ServerVersion?: string;
  readonly Architecture?: string;
  readonly MemoryLimit?: boolean;
}

/**
 * Finds the engine that commands on this machine talk to, and asks what it has.
 *
 * @param socket the stack file's `host.socket`; absent: `DOCKER_HOST`, else the client's active context
 * @throws EngineError
 */
export async function inspectEngine(socket: string | undefined): Promise<Engine> {
  const endpoint = await findEndpoint(socket);
  const output = await docker(endpoint, ["info", "--format", "{{json .}}"]);
  const info = readInfo(output, endpoint);
  if (info.OSType !== "linux") {
    throw new EngineError(
      `The engine at ${endpoint} runs ${info.OSType} containers; switch it to Linux containers.`,
    );
  }
  return {
    endpoint,
    version: info.ServerVersion ?? "",
    capacity: { memoryMb: Math.floor(info.MemTotal / 1024 ** 2), cpus: info.NCPU },
    architecture: architectureOf(info.Architecture ?? ""),
    limitsMemory: info.MemoryLimit !== false,
    rootFolder: info.DockerRootDir,
  };
}

/** Older clients print what they know of themselves, end well, and name the error in what they print. */
function readInfo(output: string, endpoint: string): EngineInfo {
  const info = JSON.parse(output) as Partial<EngineInfo> & { ServerErrors?: string[] | null };
  const [stderr] = info.ServerErrors ?? [];
  if (stderr !== undefined) throw new EngineError(explain({ stderr }, endpoint));
  const { MemTotal, NCPU, DockerRootDir, OSType, ...rest } = info;
  if (!MemTotal || !NCPU || DockerRootDir === undefined || OSType === undefined) {
    throw new EngineError(
      `The engine at ${endpoint} does not answer as Docker does: set DOCKER_HOST or host.socket to a Docker engine.`,
    );
  }
  return { ...rest, MemTotal, NCPU, DockerRootDir, OSType };
}

async function findEndpoint(socket: string | undefined): Promise<string> {
  if (socket !== undefined) return socket.startsWith("/") ? `unix://${socket}` : socket;
  const environment = process.env["DOCKER_HOST"];
  if (environment !== undefined && environment !== "") return environment;
  return (
    await docker(undefined, ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
  ).trim();
}

/** Runs the docker client. @throws EngineError in words that help, whatever the client printed. */
export async function docker(
  endpoint: string | undefined,
  args: readonly string[],
): Promise<string> {
  const host = endpoint === undefined ? [] : ["--host", endpoint];
  try {
    const { stdout } = await run("docker", [...host, ...args], {
      env: process.env,
      timeout: patienceMs,
      maxBuffer: 16 * 1024 ** 2,
    });
    return stdout;
  } catch (error) {
    throw new EngineError(explain(error, endpoint ?? "its default address"));
  }
}

/** Says what a failed call of the docker client means, and what to do. */
export function explain(error: unknown, endpoint: string): string {
  const {
    code,
    killed,
    stderr = "",
  } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT") {
    return "The docker command is not on the PATH: install Docker, or run `npm start`, which does so where it can.";
  }
  if (killed === true) {
    return `The Docker engine at ${endpoint} did not answer within ${patienceMs / 1000} seconds: restart it.`;
  }
  if (/permission denied/i.test(stderr)) {
    return `You may not use the Docker engine at ${endpoint}: add yourself to its group (sudo usermod -aG docker $USER), log in again, and repeat.`;
  }
  if (
    /cannot connect|connection refused|no such host|failed to connect|no route|timeout/i.test(
      stderr,
    )
  ) {
    return `No Docker engine answers at ${endpoint}: start Docker, or set DOCKER_HOST or host.socket to where it listens.`;
  }
  const lastLine = stderr.trim().split("\n").at(-1);
  return `The Docker engine at ${endpoint} refused: ${lastLine === "" ? String(error) : lastLine}`;
}

/**
 * Faults of the machine that would stop an instance half-way: a port that is taken, a full disk.
 *
 * @param listeners where the instance will listen, as far as that is known
 * @param instance the name of the instance, which may well have its own port; undefined: not known
 */
export async function engineFaults(
  engine: Engine,
  listeners: readonly Listener[],
  instance: string | undefined,
): Promise<Fault[]> {
  const [portFaults, diskFaults] = await Promise.all([
    Promise.all(listeners.map((listener) => findPortFault(engine, listener, instance))),
    findDiskFaults(engine),
  ]);
  return [
    ...portFaults.flat(),
    ...(listeners.some(({ byIpv6 }) => byIpv6) ? ipv6Faults(engine.version) : []),
    ...(engine.limitsMemory ? [] : [memoryLimitFault]),
    ...diskFaults,
  ];
}

async function findPortFault(
  { endpoint }: Engine,
  listener: Listener,
  instance: string | undefined,
): Promise<Fault[]> {
  const { port, protocol, addresses, byIpv6, path, advice } = listener;
  const format = '{{.Names}}\t{{.Label "org.joinmastodon.instance"}}';
  const publishers = await docker(endpoint, [
    "ps",
    "--filter",
    `publish=${port}/${protocol}`,
    "--format",
    format,
  ]);
  const rows = publishers
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => row.split("\t"));
  if (rows.some(([, owner]) => owner === instance)) return [];
  const other = rows[0]?.[0];
  const number = protocol === "udp" ? `${port} (UDP)` : String(port);
  if (other !== undefined) {
    return [{ path, message: `${number} is taken by the container ${other}: ${advice}` }];
  }
  // Only where the engine is this machine's own does a port of this machine say anything.
  if (!endpoint.startsWith("unix:")) return [];
  // A port that only root may take is no obstacle to the engine.
  const obstacles = await Promise.all(addresses.map((address) => obstacleTo(listener, address)));
  if (obstacles.includes("EADDRINUSE"))
    return [{ path, message: `${number} is taken by another program on this machine: ${advice}` }];
  const missing = addresses.find((_, index) => obstacles[index] === "EADDRNOTAVAIL");
  if (byIpv6 === true && (missing !== undefined || obstacles.includes("EAFNOSUPPORT")))
    return [
      {
        path: "edge.ipv6",
        message: "true needs IPv6, which is switched off on this machine; leave ipv6 out",
      },
    ];
  if (missing === undefined) return [];
  return [
    {
      path: "edge.address",
      message: `"${missing}" is no address of this machine: write one that it has, or leave it out to be reached from this machine alone`,
    },
  ];
}

/** Why nothing can listen there, as the system calls it; undefined where something can. */
function obstacleTo({ port, protocol }: Listener, address: string): Promise<string | undefined> {
  const isIpv6 = address.includes(":");
  return new Promise((resolve) => {
    const failed = ({ code }: NodeJS.ErrnoException): void => resolve(code);
    if (protocol === "udp") {
      const socket = isIpv6
        ? createSocket({ type: "udp6", ipv6Only: true })
        : createSocket({ type: "udp4" });
      socket.once("error", failed);
      socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(undefined)));
      return;
    }
    const server = createServer();
    server.once("error", failed);
    server.listen({ port, host: address, exclusive: true, ipv6Only: isIpv6 }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

async function findDiskFaults({ endpoint, rootFolder }: Engine): Promise<Fault[]> {
  if (!endpoint.startsWith("unix:")) return [];
  const free = await statfs(rootFolder).then(
    ({ bavail, bsize }) => bavail * bsize,
    // The folder is inside a virtual machine: nothing can be said about it from here.
    () => Number.POSITIVE_INFINITY,
  );
  const freeMb = Math.floor(free / 1024 ** 2);
  return freeMb >= leastFreeMb ? [] : [diskFault(freeMb, rootFolder)];
}
