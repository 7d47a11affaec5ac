import type { Config } from "../configSchema";
import type { Fault } from "../faults";

/** A port of the host that the gateway takes. */
export interface Listener {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly address: string;
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
  const tcp = { protocol: "tcp", address: anyIpv4 } as const;
  switch (edge.kind) {
    case "local":
      return [
        {
          ...tcp,
          port: edge.port,
          address: "127.0.0.1",
          path: "edge.port",
          advice: "stop it, or choose another port with edge: {kind: local, port: …}",
        },
      ];
    case "caddy": {
      const own = {
        path: "edge.kind",
        advice:
          "stop it, since certificates are only given to who answers there, or have it pass requests on, with edge: {kind: none, port: …}",
      };
      const addresses = isReachedByIpv6({ edge, host }) ? [anyIpv4, anyIpv6] : [anyIpv4];
      return addresses.flatMap((address) => [
        { ...own, protocol: "tcp", address, port: 80 },
        { ...own, protocol: "tcp", address, port: 443 },
        { ...own, protocol: "udp", address, port: 443 },
      ]);
    }
    case "tunnel":
      return [];
    case "none":
      return [
        {
          ...tcp,
          port: edge.port,
          address: edge.address,
          path: "edge.port",
          advice: "stop it, or choose another edge.port, and tell the reverse proxy",
        },
      ];
    default:
      return edge satisfies never;
  }
}
