import type { Config } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import {
  mastodonEnvironment,
  publicHost,
  streamingEnvironment,
  webEnvironment,
} from "./environment";
import type { Processes } from "./flavours/flavour";
import { healthCheck } from "./healthCheck";
import { withAuthorities } from "./mail";
import { labelsOf } from "./names";
import { queueWeights } from "./queues";
import type { Sizing } from "./sizing";

/** User and group `mastodon` of the official images. */
export const mastodonUser = "991:991";

/** What Mastodon writes beside its media: process ids, the readiness file, unpacked uploads. */
export const mastodonTmpfs = {
  "/opt/mastodon/tmp": "uid=991,gid=991,mode=0755,size=256m",
  "/tmp": "mode=1777,size=256m",
} as const;

const media = { volume: "media", path: "/opt/mastodon/public/system", readOnly: false } as const;

const common = {
  user: mastodonUser,
  ports: [],
  capabilities: [],
  oldGoes: "last",
  exceptions: [],
} as const;

/** A health check by an HTTP request that follows. */
export const fetched = [
  "CMD",
  "curl",
  "--fail",
  "--silent",
  "--show-error",
  "--output",
  "/dev/null",
] as const;

/** The containers of the images that Mastodon's own Dockerfiles make. */
export function processes(config: Config, sizing: Sizing): Required<Processes> {
  return {
    web: webContainer(config, sizing),
    streaming: streamingContainer(config, sizing),
    sidekiq: Object.keys(config.sidekiq).map((group) => sidekiqContainer(config, sizing, group)),
  };
}

/** Puma. Its `/health` touches neither database nor Redis, so health is asked of a page that needs both. */
function webContainer(config: Config, sizing: Sizing): ContainerSpec {
  const host = publicHost(config.webDomain ?? config.domain, config);
  return {
    ...common,
    part: "web",
    image: "mastodon",
    networks: ["internal"],
    // The way out as well as where the gateway looks for it.
    foundOn: "egress",
    command: ["bundle", "exec", "puma", "-C", "config/puma.rb"],
    environment: webEnvironment(config, sizing),
    mounts: [media],
    tmpfs: mastodonTmpfs,
    health: healthCheck(config, {
      // Without these headers Rails answers 403 to the host or redirects to HTTPS, whatever state it is in.
      test: [
        ...fetched,
        "--header",
        `Host: ${host}`,
        "--header",
        "X-Forwarded-Proto: https",
        "http://127.0.0.1:3000/api/v2/instance",
      ],
      interval: "10s",
      timeout: "10s",
      startPeriod: "2m0s",
      retries: 3,
    }),
    healthySeconds: 300,
    memoryMb: sizing.web.memoryMb,
    init: false,
    stopSeconds: 30,
    labels: labelsOf(config.name, "web"),
  };
}

/** The sockets on which posts arrive. On a crash it exits with 0, so it must be restarted whatever its exit code. */
function streamingContainer(config: Config, sizing: Sizing): ContainerSpec {
  return {
    ...common,
    part: "streaming",
    image: "streaming",
    networks: ["internal"],
    foundOn: "egress",
    command: ["node", "./streaming/index.js"],
    environment: streamingEnvironment(config, sizing),
    mounts: [],
    tmpfs: { "/tmp": "mode=1777,size=16m" },
    health: healthCheck(config, {
      test: [...fetched, "http://127.0.0.1:4000/api/v1/streaming/health"],
      interval: "10s",
      timeout: "5s",
      startPeriod: "1m0s",
      retries: 3,
    }),
    healthySeconds: 180,
    memoryMb: sizing.streaming.memoryMb,
    // The image has no init of its own to reap children and pass signals on.
    init: true,
    stopSeconds: 30,
    labels: labelsOf(config.name, "streaming"),
  };
}

/**
 * What the process is found by. An emulated one cannot give itself a title: it keeps its command, which is to be told from
 * that of whoever looks for it.
 */
const processTitle = ({ emulated }: Config): string =>
  emulated?.mastodon === undefined ? "^sidekiq [0-9]" : "[s]idekiq";

/** One sidekiq process of the configuration's map. */
function sidekiqContainer(config: Config, sizing: Sizing, group: string): ContainerSpec {
  const { queues } = config.sidekiq[group] ?? { queues: [] };
  const { threads, memoryMb } = sizing.sidekiq[group] ?? { threads: 5, memoryMb: 0 };
  const part = `sidekiq-${group}`;
  return {
    ...common,
    part,
    image: "mastodon",
    networks: ["internal", "egress"],
    command: withAuthorities(config, [
      "bundle",
      "exec",
      "sidekiq",
      "-c",
      String(threads),
      ...queues.flatMap((queue) => ["-q", `${queue},${queueWeights[queue]}`]),
    ]),
    environment: mastodonEnvironment(config),
    mounts: [media],
    tmpfs: mastodonTmpfs,
    health: healthCheck(config, {
      // The file says that it took up its work, the process title that it is still there: the image has no `ps`.
      test: [
        "CMD-SHELL",
        `test -f "tmp/$MASTODON_SIDEKIQ_READY_FILENAME" && grep --quiet --text "${processTitle(config)}" /proc/[0-9]*/cmdline`,
      ],
      interval: "10s",
      timeout: "5s",
      startPeriod: "2m0s",
      retries: 3,
    }),
    healthySeconds: 300,
    memoryMb,
    init: false,
    // Sidekiq gives its jobs 25 seconds to finish before it puts them back.
    stopSeconds: 35,
    labels: labelsOf(config.name, part),
  };
}
