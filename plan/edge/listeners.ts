import type { Config } from "../configSchema";
import type { Fault } from "../faults";

/** A port of the host that the gateway takes. */
export interface Listener {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Those of the host at which it takes it. */
  readonly addresses: readonly string[];
  /** Whether the engine leads visitors into the container by IPv6, too. Default: false. */
  readonly byIpv6?: true;
  /** The key that a conflict is told under, and what to do about one. */
  readonly path: string;
  readonly advice: string;
}

type Reached = Pick<Config, "edge" | "host">;

/** Every address of a host, of either kind. */
const anyIpv4 = "0.0.0.0";
export const anyIpv6 = "::";

/**
 * Whether visitors come by IPv6 too. Unless the stack file says so, only where the program sets up the machine: whether
 * another one's engine can do it, and its network goes on as before, is its owner's to say.
 */
export const isReachedByIpv6 = ({ edge, host }: Reached): boolean =>
  edge.kind === "caddy" && (edge.ipv6 ?? host.kind === "hetzner");

/**
 * Since 27, an engine gives networks addresses of a private range by itself, and leads visitors into them without hiding
 * who they are: https://docs.docker.com/engine/release-notes/27/
 *
 * @param version of the engine, such as `28.2.2`
 */
export const ipv6Faults = (version: string): Fault[] =>
  Number.parseInt(version, 10) < 27
    ? [
        {
          path: "edge.ipv6",
          message: `true needs Docker 27 or newer on the host, which has ${version}; upgrade it, or leave ipv6 out`,
        },
      ]
    : [];

/** Where the host must have nothing else that listens. */
export function listenersOf({ edge, host }: Reached): Listener[] {
  switch (edge.kind) {
    case "local":
      return [
        {
          protocol: "tcp",
          port: edge.port,
          addresses: ["127.0.0.1"],
          path: "edge.port",
          advice: "stop it, or choose another port with edge: {kind: local, port: …}",
        },
      ];
    case "caddy": {
      const byIpv6 = isReachedByIpv6({ edge, host });
      const own = {
        addresses: byIpv6 ? [anyIpv4, anyIpv6] : [anyIpv4],
        ...(byIpv6 ? { byIpv6 } : {}),
        path: "edge.kind",
        advice:
          "stop it, since certificates are only given to who answers there, or have it pass requests on, with edge: {kind: none, port: …}",
      };
      return [
        { ...own, protocol: "tcp", port: 80 },
        { ...own, protocol: "tcp", port: 443 },
        { ...own, protocol: "udp", port: 443 },
      ];
    }
    case "tunnel":
      return [];
    case "none":
      return [
        {
          protocol: "tcp",
          port: edge.port,
          addresses: [edge.address],
          path: "edge.port",
          advice: "stop it, or choose another edge.port, and tell the reverse proxy",
        },
      ];
    default:
      return edge satisfies never;
  }
}
