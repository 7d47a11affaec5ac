import type { Config } from "../configSchema";
import type { ContainerSpec, HardeningException } from "../containerSpec";
import { mastodonEnvironment, publicHost, webEnvironment } from "../environment";
import type { Environment, EnvironmentValue } from "../environmentValue";
import type { Fault } from "../faults";
import { healthCheck } from "../healthCheck";
import { authorityFiles } from "../mail";
import { fetched } from "../mastodon";
import { labelsOf, physicalName } from "../names";
import { queues } from "../queues";
import { commandLine } from "../shell";
import { quoted } from "../shapes";
import type { Sizing } from "../sizing";
import type { Flavour, Processes } from "./flavour";

/** A stack file's choice of this image. */
interface Choice {
  /** `4.7.2`, or with the number of one build of it, `4.7.2-ls210`. */
  readonly version: string;
  readonly puid: number;
  readonly pgid: number;
}

/**
 * The image of the LinuxServer project: nginx, Puma, streaming and sidekiq under one init, which starts as root and runs
 * them as a user of its own. What it does is read from https://github.com/linuxserver/docker-mastodon and its bases.
 */
export function linuxserver(choice: Choice): Flavour {
  return {
    images: { mastodon: `lscr.io/linuxserver/mastodon:${tagOf(choice.version)}` },
    upstreams: { web: { service: "web", port: 443, selfSigned: true } },
    oneOff: {
      user: `${choice.puid}:${choice.pgid}`,
      tmpfs: {
        [scratchFolder]: `uid=${choice.puid},gid=${choice.pgid},mode=0755,size=256m`,
        "/tmp": "mode=1777,size=256m",
      },
      // Past the init: a command needs nothing of what it sets up, and so neither root nor a root that can be written.
      options: ["--entrypoint=/usr/bin/env", `--workdir=${appFolder}`, "--env=HOME=/tmp"],
    },
    migrations: { kind: "atBoot", note: migrationNote },
    scratch: ["config"],
    variables: ownVariables,
    processes: (config, sizing) => processes(choice, config, sizing),
    faults: ({ images, sidekiq, environment }) => [
      ...streamingFaults(images),
      ...sidekiqFaults(sidekiq),
      ...environmentFaults(environment),
    ],
  };
}

/** A release is tagged `4.7.2`, moved with each rebuild of its packages; a build `v4.7.2-ls210`, never moved. */
const tagOf = (version: string): string => (version.includes("-ls") ? `v${version}` : version);

const migrationNote =
  "This image brings the schema up to date while it starts, post-deployment migrations included. " +
  "An upgrade therefore stops the old version first and is unreachable until the new one has migrated; " +
  "sidekiq containers of their own follow it. To go back to the old version, restore the database.";

const appFolder = "/app/www";
/** Process ids, the readiness file, unpacked uploads. */
const scratchFolder = `${appFolder}/tmp`;
const readyFile = "sidekiq_process_has_started_and_will_begin_processing_jobs";

const exceptions: readonly HardeningException[] = [
  {
    rule: "not root",
    reason:
      "its init, s6, starts as root, takes PUID and PGID over and runs everything that listens or works under them",
  },
  {
    rule: "read-only root",
    reason:
      "its init edits /etc/passwd and removes the services that are not wanted from /etc; the image is not among those that LinuxServer supports with a read-only root",
  },
  {
    rule: "all capabilities are dropped",
    reason:
      "its init gives folders to that user (CHOWN, DAC_OVERRIDE, FOWNER), becomes it (SETGID, SETUID) and ends its processes (KILL); nginx binds 443 (NET_BIND_SERVICE)",
  },
];

const capabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETGID",
  "CAP_SETUID",
];

/** Whatever its containers have in common. */
const common = {
  image: "mastodon",
  command: [],
  user: "0:0",
  // Media has a volume of its own inside /config, so that it stays where it is when the flavour is changed.
  mounts: [
    { volume: "config", path: "/config", readOnly: false },
    { volume: "media", path: "/config/mastodon/public/system", readOnly: false },
  ],
  writableRoot: true,
  // The image keeps it on its root; so, a restarted container is not taken for one that has begun its work.
  tmpfs: { [scratchFolder]: "mode=0755,size=256m" },
  ports: [],
  capabilities,
  // s6 is its own first process, and refuses to be another's child.
  init: false,
  stopSeconds: 45,
  exceptions,
} as const;

