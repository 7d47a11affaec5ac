import type { Config, ParsedConfig } from "../configSchema";
import type { ContainerSpec } from "../containerSpec";
import { flavourOf } from "../flavours/flavourOf";
import { healthCheck } from "../healthCheck";
import { labelsOf, physicalName } from "../names";
import type { Sizing } from "../sizing";
import { webHost } from "./names";

/** One rule of a tunnel: which requests go where. The first that matches counts. */
export interface IngressRule {
  /** Absent: any. */
  readonly hostname?: string;
  /** A regular expression; absent: any path. */
  readonly path?: string;
  /** Where to, on the networks that cloudflared is on. */
  readonly service: string;
}

/** A tunnel that is managed at Cloudflare: the machine itself holds nothing but a token. */
export interface TunnelSpec {
  readonly accountId: string;
  readonly name: string;
  readonly ingress: readonly IngressRule[];
  /** Containers of cloudflared, each with connections of its own. */
  readonly replicas: readonly ContainerSpec[];
}

/** Where the gateway listens for cloudflared, in its container. */
export const tunnelPort = 8080;

const gatewayService = `http://gateway:${tunnelPort}`;

/** Where cloudflared says whether it is connected; one of the ports that it would choose by itself. */
const metricsPort = 20241;

/**
 * How many containers of cloudflared there are. Each holds four connections, so that one is enough; a second one serves
 * while the first is restarted by itself.
 */
export function connectorsOf({ edge, hardware }: Pick<ParsedConfig, "edge" | "hardware">): number {
  if (edge.kind !== "tunnel") return 0;
  return edge.replicas ?? (hardware === "pi" || hardware === "dev" ? 1 : 2);
}

/** Of all tunnels of an account, no two have one name. */
export const tunnelName = (instance: string): string => physicalName(instance, "tunnel");

/** Undefined where the way in is another one. */
export function tunnelSpec(config: Config, { tunnel }: Sizing): TunnelSpec | undefined {
  if (config.edge.kind !== "tunnel" || tunnel === undefined) return undefined;
  return {
    accountId: config.edge.accountId,
    name: tunnelName(config.name),
    ingress: ingressRules(config),
    replicas: Array.from({ length: tunnel.connectors }, (_, index) =>
      cloudflared(config, tunnel.memoryMb, index),
    ),
  };
}

/**
 * What leads where: https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/
 *
 * Host names are passed on as visitors wrote them, which both Mastodon's check of hosts and the signatures of other
 * servers' requests need.
 */
export function ingressRules(config: Config): IngressRule[] {
  const hostname = webHost(config);
  const { streaming } = flavourOf(config.image).upstreams;
  return [
    // Past the gateway where that is possible: sockets stay open for hours, and outlive it when it is made anew.
    {
      hostname,
      path: "^/api/v1/streaming",
      service:
        streaming === undefined ? gatewayService : `http://${streaming.service}:${streaming.port}`,
    },
    { hostname, service: gatewayService },
    ...(config.webDomain === undefined
      ? []
      : [{ hostname: config.domain, service: gatewayService }]),
    { service: "http_status:404" },
  ];
}

/** One connector. A new one is connected before the old one goes, so that there is a way in at any time. */
function cloudflared(config: Config, memoryMb: number, index: number): ContainerSpec {
  const part = index === 0 ? "cloudflared" : `cloudflared-${index + 1}`;
  return {
    part,
    image: "cloudflared",
    command: ["tunnel", "--no-autoupdate", "--metrics", `127.0.0.1:${metricsPort}`, "run"],
    environment: { TUNNEL_TOKEN: { secret: "tunnelToken" }, TZ: config.timezone },
    // Its image's own user `nonroot`, and the reason why it needs no capability.
    user: "65532:65532",
    networks: ["egress", "front"],
    mounts: [],
    tmpfs: {},
    ports: [],
    health: healthCheck(config, {
      // Its `/ready`: at least one connection to Cloudflare is up. The image has no other program to ask with.
      test: ["CMD", "cloudflared", "tunnel", "--metrics", `127.0.0.1:${metricsPort}`, "ready"],
      interval: "10s",
      timeout: "5s",
      startPeriod: "1m0s",
      retries: 3,
    }),
    healthySeconds: 120,
    memoryMb,
    capabilities: [],
    init: false,
    // It lets requests finish for half a minute (`--grace-period`).
    stopSeconds: 35,
    oldGoes: "last",
    exceptions: [],
    labels: labelsOf(config.name, part),
  };
}
