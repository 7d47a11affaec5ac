import {
  capacityOf,
  instanceName,
  parseConfig,
  type Capacity,
  type Config,
  type Fault,
} from "../../plan";
import { engineFaults, EngineError, inspectEngine, type Engine } from "./engine";

/** The keys of a stack file as they were written, right or wrong. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** The engine that a configuration means, and what of it stands against an instance. */
export interface FoundEngine {
  /** Absent where it is not on this machine, or cannot be used. */
  readonly engine: Engine | undefined;
  readonly faults: readonly Fault[];
}

/** Looks for the engine as far as the configuration can be read, so that its faults are reported with the others. */
export async function findEngine(raw: RawConfig): Promise<FoundEngine> {
  const host = readable({ host: raw["host"] })?.host;
  if (host?.kind !== "local") return { engine: undefined, faults: [] };
  try {
    const engine = await inspectEngine(host.socket);
    const edge = readable({ edge: raw["edge"] })?.edge;
    const port = edge?.kind === "local" ? edge.port : undefined;
    const name = readable({ domain: raw["domain"], name: raw["name"] })?.name;
    const instance = name === undefined ? undefined : instanceName(name);
    return { engine, faults: await engineFaults(engine, port, instance) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { engine: undefined, faults: [{ path: "host", message: error.message }] };
  }
}

function readable(raw: RawConfig): Config | undefined {
  try {
    return parseConfig(raw);
  } catch {
    return undefined;
  }
}

/** What the stack file leaves to the engine: its address and, where not overridden, its size. */
export function measured(raw: RawConfig, engine: Engine | undefined): RawConfig {
  if (engine === undefined) return {};
  const { memoryMb, cpus }: Capacity = capacityOf("dev", engine.capacity);
  const sizing = raw["sizing"] ?? {};
  return {
    // What is wrong is left as it is, for its fault to be found.
    ...(readable({ host: raw["host"] }) === undefined
      ? {}
      : { host: { kind: "local", socket: engine.endpoint } }),
    ...(isMap(sizing) ? { sizing: { memoryMb, cpus, ...sizing } } : {}),
  };
}

const isMap = (value: unknown): value is RawConfig =>
  typeof value === "object" && value !== null && !Array.isArray(value);