type SidekiqGroups = Config["sidekiq"];

/** Its services work on all queues or on one. */
const worksOnAll = (group: SidekiqGroups[string] | undefined): boolean =>
  group?.queues.length === queues.length;

/** The group that the main container carries out: the one with all queues, else the first with `default` alone. */
function mainGroup(groups: SidekiqGroups): string | undefined {
  const names = Object.keys(groups);
  return (
    names.find((name) => worksOnAll(groups[name])) ??
    names.find((name) => groups[name]?.queues.join() === "default")
  );
}

function processes(choice: Choice, config: Config, sizing: Sizing): Processes {
  const inMain = mainGroup(config.sidekiq);
  const others = Object.keys(config.sidekiq).filter((name) => name !== inMain);
  return {
    web: mainContainer(choice, config, sizing, inMain),
    sidekiq: others.map((name) => sidekiqContainer(choice, config, sizing, name)),
  };
}

/** nginx, Puma, streaming and one sidekiq. */
function mainContainer(
  choice: Choice,
  config: Config,
  sizing: Sizing,
  group: string | undefined,
): ContainerSpec {
  const sidekiq = sizing.sidekiq[group ?? ""] ?? { threads: 5, memoryMb: 0 };
  const host = publicHost(config.webDomain ?? config.domain, config);
  const fetch = (...words: string[]): string => commandLine([...fetched.slice(1), ...words]);
  const checks = [
    // Puma is asked past nginx, which might answer from its cache.
    fetch(
      "--header",
      `Host: ${host}`,
      "--header",
      "X-Forwarded-Proto: https",
      "http://127.0.0.1:3000/api/v2/instance",
    ),
    fetch("http://127.0.0.1:4000/api/v1/streaming/health"),
    fetch("--insecure", "https://127.0.0.1/health"),
    sidekiqWorks,
  ];
  return {
    ...common,
    part: "web",
    name: physicalName(config.name, "web"),
    networks: ["internal"],
    // The way out as well as where the gateway looks for it.
    foundOn: "egress",
    ...withFiles(config, {
      ...webEnvironment(config, sizing),
      ...hostsWithoutPort(config),
      ...identity(choice),
      SIDEKIQ_DEFAULT: String(!worksOnAll(config.sidekiq[group ?? ""])),
      SIDEKIQ_THREADS: String(sidekiq.threads),
    }),
    health: healthCheck(config, {
      test: ["CMD-SHELL", checks.join(" && ")],
      interval: "10s",
      timeout: "20s",
      startPeriod: "5m0s",
      retries: 3,
    }),
    // It migrates and takes over the ownership of all media first.
    healthySeconds: 900,
    memoryMb: sizing.web.memoryMb + sizing.streaming.memoryMb + sidekiq.memoryMb,
    // The new one migrates as it starts: beside it, the old one would work on a schema that it does not know, and on
    // the same periodic jobs.
    oldGoes: "first",
    labels: labelsOf(config.name, "web"),
  };
}

/** One sidekiq of its own, for one queue. It does not migrate. */
function sidekiqContainer(
  choice: Choice,
  config: Config,
  sizing: Sizing,
  group: string,
): ContainerSpec {
  const { threads, memoryMb } = sizing.sidekiq[group] ?? { threads: 5, memoryMb: 0 };
  const part = `sidekiq-${group}`;
  return {
    ...common,
    part,
    networks: ["internal", "egress"],
    ...withFiles(config, {
      ...mastodonEnvironment(config),
      ...hostsWithoutPort(config),
      ...identity(choice),
      SIDEKIQ_ONLY: "true",
      SIDEKIQ_QUEUE: config.sidekiq[group]?.queues.join() ?? "",
      SIDEKIQ_THREADS: String(threads),
    }),
    health: healthCheck(config, {
      test: ["CMD-SHELL", sidekiqWorks],
      interval: "10s",
      timeout: "5s",
      startPeriod: "2m0s",
      retries: 3,
    }),
    healthySeconds: 300,
    memoryMb,
    oldGoes: "last",
    labels: labelsOf(config.name, part),
  };
}

/** The file says that it took up its work, the process title that it is still there. */
const sidekiqWorks = `test -f "${scratchFolder}/$MASTODON_SIDEKIQ_READY_FILENAME" && grep -qa "^sidekiq [0-9]" /proc/[0-9]*/cmdline`;

