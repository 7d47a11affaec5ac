import { readFile } from "node:fs/promises";
import {
  architectureOf,
  capacityOf,
  instanceName,
  isMap,
  listenersOf,
  localDomain,
  parseKey,
  sshEndpoint,
  type Capacity,
  type Config,
  type Fault,
} from "../../plan";
import { engineFaults, EngineError, inspectEngine, type Engine } from "./engine";
import { probe } from "./sshProbe";

/** The keys of a stack file as they were written, right or wrong. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** The host that a configuration means, and what of it stands against an instance. */
export interface FoundHost {
  /** Absent where there is none yet, or it cannot be used. */
  readonly engine?: Engine;
  /** Which start of the machine this is, where it is known. */
  readonly boot?: string;
  readonly faults: readonly Fault[];
  /** What its owner should know, though it stands against nothing. */
  readonly warnings: readonly string[];
}

/** Looks for the host as far as the configuration can be read, so that its faults are reported with the others. */
export async function findHost(raw: RawConfig): Promise<FoundHost> {
  const host = parseKey("host", raw["host"]);
  if (host === undefined) return nothing;
  try {
    switch (host.kind) {
      case "local":
        return await findLocal(raw, host);
      case "ssh":
        return await findBySsh(raw, host);
      case "hetzner":
        // The program makes it, of the size and kind that the stack file says.
        return nothing;
      default:
        return host satisfies never;
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { faults: [{ path: "host", message: error.message }], warnings: [] };
  }
}

const nothing: FoundHost = { faults: [], warnings: [] };

type HostOf<Kind extends Config["host"]["kind"]> = Extract<Config["host"], { kind: Kind }>;

async function findLocal(raw: RawConfig, host: HostOf<"local">): Promise<FoundHost> {
  const engine = await inspectEngine(host.socket);
  const otherArch =
    host.arch !== undefined && engine.architecture !== host.arch
      ? [
          {
            path: "host.arch",
            message: `"${host.arch}" is not what the engine's machine is: it is ${engine.architecture ?? "of another kind"}; leave arch out`,
          },
        ]
      : [];
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined);
  return {
    engine,
    ...(boot === undefined ? {} : { boot: boot.trim() }),
    faults: [...otherArch, ...(await faultsOf(engine, raw))],
    warnings: [],
  };
}

async function findBySsh(raw: RawConfig, host: HostOf<"ssh">): Promise<FoundHost> {
  const sizing = raw["sizing"] as { readonly memoryMb?: unknown } | null | undefined;
  const { facts, faults, warnings } = await probe(host, {
    architecture: host.arch,
    memoryMb: typeof sizing?.memoryMb === "number" ? sizing.memoryMb : undefined,
  });
  if (facts === undefined || "trouble" in facts.docker) return { faults, warnings };
  const { memoryMb, cpus } = facts;
  if (memoryMb === undefined || cpus === undefined) return { faults, warnings };
  const engine: Engine = {
    endpoint: sshEndpoint(host),
    version: facts.docker.version,
    capacity: { memoryMb, cpus },
    architecture: architectureOf(facts.machine),
    limitsMemory: facts.docker.limitsMemory,
    rootFolder: facts.docker.rootFolder,
  };
  const ports = await faultsOf({ ...engine, limitsMemory: true }, raw);
  return {
    engine,
    ...(facts.boot === undefined ? {} : { boot: facts.boot }),
    faults: [...faults, ...ports],
    warnings,
  };
}

function faultsOf(engine: Engine, raw: RawConfig): Promise<Fault[]> {
  const [edge, host] = [parseKey("edge", raw["edge"]), parseKey("host", raw["host"])];
  const listeners = edge === undefined || host === undefined ? [] : listenersOf({ edge, host });
  return engineFaults(engine, listeners, instanceOf(raw));
}

/** The instance that may well be there already. */
function instanceOf(raw: RawConfig): string | undefined {
  const [name, domain] = [parseKey("name", raw["name"]), parseKey("domain", raw["domain"])];
  const whole = raw["name"] === undefined ? (domain ?? localDomain) : name;
  return whole === undefined ? undefined : instanceName(whole);
}

/** What the stack file leaves to the engine: its address and, where not overridden, its size and kind. */
export function measured(raw: RawConfig, engine: Engine | undefined): RawConfig {
  const [host, hardware] = [parseKey("host", raw["host"]), parseKey("hardware", raw["hardware"])];
  if (engine === undefined || hardware === undefined) return {};
  const { memoryMb, cpus }: Capacity = capacityOf(hardware, engine.capacity);
  const sizing = raw["sizing"] ?? {};
  return {
    // What is wrong is left as it is, for its fault to be found.
    ...(host?.kind === "local"
      ? { host: { ...host, socket: engine.endpoint, arch: host.arch ?? engine.architecture } }
      : {}),
    ...(isMap(sizing) ? { sizing: { memoryMb, cpus, ...sizing } } : {}),
  };
}
