import type { Config, ParsedConfig } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import { jobEnvironment } from "./environment";
import type { Environment, EnvironmentValue } from "./environmentValue";
import type { Fault } from "./faults";
import { healthCheck } from "./healthCheck";
import type { Images } from "./imageKeys";
import { runMastodon, type JobSpec } from "./jobs";
import { fetched } from "./mastodon";
import { labelsOf, physicalName } from "./names";
import { searchEnvironment, searchPort, searchService } from "./searchEnvironment";
import { quoted } from "./shapes";
import { leastSearchMachineMb, type Sizing } from "./sizing";
import { secretCommand } from "./variables/secretCommand";

type Search = ParsedConfig["search"];

type Engine = Extract<Search, { readonly kind: "container" }>["engine"];

/** Names of variables that an own server needs beside those of the key search. */
const ofServer = ["ES_PASS", "ES_CA_FILE"];

/** What each engine is told, and where it keeps its index. */
const engines: Readonly<
  Record<Engine, { readonly user: string; readonly folder: string; readonly init: boolean }>
> = {
  // Its files belong to root's group; it has an init of its own.
  elasticsearch: { user: "1000:0", folder: "/usr/share/elasticsearch", init: false },
  opensearch: { user: "1000:1000", folder: "/usr/share/opensearch", init: true },
};

/**
 * One node by itself. So it does not enforce its bootstrap checks, which would have it refuse to start where the host's
 * vm.max_map_count is the usual one; without memory maps, it never comes near that number either:
 * https://www.elastic.co/docs/deploy-manage/deploy/self-managed/bootstrap-checks
 */
function engineEnvironment(engine: Engine, heapMb: number): Environment {
  const heap = `-Xms${heapMb}m -Xmx${heapMb}m`;
  const common = {
    "cluster.name": "mastodon",
    "discovery.type": "single-node",
    "node.store.allow_mmap": "false",
  };
  return engine === "elasticsearch"
    ? {
        ...common,
        ES_JAVA_OPTS: heap,
        // Whatever is on the internal network may ask it, and nothing else reaches it.
        "xpack.security.enabled": "false",
        "xpack.ml.enabled": "false",
        "xpack.watcher.enabled": "false",
        // There is no way out by which it could fetch that.
        "ingest.geoip.downloader.enabled": "false",
      }
    : {
        ...common,
        OPENSEARCH_JAVA_OPTS: heap,
        DISABLE_SECURITY_PLUGIN: "true",
        DISABLE_INSTALL_DEMO_CONFIG: "true",
      };
}

/** The search server of an instance that has its own; its index can be made anew from the database at any time. */
export function searchContainer(
  config: Config,
  { search: sizing }: Sizing,
): ContainerSpec | undefined {
  const { search } = config;
  if (search.kind !== "container" || sizing === undefined) return undefined;
  const { user, folder, init } = engines[search.engine];
  return {
    part: searchService,
    image: search.engine,
    name: physicalName(config.name, searchService),
    command: [],
    environment: engineEnvironment(search.engine, sizing.heapMb),
    user,
    networks: ["internal"],
    mounts: [{ volume: "search", path: `${folder}/data`, readOnly: false }],
    writableRoot: true,
    tmpfs: {},
    ports: [],
    health: healthCheck(config, {
      // Its answer is an error while the index cannot be read, or has not been for these five seconds.
      test: [
        ...fetched,
        `http://127.0.0.1:${searchPort}/_cluster/health?wait_for_status=yellow&timeout=5s`,
      ],
      interval: "10s",
      timeout: "10s",
      startPeriod: "2m0s",
      retries: 6,
    }),
    healthySeconds: 300,
    memoryMb: sizing.memoryMb,
    capabilities: [],
    init,
    stopSeconds: 60,
    oldGoes: "first",
    exceptions: [
      {
        rule: "read-only root",
        reason:
          "it writes its keystore beside its configuration when it starts, and logs and temporary files into its own folder; its makers do not say what else would have to be writable",
      },
    ],
    labels: labelsOf(config.name, searchService),
  };
}

/**
 * Makes the indices where they are missing or of another shape, and fills them from the database. It runs again when the
 * engine or Mastodon is another one, and goes on beside everything else: large ones take hours, and until then a search
 * finds less.
 */
