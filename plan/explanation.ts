import type { Plan } from "./plan";
import type { Sizing } from "./sizing";

/** A figure of a plan, with what it follows from. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly why: string;
}

const megabytes = (value: number): string => `${value} MB`;

const share = (value: number, of: number): string => `${Math.round((value / of) * 100)} %`;

/** Every figure of a sizing: what each part may use, and how it is tuned to that. */
export function explainSizing(sizing: Sizing): Figure[] {
  const { memoryMb, cpus, postgres, redis, web, streaming, gateway, tunnel, job, logs, retention } =
    sizing;
  const of = (part: number): string => share(part, memoryMb);
  const figure = (what: string, value: string, why: string): Figure => ({ what, value, why });
  return [
    figure(
      "machine",
      `${megabytes(memoryMb)}, ${cpus} cores`,
      "what all limits and the reserve fit into",
    ),
    figure(
      "reserve",
      megabytes(sizing.reserveMb),
      `${of(sizing.reserveMb)} for the system, Docker and the disk's cache`,
    ),
    figure(
      "postgres limit",
      megabytes(postgres.memoryMb),
      `${of(postgres.memoryMb)} of the machine`,
    ),
    figure("shared_buffers", megabytes(postgres.sharedBuffersMb), "a quarter of Postgres's limit"),
    figure(
      "effective_cache_size",
      megabytes(postgres.effectiveCacheMb),
      "what the planner may expect to find cached",
    ),
    figure(
      "work_mem",
      `${postgres.workMemKb} kB`,
      "small enough for every connection to sort at once",
    ),
    figure(
      "maintenance_work_mem",
      megabytes(postgres.maintenanceWorkMb),
      "for indexes and vacuum, a few of which run at once",
    ),
    figure(
      "max_connections",
      String(postgres.maxConnections),
      "twice what the processes open, as old and new ones overlap in an upgrade",
    ),
    figure(
      "parallel workers",
      String(postgres.parallelWorkers),
      "half of the cores: the others answer people",
    ),
    figure("redis limit", megabytes(redis.memoryMb), `${of(redis.memoryMb)} of the machine`),
    figure(
      "redis maxmemory",
      megabytes(redis.maxMemoryMb),
      `three quarters of its limit, the rest is for rewriting its file; ${redis.policy}, since what it would evict are jobs`,
    ),
    figure("web limit", megabytes(web.memoryMb), `${of(web.memoryMb)} of the machine`),
    figure(
      "puma workers",
      String(web.workers),
      web.workers === 0
        ? "none: one process takes a third of the memory of a cluster"
        : "about 500 MB each, and no more than the hardware's cores bear",
    ),
    figure("puma threads", String(web.threads), "Mastodon's own default, in each process"),
    figure(
      "streaming limit",
      megabytes(streaming.memoryMb),
      `${of(streaming.memoryMb)} of the machine, with ${streaming.databasePool} connections to the database`,
    ),
    ...Object.entries(sizing.sidekiq).map(([name, process]) =>
      figure(
        `sidekiq ${name}`,
        `${megabytes(process.memoryMb)}, ${process.threads} threads`,
        "250 MB for Mastodon itself, then by threads",
      ),
    ),
    ...(sizing.search === undefined
      ? []
      : [
          figure(
            "search limit",
            megabytes(sizing.search.memoryMb),
            `${of(sizing.search.memoryMb)} of the machine, half of it for its heap (${megabytes(sizing.search.heapMb)})`,
          ),
        ]),
    figure("gateway limit", megabytes(gateway.memoryMb), `${of(gateway.memoryMb)} of the machine`),
    ...(tunnel === undefined
      ? []
      : [
          figure(
            "connector limit",
            `${tunnel.connectors} × ${megabytes(tunnel.memoryMb)}`,
            "each holds the tunnel open by itself, and serves while the other is restarted",
          ),
        ]),
    figure(
      "one-off commands",
      megabytes(job.memoryMb),
      "kept free for migrations and tootctl, one at a time",
    ),
    figure(
      "logs",
      `${logs.files} files of ${megabytes(logs.fileMb)}`,
      "of each container, the newest",
    ),
    figure(
      "media of others",
      `${retention.mediaDays} days`,
      "then fetched again when somebody looks; what people wrote is kept",
    ),
    figure(
      "fewer writes",
      sizing.saveWrites ? "yes" : "no",
      sizing.saveWrites
        ? "an SD card lasts longer; at a power cut, Redis may lose half a minute"
        : "an SSD bears them",
    ),
  ];
}

/** A container of a plan, with each deviation from the hardening that all of them get. */
export interface ContainerRow {
  readonly name: string;
  readonly image: string;
  readonly memory: string;
  readonly networks: string;
  readonly exceptions: readonly string[];
}

export function explainContainers({ containers, images, tunnel }: Plan): ContainerRow[] {
  const { postgres, redis, search, web, streaming, sidekiq, gateway } = containers;
  return [
    postgres,
    redis,
    ...(search === undefined ? [] : [search]),
    web,
    ...(streaming === undefined ? [] : [streaming]),
    ...sidekiq,
    gateway,
    ...(tunnel?.replicas ?? []),
  ].map((spec) => ({
    name: spec.part,
    image: (images[spec.image] ?? "").replace(/@.*/, ""),
    memory: megabytes(spec.memoryMb),
    networks: spec.networks.join(", "),
    exceptions: spec.exceptions.map(({ rule, reason }) => `not "${rule}": ${reason}`),
  }));
}
