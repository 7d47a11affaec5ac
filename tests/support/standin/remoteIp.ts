import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIPv4, isIPv6 } from "node:net";

const trusted = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  trusted.addSubnet(network, prefix, "ipv4");
trusted.addSubnet("fc00::", 7, "ipv6");
trusted.addAddress("::1", "ipv6");

const isTrusted = (address: string): boolean =>
  trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");

/**
 * Whom Rails takes for the visitor: the last of those that a request has come through which is no private address
 * (`ActionDispatch::RemoteIp`, with the networks that it trusts where there is no TRUSTED_PROXY_IP).
 */
export function remoteIp(headers: IncomingHttpHeaders, peer: string): string {
  const forwarded = headers["x-forwarded-for"] ?? "";
  const chain = [forwarded]
    .flat()
    .join(",")
    .split(",")
    .concat(peer.replace(/^::ffff:/, ""))
    .map((address) => address.trim())
    .filter((address) => isIPv4(address) || isIPv6(address));
  return chain.findLast((address) => !isTrusted(address)) ?? chain[0] ?? peer;
}
