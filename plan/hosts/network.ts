import { z } from "zod";

/** The version of an IP address; undefined where it is none. */
export const versionOf = (address: string): 4 | 6 | undefined =>
  z.ipv4().safeParse(address).success ? 4 : z.ipv6().safeParse(address).success ? 6 : undefined;

/** The numbers between the dots or colons of an address, and how many bits each has. */
function groupsOf(address: string): { readonly groups: number[]; readonly bits: number } {
  if (versionOf(address) === 4) return { groups: address.split(".").map(Number), bits: 8 };
  // As the URL standard writes it: without leading zeros, and with hexadecimal digits alone.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const numbers = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return { groups: [...first, ...Array<number>(zeros).fill(0), ...last], bits: 16 };
}

/**
 * Whether an address has bits beyond its network's prefix, as in 10.0.0.5/24: it then names a host, and a firewall that
 * wants a network refuses it.
 *
 * @param address a valid IPv4 or IPv6 address
 */
export function hasHostBits(address: string, prefix: number): boolean {
  const { groups, bits } = groupsOf(address);
  return groups.some((group, index) => {
    const kept = Math.max(0, Math.min(bits, prefix - index * bits));
    return group % 2 ** (bits - kept) !== 0;
  });
}
