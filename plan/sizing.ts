import type { Fault } from "./faults";

/** What one machine can give: memory in MiB, processor cores. */
export interface Capacity {
  readonly memoryMb: number;
  readonly cpus: number;
}

export type Hardware = "dev" | "vps" | "macmini" | "pi";

/** Every figure that follows from the machine's size. Memory in MiB. */
export interface Sizing {
  readonly memoryMb: number;
  readonly cpus: number;
  /** Left to the operating system, the engine and the page cache. */
  readonly reserveMb: number;
  readonly postgres: {
    readonly memoryMb: number;
    readonly sharedBuffersMb: number;
    readonly effectiveCacheMb: number;
    readonly maintenanceWorkMb: number;
    readonly workMemKb: number;
    readonly maxConnections: number;
    readonly parallelWorkers: number;
  };
  readonly redis: {
    readonly memoryMb: number;
    readonly maxMemoryMb: number;
    readonly policy: "noeviction";
  };
  /** `workers` 0 is Puma without a cluster: a third of the memory, at the price of serving from one process. */
  readonly web: { readonly memoryMb: number; readonly workers: number; readonly threads: number };
  readonly streaming: { readonly memoryMb: number; readonly databasePool: number };
  readonly sidekiq: Readonly<
    Record<string, { readonly memoryMb: number; readonly threads: number }>
  >;
  readonly gateway: { readonly memoryMb: number };
  /** Of each connector; absent where there is no tunnel. */
  readonly tunnel?: { readonly memoryMb: number; readonly connectors: number };
  /** Half of it is the engine's heap. Absent where no engine runs beside the instance. */
  readonly search?: { readonly memoryMb: number; readonly heapMb: number };
  /** One-off commands (schema, account), of which at most one runs at a time. */
  readonly job: { readonly memoryMb: number };
  /** Of each container: the newest files are kept, all of the same size. */
  readonly logs: LogCap;
  readonly retention: Retention;
  /** Fewer and larger writes, for an SD card: at a power cut, Redis may lose half a minute. */
  readonly saveWrites: boolean;
}

interface LogCap {
  readonly fileMb: number;
  readonly files: number;
}

/**
 * How long copies of what other servers hold are kept. Only of media, which are fetched again when somebody looks: with
 * posts, Mastodon would clear away bookmarked ones and private mentions too.
 */
interface Retention {
  /** In days. */
  readonly mediaDays: number;
}

/** What is different from one kind of hardware to another; all other figures follow from memory and cores. */
interface Preset extends Capacity {
  /** More Puma workers than this would leave the cores to nothing else; undefined: as many as there are cores. */
  readonly mostWorkers: number | undefined;
  /** Threads of one sidekiq process that sizes itself. */
  readonly mostThreads: number;
  readonly mediaDays: number;
  readonly logs: LogCap;
  readonly saveWrites: boolean;
}

const usual: Omit<Preset, keyof Capacity> = {
  mostWorkers: undefined,
  mostThreads: 25,
  mediaDays: 14,
  logs: { fileMb: 10, files: 3 },
  saveWrites: false,
};

/**
 * The kinds of hardware. Memory and cores are those assumed when the engine has not been asked; `dev` is also the most
 * that an instance takes of a developer's machine, unless `sizing.memoryMb` says more. Mastodon recommends to keep media
 * for two weeks at least, since link previews are cleared with them.
 */
export const presets: Readonly<Record<Hardware, Preset>> = {
  dev: { memoryMb: 4096, cpus: 2, ...usual },
  vps: { memoryMb: 4096, cpus: 2, ...usual },
  // Half of its cores are the slower ones; its disk has room for a month.
  macmini: { memoryMb: 8192, cpus: 4, ...usual, mostWorkers: 4, mediaDays: 30 },
  // 4 GB or 8 GB. Half of the four small cores are left to the database and to the conversion of videos.
  pi: {
    memoryMb: 4096,
    cpus: 4,
    ...usual,
    mostWorkers: 2,
    mostThreads: 10,
    logs: { fileMb: 5, files: 2 },
    saveWrites: true,
  },
};

