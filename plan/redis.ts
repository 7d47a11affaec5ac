import type { Config } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import { healthCheck } from "./healthCheck";
import { labelsOf, physicalName } from "./names";
import type { Sizing } from "./sizing";

/** User and group `redis` of the official image. */
const redisUser = "999:999";

/**
 * Jobs, feeds and caches. Appended to a file once a second, since the jobs in it are posts on their way; never evicts,
 * since what it would evict are those jobs (https://docs.joinmastodon.org/admin/scaling/#redis).
 */
export function redisContainer(config: Config, { redis, saveWrites }: Sizing): ContainerSpec {
  // Its test for a fault of old ARM kernels fails under QEMU, and it would not start.
  const emulatesArm = config.emulated?.redis === "arm64";
  return {
    part: "redis",
    image: "redis",
    name: physicalName(config.name, "redis"),
    // By way of a file in memory: as an argument, the password would be in every list of processes.
    entrypoint: ["/bin/sh", "-c"],
    command: [
      [
        "umask 077",
        'printf "requirepass %s\\n" "$REDIS_PASSWORD" > /run/redis/auth.conf',
        [
          "exec redis-server /run/redis/auth.conf",
          "--dir /data",
          "--appendonly yes",
          // Left to the kernel, which writes every half minute, an SD card lasts longer.
          `--appendfsync ${saveWrites ? "no" : "everysec"}`,
          `--maxmemory ${redis.maxMemoryMb}mb`,
          `--maxmemory-policy ${redis.policy}`,
          ...(emulatesArm ? ["--ignore-warnings ARM64-COW-BUG"] : []),
        ].join(" "),
      ].join("\n"),
    ],
    environment: { REDIS_PASSWORD: { secret: "redisPassword" } },
    user: redisUser,
    networks: ["internal"],
    mounts: [{ volume: "redis", path: "/data", readOnly: false }],
    tmpfs: { "/run/redis": "uid=999,gid=999,mode=0700,size=1m" },
    ports: [],
    health: healthCheck(config, {
      test: ["CMD-SHELL", 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli ping | grep -q PONG'],
      interval: "5s",
      timeout: "5s",
      startPeriod: "30s",
      retries: 6,
    }),
    healthySeconds: 120,
    memoryMb: redis.memoryMb,
    capabilities: [],
    init: false,
    stopSeconds: 30,
    oldGoes: "first",
    exceptions: [],
    labels: labelsOf(config.name, "redis"),
  };
}
