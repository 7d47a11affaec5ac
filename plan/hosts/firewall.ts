import type { Config } from "../configSchema";
import { versionOf } from "./network";

/** What may come in. Whatever no rule names is dropped by Hetzner, before it reaches the server. */
export interface FirewallRule {
  readonly description: string;
  readonly protocol: "tcp" | "udp";
  readonly port: string;
  /** Networks in CIDR notation. */
  readonly sources: readonly string[];
}

const anywhere = ["0.0.0.0/0", "::/0"] as const;

/** SSH, and what the edge itself answers: nothing at all where visitors come in through a tunnel. */
export function firewallRules(
  edge: Config["edge"],
  adminIps: readonly string[] | undefined,
): FirewallRule[] {
  const ssh: FirewallRule = {
    description: "SSH",
    protocol: "tcp",
    port: "22",
    sources: adminIps === undefined ? anywhere : adminIps.map(networkOf),
  };
  return [ssh, ...edgeRules(edge)];
}

function edgeRules(edge: Config["edge"]): FirewallRule[] {
  switch (edge.kind) {
    case "caddy":
      return [
        { description: "HTTP", protocol: "tcp", port: "80", sources: anywhere },
        { description: "HTTPS", protocol: "tcp", port: "443", sources: anywhere },
        { description: "HTTP/3", protocol: "udp", port: "443", sources: anywhere },
      ];
    case "local":
    case "none":
    case "tunnel":
      return [];
    default:
      return edge satisfies never;
  }
}

/** A single address as the network that holds it alone: firewall rules take nothing else. */
export const networkOf = (address: string): string =>
  address.includes("/") ? address : `${address}/${versionOf(address) === 6 ? 128 : 32}`;