/** A nominal 2 GB machine, of which firmware and kernel keep some: below it Mastodon's own processes do not fit. */
export const leastMemoryMb = 1792;
/** A nominal 8 GB machine: below it, a search engine would take from Mastodon what Mastodon itself needs. */
export const leastSearchMachineMb = 7168;
const mostMemoryMb = 4 * 1024 * 1024;
const mostCpus = 1024;

/** Engines report a memory that moves by some MiB with each kernel: in these steps, a limit stays where it was. */
const memoryStepMb = 128;

/** What an instance may use of an engine's machine: all of it, but no more than the preset on a developer's. */
export function capacityOf(hardware: Hardware, engine: Capacity): Capacity {
  const memoryMb = Math.floor(engine.memoryMb / memoryStepMb) * memoryStepMb;
  return hardware === "dev"
    ? { memoryMb: Math.min(memoryMb, presets.dev.memoryMb), cpus: engine.cpus }
    : { memoryMb, cpus: engine.cpus };
}

/** Faults of a capacity that no instance fits in. */
export function capacityFaults({ memoryMb, cpus }: Capacity): Fault[] {
  const faults: Fault[] = [];
  if (memoryMb < leastMemoryMb) {
    faults.push({
      path: "sizing.memoryMb",
      message: `${memoryMb} MB is too little: Mastodon needs a machine with at least 2 GB (${leastMemoryMb} MB); use a larger machine, or give the engine's virtual machine more memory${memoryMb < 512 ? `; it is in MB, so 8 GB is 8192` : ""}`,
    });
  }
  if (memoryMb > mostMemoryMb) {
    faults.push({
      path: "sizing.memoryMb",
      message: `${memoryMb} is more than any machine has: it is in MB, so 8 GB is 8192`,
    });
  }
  if (cpus > mostCpus) {
    faults.push({
      path: "sizing.cpus",
      message: `${cpus} is more than any machine has: it is a number of cores, for example 4`,
    });
  }
  return faults;
}

/** Connections that Postgres has room for in any case. */
const connectionsFor = (memoryMb: number): number =>
  memoryMb < 4096 ? 100 : memoryMb < 16384 ? 200 : 400;

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, Math.floor(value)));

/** The least that a sidekiq process with a few threads runs in; Mastodon itself takes about 250 MiB of it. */
export const leastSidekiqMb = 288;
const sidekiqBaseMb = 250;

/** What the stack file says of a machine and of what runs on it. */
export interface SizingArgs extends Capacity {
  readonly hardware: Hardware;
  /** Absent: as the kind of hardware has it. */
  readonly saveWrites?: boolean | undefined;
  /** How many containers hold a tunnel open. Default: 0. */
  readonly connectors?: number;
  /** Whether a search engine runs beside the instance. Default: no. */
  readonly search?: boolean;
  /** The sidekiq processes: name → threads, or undefined to have them follow from the memory. */
  readonly sidekiq: Readonly<Record<string, number | undefined>>;
}