export function searchJob(config: Config, sizing: Sizing, images: Images): JobSpec | undefined {
  const { search } = config;
  if (search.kind === "none") return undefined;
  const environment: Environment = {
    ...jobEnvironment(config),
    ...searchEnvironment(config),
    ...Object.fromEntries(ofServer.flatMap((name) => valueOf(config, name))),
  };
  const run = runMastodon(config, sizing, {
    part: "search-deploy",
    environment,
    // An own server is reached by the way out; the database only by the other one.
    ...(search.kind === "external" && { alsoOn: "egress" }),
    command: ["tootctl", "search", "deploy"],
  });
  const engine = search.kind === "container" ? images[search.engine] : search.url;
  return {
    part: "deploy",
    script: ["set -eu", `: ${engine}`, run].join("\n"),
    environment,
    followsImage: true,
    progress: true,
  };
}

/** A variable of the stack file, if it is set there, whichever way. */
function valueOf(
  { environment, secretEnvironment }: Config,
  name: string,
): [string, EnvironmentValue][] {
  const plain = environment[name];
  if (plain !== undefined) return [[name, plain]];
  return secretEnvironment.includes(name) ? [[name, { secret: `environment.${name}` }]] : [];
}

const titles: Readonly<Record<Engine, string>> = {
  elasticsearch: "Elasticsearch",
  opensearch: "OpenSearch",
};

const itself = /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|\[::1?\])$/;

/**
 * Faults of the key search, and of the variables that belong to it.
 *
 * @param memoryMb of the machine
 * @param secretNames the names of variables that the stack file holds encrypted, where they are known
 */
export function searchFaults(
  { search, environment }: Pick<ParsedConfig, "search" | "environment">,
  memoryMb: number,
  secretNames: readonly string[] | undefined,
): Fault[] {
  const isSecret = (name: string): boolean => secretNames?.includes(name) === true;
  const pathOf = (name: string): string =>
    isSecret(name) ? `secretEnvironment.${name}` : `environment.${name}`;
  const isSet = (name: string): boolean => Object.hasOwn(environment, name) || isSecret(name);
  const without = search.kind === "none" ? [...ofServer, "ES_QUERY_TIMEOUT"] : ofServer;
  const useless =
    search.kind === "external"
      ? []
      : without.filter(isSet).map((name) => ({
          path: pathOf(name),
          message: `has no use with search.kind: ${search.kind}; remove it, or name a server with search: {kind: external, url}`,
        }));
  switch (search.kind) {
    case "none":
      return useless;
    case "container":
      return memoryMb >= leastSearchMachineMb
        ? useless
        : [
            ...useless,
            {
              path: "search.kind",
              message: `"container" needs a machine of 8 GB, and this one has ${memoryMb} MB: ${titles[search.engine]} can need more memory than Mastodon itself; use {kind: external, url}, remove the key search, or set sizing.memoryMb if the machine is larger`,
            },
          ];
    case "external":
      return serverFaults(search, environment, { isSet, secretNames });
    default:
      return search satisfies never;
  }
}

function serverFaults(
  { url, user }: Extract<Search, { readonly kind: "external" }>,
  environment: ParsedConfig["environment"],
  {
    isSet,
    secretNames,
  }: {
    readonly isSet: (name: string) => boolean;
    readonly secretNames: readonly string[] | undefined;
  },
): Fault[] {
  const { hostname, protocol } = new URL(url);
  const faults: Fault[] = [];
  if (itself.test(hostname)) {
    faults.push({
      path: "search.url",
      message: `${quoted(url)} is, inside a container, the container itself: write the name under which the network knows the server, or use {kind: container, engine}`,
    });
  }
  if (user !== undefined && secretNames !== undefined && !isSet("ES_PASS")) {
    faults.push({
      path: "secretEnvironment.ES_PASS",
      message: `is missing: search.user needs it; set it with ${secretCommand("ES_PASS")}`,
    });
  }
  if (user === undefined && isSet("ES_PASS")) {
    faults.push({
      path: "search.user",
      message: "is missing, although ES_PASS is set; give it, or remove that variable",
    });
  }
  if (protocol === "http:" && environment["ES_CA_FILE"] !== undefined) {
    faults.push({
      path: "environment.ES_CA_FILE",
      message: `${quoted(environment["ES_CA_FILE"])} has no use: search.url is not encrypted; use https:// there, or remove it`,
    });
  }
  return faults;
}
