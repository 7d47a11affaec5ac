import { isIP } from "node:net";

export interface Cidr {
  /** 32 or 128. */
  readonly width: number;
  readonly length: number;
  readonly address: bigint;
}

/** @returns undefined for what is no address with a length behind a slash */
export function parseCidr(text: string): Cidr | undefined {
  const [host = "", length = "", ...more] = text.split("/");
  const family = isIP(host);
  const width = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > width)
    return undefined;
  return { width, length: Number(length), address: addressOf(host) };
}

/** An IPv4 or IPv6 address as a number. */
export function addressOf(ip: string): bigint {
  if (isIP(ip) === 4) return joined(ip.split("."), 8, 10);
  const [head = "", tail] = canonicalIp(ip).split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return joined([...left, ...zeros, ...right], 16, 16);
}

function joined(groups: readonly string[], bits: number, radix: number): bigint {
  return groups.reduce(
    (sum, group) => (sum << BigInt(bits)) + BigInt(Number.parseInt(group, radix)),
    0n,
  );
}

/** IPv6 in lower case and as short as can be; IPv4 as it is. */
export function canonicalIp(ip: string): string {
  return isIP(ip) === 6 ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip;
}

export function ipv4Of(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join(".");
}

/** The first address of a network. */
export function networkOf({ width, length, address }: Cidr): bigint {
  const shift = BigInt(width - length);
  return (address >> shift) << shift;
}

/** The last address of a network. */
export function lastOf(cidr: Cidr): bigint {
  return networkOf(cidr) + (1n << BigInt(cidr.width - cidr.length)) - 1n;
}

export function holds(outer: Cidr, inner: Cidr): boolean {
  return (
    outer.width === inner.width &&
    networkOf(outer) <= networkOf(inner) &&
    lastOf(inner) <= lastOf(outer)
  );
}

export function overlap(one: Cidr, other: Cidr): boolean {
  return holds(one, other) || holds(other, one);
}
