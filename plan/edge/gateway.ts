import type { Config } from "../configSchema";
import type { ContainerSpec } from "../containerSpec";
import type { Environment } from "../environmentValue";
import { healthCheck } from "../healthCheck";
import type { JobSpec } from "../jobs";
import { labelsOf, physicalName } from "../names";
import { runOnce } from "../oneOff";
import { commandLine, quote } from "../shell";
import type { Sizing } from "../sizing";
import {
  caddyfile,
  caddyfileDigest,
  caddyfileFolder,
  commonOptions,
  healthPort,
  hmacVariable,
  httpsPort,
  plainPort,
  rootsFile,
} from "./caddyfile";
import { anyIpv6, listenersOf } from "./listeners";
import { publicNames } from "./names";

const file = `${caddyfileFolder}/Caddyfile`;

/** Where the image keeps certificates and the key of its account. */
const dataFolder = "/data";

const healthUrl = `http://127.0.0.1:${healthPort}`;

/**
 * Runs on the text that its volume holds. Where that is none that this Caddy takes, as at the very first start, it begins
 * with one that only says that it is there: the job that follows gives it the right one.
 */
const start = `caddy validate --config ${file} --adapter caddyfile > /dev/null 2>&1 ||
  printf '%s\\n' '{' ${commonOptions.map(quote).join(" ")} '}' '${healthUrl} {' 'respond 200' '}' > ${file}
exec caddy run --config ${file} --adapter caddyfile`;

/** Caddy, in front of everything: the only container that publishes a port. */
export function gatewayContainer(config: Config, { gateway }: Sizing): ContainerSpec {
  return {
    part: "gateway",
    image: "caddy",
    ...placed(config),
    entrypoint: ["/bin/sh", "-c"],
    command: [start],
    environment: { ...authorityKey(config), TZ: config.timezone },
    user: "0:0",
    networks: ["egress"],
    mounts: [
      { volume: "gateway", path: dataFolder, readOnly: false },
      { volume: "caddyfile", path: caddyfileFolder, readOnly: false },
      { volume: "media", path: "/srv/system", readOnly: true },
    ],
    tmpfs: { "/config": "mode=0700,size=4m", "/tmp": "mode=1777,size=4m" },
    ports: publishedPorts(config),
    health: healthCheck(config, {
      test: ["CMD", "wget", "--quiet", "--output-document=/dev/null", `${healthUrl}/health`],
      interval: "5s",
      timeout: "5s",
      startPeriod: "30s",
      retries: 3,
    }),
    healthySeconds: 120,
    memoryMb: gateway.memoryMb,
    capabilities,
    init: false,
    stopSeconds: 20,
    exceptions: [
      {
        rule: "all capabilities are dropped",
        reason:
          "the image's caddy carries CAP_NET_BIND_SERVICE as a file capability, and cannot be executed without it",
      },
      {
        rule: "not root",
        reason:
          "the image has no other user that owns /data; without capabilities root is an ordinary user there",
      },
    ],
    labels: labelsOf(config.name, "gateway"),
  };
}

const capabilities = ["CAP_NET_BIND_SERVICE"];

/** Two at once cannot publish the same port; behind a tunnel they can be, and the old one goes when the new one serves. */
const placed = ({ edge, name }: Config): Pick<ContainerSpec, "name" | "oldGoes" | "foundOn"> =>
  edge.kind === "tunnel"
    ? { oldGoes: "last", foundOn: "front" }
    : { name: physicalName(name, "gateway"), oldGoes: "first" };

/** By the port inside, in which order the provider reads them back. */
const publishedPorts = (config: Config): ContainerSpec["ports"] =>
  listenersOf(config)
    .flatMap(({ port, protocol, addresses }) =>
      addresses.map((address) => ({
        internal: internalPort(config, port, address),
        external: port,
        address,
        ...(protocol === "udp" ? { protocol } : {}),
      })),
    )
    .sort((left, right) => left.internal - right.internal);

/**
 * The provider takes two publications of one port for a change of it, each time. So visitors by IPv6 are led to ports of
 * their own.
 */
function internalPort({ edge }: Config, port: number, address: string): number {
  switch (edge.kind) {
    case "local":
      return httpsPort;
    case "caddy":
      if (address !== anyIpv6) return port;
      return port === 443 ? httpsPort : plainPort;
    case "tunnel":
    case "none":
      return plainPort;
    default:
      return edge satisfies never;
  }
}

const authorityKey = ({ edge }: Config): Environment =>
  edge.kind === "caddy" && edge.acmeKeyId !== undefined
    ? { [hmacVariable]: { secret: "acmeHmacKey" } }
    : {};

const authorityRoots = ({ edge }: Config): Environment =>
  edge.kind === "caddy" && edge.acmeRoots !== undefined ? { ACME_ROOTS: edge.acmeRoots } : {};

