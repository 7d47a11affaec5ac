import type { Config } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import { healthCheck } from "./healthCheck";
import { labelsOf, physicalName } from "./names";
import type { Sizing } from "./sizing";

/** User and group `postgres` of the Debian-based official image. */
const postgresUser = "999:999";

export const postgresName = (config: Config): string => physicalName(config.name, "postgres");

/**
 * After each checkpoint a page is written whole once more, so a quarter of an hour between them instead of five minutes
 * and pages that are compressed halve what an SD card gets to write. Recovery after a power cut takes longer, and no
 * acknowledged post is lost: commits still wait for the disk.
 */
const writeSaving = {
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  wal_compression: "on",
} as const;

/**
 * The image takes a folder that has a `PG_VERSION` for a whole cluster, and `initdb` writes that file first: where the
 * first start is cut short, no later one would get beyond it. So it is set up beside its place and moved there at its end.
 * Nothing but what was never in use is removed. `docker-ensure-initdb.sh` is the image's own way to do this part alone.
 */
const start = [
  'if [ ! -s "$PGDATA/PG_VERSION" ]; then',
  '  rm -rf "$PGDATA.new"',
  '  PGDATA="$PGDATA.new" docker-ensure-initdb.sh "$@"',
  '  mv -T "$PGDATA.new" "$PGDATA"',
  "fi",
  'exec docker-entrypoint.sh "$@"',
].join("\n");

/** The database, tuned to its share of the machine. It publishes no port and is on the internal network only. */
export function postgresContainer(config: Config, sizing: Sizing): ContainerSpec {
  const { postgres, saveWrites } = sizing;
  const settings: Readonly<Record<string, string>> = {
    shared_buffers: `${postgres.sharedBuffersMb}MB`,
    effective_cache_size: `${postgres.effectiveCacheMb}MB`,
    maintenance_work_mem: `${postgres.maintenanceWorkMb}MB`,
    work_mem: `${postgres.workMemKb}kB`,
    max_connections: String(postgres.maxConnections),
    max_parallel_workers: String(postgres.parallelWorkers),
    max_parallel_workers_per_gather: String(Math.min(2, postgres.parallelWorkers)),
    // Fewer, longer checkpoints: less is written twice, which an SD card and an SSD both thank for.
    checkpoint_completion_target: "0.9",
    ...(saveWrites ? writeSaving : { max_wal_size: "1GB" }),
    password_encryption: "scram-sha-256",
  };
  return {
    part: "postgres",
    image: "postgres",
    name: postgresName(config),
    entrypoint: ["/bin/sh", "-euc", start, "sh"],
    command: [
      "postgres",
      ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    ],
    environment: {
      POSTGRES_PASSWORD: { secret: "databaseSuperuserPassword" },
      POSTGRES_INITDB_ARGS: "--data-checksums --encoding=UTF8 --auth-host=scram-sha-256",
      PGDATA: "/var/lib/postgresql/data/pgdata",
      TZ: config.timezone,
    },
    user: postgresUser,
    networks: ["internal"],
    mounts: [{ volume: "postgres", path: "/var/lib/postgresql/data", readOnly: false }],
    tmpfs: {
      "/run/postgresql": "uid=999,gid=999,mode=3775,size=16m",
      "/tmp": "mode=1777,size=64m",
    },
    ports: [],
    health: healthCheck(config, {
      // Over TCP: while the first start sets up the cluster, its temporary server answers on the socket only.
      test: ["CMD", "pg_isready", "--host=127.0.0.1", "--username=postgres", "--quiet"],
      interval: "5s",
      timeout: "5s",
      startPeriod: "1m0s",
      retries: 6,
    }),
    healthySeconds: 300,
    memoryMb: postgres.memoryMb,
    // Parallel queries exchange their rows through shared memory, of which Docker's default 64 MB is soon short.
    shmMb: 256,
    capabilities: [],
    init: false,
    // A fast shutdown writes a checkpoint; cutting it short means recovery at the next start.
    stopSeconds: 120,
    oldGoes: "first",
    exceptions: [],
    labels: labelsOf(config.name, "postgres"),
  };
}