/** Divides a machine's memory so that all limits and the reserve together are no more than it has. */
export function sizeInstance({
  hardware,
  memoryMb,
  cpus,
  saveWrites,
  connectors = 0,
  search: searches = false,
  sidekiq: groups,
}: SizingArgs): Sizing {
  const preset = presets[hardware];
  const reserveMb = clamp(memoryMb / 8, 224, 4096);
  const usable = memoryMb - reserveMb;
  const gateway = clamp(usable * 0.03, 64, 256);
  const streaming = clamp(usable * 0.07, 128, 1024);
  const job = clamp(usable * 0.2, 384, 1024);
  const connector = clamp(usable * 0.02, 64, 256);
  const search = searches ? clamp(usable * 0.25, 1536, 8192) : 0;
  const shared = usable - gateway - streaming - job - connectors * connector - search;
  const redis = clamp(shared * 0.08, 64, 2048);
  const postgres = clamp(shared * 0.25, 192, 16384);
  const ruby = shared - redis - postgres;
  const names = Object.keys(groups);
  // Each sidekiq process is a whole Rails application of its own: the more of them, the less is left for web.
  const sidekiqMb = Math.max(
    Math.floor(ruby * 0.45),
    Math.min(names.length * leastSidekiqMb, ruby),
  );
  const webMb = ruby - sidekiqMb;

  const mostWorkers = Math.min(preset.mostWorkers ?? Infinity, Math.max(2, cpus));
  const workers = webMb < 1000 ? 0 : clamp(webMb / 500, 2, mostWorkers);
  const web = { memoryMb: webMb, workers, threads: 5 };
  const mostThreads = Math.min(preset.mostThreads, Math.max(5, cpus * 5));
  const sidekiq = divideSidekiq(sidekiqMb, mostThreads, groups);
  const databasePool = streaming < 256 ? 5 : 10;

  const connections =
    Math.max(1, workers) * web.threads +
    Object.values(sidekiq).reduce((sum, { threads }) => sum + threads, 0) +
    databasePool;
  // Twice the app's own, for the moments in which an old and a new container run side by side, and some for jobs. Rounded
  // up far, since another number restarts the database: a few threads more in sidekiq are no reason for that.
  const maxConnections = Math.max(
    connectionsFor(memoryMb),
    Math.ceil((connections * 2 + 20) / 100) * 100,
  );

  return {
    memoryMb,
    cpus,
    reserveMb,
    postgres: {
      memoryMb: postgres,
      sharedBuffersMb: Math.floor(postgres / 4),
      effectiveCacheMb: Math.floor(postgres * 0.6),
      maintenanceWorkMb: clamp(postgres / 16, 16, 512),
      workMemKb: clamp((postgres * 1024) / 400, 1024, 65536),
      maxConnections,
      parallelWorkers: clamp(cpus / 2, 0, 8),
    },
    redis: { memoryMb: redis, maxMemoryMb: Math.floor(redis * 0.75), policy: "noeviction" },
    web,
    streaming: { memoryMb: streaming, databasePool },
    sidekiq,
    gateway: { memoryMb: gateway },
    ...(connectors > 0 && { tunnel: { memoryMb: connector, connectors } }),
    ...(searches && { search: { memoryMb: search, heapMb: Math.floor(search / 2) } }),
    job: { memoryMb: job },
    logs: preset.logs,
    retention: { mediaDays: preset.mediaDays },
    saveWrites: saveWrites ?? preset.saveWrites,
  };
}

/** Shares memory out by threads, so that the process with most of them has most room. */
function divideSidekiq(
  memoryMb: number,
  mostThreads: number,
  groups: SizingArgs["sidekiq"],
): Sizing["sidekiq"] {
  const names = Object.keys(groups);
  const spare = Math.max(0, memoryMb - names.length * leastSidekiqMb);
  const automatic = clamp((memoryMb / names.length - sidekiqBaseMb) / 25, 5, mostThreads);
  const threadsOf = (name: string): number => groups[name] ?? automatic;
  const total = names.reduce((sum, name) => sum + threadsOf(name), 0);
  return Object.fromEntries(
    names.map((name) => {
      const threads = threadsOf(name);
      return [name, { threads, memoryMb: leastSidekiqMb + Math.floor((spare * threads) / total) }];
    }),
  );
}

/** The sum of everything that may be in memory at once; never more than the machine has. */
export function totalMemoryMb(sizing: Sizing): number {
  return (
    sizing.reserveMb +
    sizing.postgres.memoryMb +
    sizing.redis.memoryMb +
    sizing.web.memoryMb +
    sizing.streaming.memoryMb +
    sizing.gateway.memoryMb +
    sizing.job.memoryMb +
    (sizing.search?.memoryMb ?? 0) +
    (sizing.tunnel === undefined ? 0 : sizing.tunnel.memoryMb * sizing.tunnel.connectors) +
    Object.values(sizing.sidekiq).reduce((sum, { memoryMb }) => sum + memoryMb, 0)
  );
}