/** Puts what the gateway works by into a folder of a container. */
const write = (folder: string): string =>
  [
    "set -eu",
    "umask 077",
    `if [ -n "\${ACME_ROOTS-}" ]; then printf "%s" "$ACME_ROOTS" > ${rootsFile}; fi`,
    `printf "%s" "$CADDYFILE" > ${folder}/Caddyfile.new`,
  ].join("\n");

/**
 * Has the gateway, whose id is in `$CONTAINER`, work by another text without being made anew: sockets stay open, and no
 * request is lost. One that Caddy, whose image is in `$IMAGE`, does not take is refused before it reaches the gateway.
 *
 * The text lies in a volume, so that it is there again after a reboot. It can be run again at any time.
 */
export function caddyfileJob(config: Config, sizing: Sizing): JobSpec {
  const files: Environment = { CADDYFILE: caddyfile(config), ...authorityRoots(config) };
  const environment: Environment = { ...files, ...authorityKey(config) };
  const validate = [
    write("/tmp"),
    "exec caddy validate --config /tmp/Caddyfile.new --adapter caddyfile",
  ].join("\n");
  const inGateway = (script: string, variables: readonly string[] = []): string =>
    [
      "docker exec",
      ...variables.map((variable) => `--env=${variable}`),
      `"$CONTAINER" /bin/sh -c ${quote(script)}`,
    ].join(" ");
  return {
    part: "caddyfile",
    script: [
      "set -eu",
      `refusal=$({ ${runOnce(config, {
        part: "caddyfile",
        // Nothing goes out: to be validated is not to be run.
        network: "egress",
        user: "0:0",
        tmpfs: Object.fromEntries(
          ["/config", dataFolder, caddyfileFolder, "/tmp"].map((path) => [path, "size=4m"]),
        ),
        options: capabilities.map((capability) => `--cap-add=${capability}`),
        memoryMb: sizing.job.memoryMb,
        variables: Object.keys(environment),
        image: '"$IMAGE"',
        command: ["/bin/sh", "-c", validate],
      })}; } 2>&1) || { printf "%s\\n" "$refusal" >&2; exit 1; }`,
      'docker start "$CONTAINER" > /dev/null',
      // The signal by which it reads its file again would end it before it listens for one.
      inGateway(answering("/caddyfile")),
      inGateway(
        `${write(caddyfileFolder)}\ncp ${file} ${file}.old\nmv ${file}.new ${file}`,
        Object.keys(files),
      ),
      // From inside: after `docker kill`, whatever its signal, the engine takes a container for one that its owner has
      // stopped, and does not start it at the next boot.
      inGateway("kill -USR1 1"),
      `${inGateway(answering("/caddyfile", caddyfileDigest(config)))} || {`,
      `  ${inGateway(`mv ${file}.old ${file}`)}`,
      '  docker logs --tail 5 "$CONTAINER" >&2',
      '  echo "The gateway goes on as before: it has not taken over its new configuration. Should images.caddy be older than 2.11, name a newer one." >&2',
      "  exit 1",
      "}",
      ...(config.edge.kind === "caddy" ? [certificates(config, inGateway)] : []),
    ].join("\n"),
    environment,
    followsImage: false,
    progress: config.edge.kind === "caddy",
  };
}

/** Waits until the gateway answers, with a certain text if one is given, for a quarter of a minute. */
function answering(path: string, text?: string): string {
  const ask = commandLine(["wget", "--quiet", "--output-document=-", `${healthUrl}${path}`]);
  const holds =
    text === undefined ? `${ask} > /dev/null 2>&1` : `[ "$(${ask} 2> /dev/null)" = ${text} ]`;
  return `for _ in $(seq 30); do if ${holds}; then exit 0; fi; sleep 0.5; done; exit 1`;
}

/**
 * Waits a minute for certificates, and otherwise tells why there is none. That is no failure: the names may well lead
 * here only after the first `up`, and Caddy goes on trying for a month by itself.
 */
function certificates(config: Config, inGateway: (script: string) => string): string {
  const names = publicNames(config).join(" ");
  const list = `for host in ${names}; do [ -n "$(find ${dataFolder}/caddy/certificates -name "$host.crt" 2> /dev/null)" ] || echo "$host"; done`;
  const waiting = `for _ in $(seq 60); do missing=$(${list}); [ -n "$missing" ] || exit 0; sleep 1; done; echo "$missing"`;
  return [
    `for host in $(${inGateway(waiting)}); do`,
    `  reason=$(docker logs --tail 200 "$CONTAINER" 2>&1 | grep -F "could not get certificate from issuer\\",\\"identifier\\":\\"$host\\"" | sed -n 's/.*"error":"\\(.*\\)".*/\\1/p' | tail -n 1)`,
    '  echo "There is no certificate for $host yet, and the gateway keeps trying. ${reason:-The authority has not answered.}"',
    '  echo "Ports 80 and 443 of $host must lead to this machine from everywhere: see docs/public-ports.md."',
    "done",
  ].join("\n");
}
