import type { Config } from "../configSchema";

/** A port of the host that the gateway takes. */
export interface Listener {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  /** The key that a conflict is told under, and what to do about one. */
  readonly path: string;
  readonly advice: string;
}

/** Where the host must have nothing else that listens. */
export function listenersOf(edge: Config["edge"]): Listener[] {
  const tcp = { protocol: "tcp", address: "0.0.0.0" } as const;
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
        ...tcp,
        path: "edge.kind",
        advice:
          "stop it, since certificates are only given to who answers there, or have it pass requests on, with edge: {kind: none, port: …}",
      };
      return [
        { ...own, port: 80 },
        { ...own, port: 443 },
        { ...own, port: 443, protocol: "udp" },
      ];
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