/** Under whose ids it works. */
const identity = ({ puid, pgid }: Choice): Environment => ({
  PUID: String(puid),
  PGID: String(pgid),
  MASTODON_SIDEKIQ_READY_FILENAME: readyFile,
});

/**
 * Its nginx passes the host's name on without the port, which Mastodon then has to know as one of its own.
 */
function hostsWithoutPort(config: Config): Environment {
  const { domain, webDomain, environment } = config;
  const hidden = [domain, webDomain ?? domain].filter((name) => publicHost(name, config) !== name);
  const given = environment["ALTERNATE_DOMAINS"];
  const all = [...new Set([...(given === undefined ? [] : [given]), ...hidden])];
  return all.length === 0 ? {} : { ALTERNATE_DOMAINS: all.join(",") };
}

/**
 * Secrets as files, the way that the image documents: `FILE__NAME` says where the value of `NAME` is. The engine keeps a
 * variable's value for everybody who may inspect the container, and a process's children inherit it; a file is put into
 * the container once, for root alone, and the state holds its content encrypted as it would the variable.
 */
function withFiles(
  config: Config,
  environment: Environment,
): Pick<ContainerSpec, "environment" | "files"> {
  const entries = Object.entries(environment);
  const isSecret = ([, value]: [string, EnvironmentValue]): boolean => typeof value !== "string";
  const place = (name: string): string => `/run/secrets/${name}`;
  const secrets = entries.filter(isSecret);
  return {
    environment: Object.fromEntries([
      ...entries.filter((entry) => !isSecret(entry)),
      ...secrets.map(([name]): [string, string] => [`FILE__${name}`, place(name)]),
    ]),
    files: {
      ...Object.fromEntries(secrets.map(([name, value]) => [place(name), value])),
      ...authorityFiles(config),
    },
  };
}

const streamingFaults = ({ streaming }: Readonly<{ streaming?: string | undefined }>): Fault[] =>
  streaming === undefined
    ? []
    : [
        {
          path: "images.streaming",
          message: `${quoted(streaming)} has no use: the LinuxServer image holds streaming itself; remove it`,
        },
      ];

/** @param groups every queue is worked on by one of them */
function sidekiqFaults(groups: SidekiqGroups): Fault[] {
  return Object.entries(groups)
    .filter(([, { queues: named }]) => named.length !== 1 && named.length !== queues.length)
    .map(([name, { queues: named }]) => ({
      path: `sidekiq.${name}.queues`,
      message: `${quoted(named)} is not possible with the LinuxServer image, of which a container works on all queues or on exactly one: name all ${queues.length} (${queues.join(", ")}) in one process, or give each queue a process of its own`,
    }));
}

const ownVariables =
  /^(FILE__|LSIO_|S6_)|^(PUID|PGID|UMASK|NO_CHOWN|DOCKER_MODS|SIDEKIQ_(DEFAULT|ONLY|QUEUE|THREADS))$/;

/** Variables of the image's init that the program sets, or that would undo what it does: name → what to use instead. */
const reserved: ReadonlyMap<string, string> = new Map(
  Object.entries({
    PUID: "is set by the program: use the key image.puid instead",
    PGID: "is set by the program: use the key image.pgid instead",
    SIDEKIQ_DEFAULT: "is set by the program: use the key sidekiq instead",
    SIDEKIQ_ONLY: "is set by the program: use the key sidekiq instead",
    SIDEKIQ_QUEUE: "is set by the program: use the key sidekiq instead",
    SIDEKIQ_THREADS: "is set by the program: use the key sidekiq instead",
    DOCKER_MODS:
      "would run code from elsewhere as root inside the container; build an image, and name it under images.mastodon",
    LSIO_NON_ROOT_USER: "is not supported by this image; remove it",
    LSIO_READ_ONLY_FS: "is not supported by this image; remove it",
  }),
);

function environmentFaults(environment: Readonly<Record<string, string>>): Fault[] {
  return Object.keys(environment).flatMap((name) => {
    const message = name.startsWith("FILE__")
      ? "names a file that the container does not have; give the value itself"
      : reserved.get(name);
    return message === undefined ? [] : [{ path: `environment.${name}`, message }];
  });
}
