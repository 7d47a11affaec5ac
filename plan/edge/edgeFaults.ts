import type { ParsedConfig } from "../configSchema";
import type { Fault } from "../faults";
import { versionOf } from "../hosts/network";
import { oneOf, quoted } from "../shapes";
import { isReachedByIpv6 } from "./listeners";
import { isWithin, publicNames } from "./names";

type Edged = Pick<ParsedConfig, "edge" | "dns" | "domain" | "webDomain" | "host">;

/** What of a way in, and of the names that lead there, contradicts itself. */
export const edgeFaults = (config: Edged): Fault[] => [
  ...nameFaults(config),
  ...zoneFaults(config),
  ...recordFaults(config),
];

/** From the internet, an instance is found by its domain alone. */
const nameFaults = ({ edge, domain }: Edged): Fault[] =>
  edge.kind !== "local" && domain === undefined
    ? [
        {
          path: "domain",
          message: `is missing: edge.kind: ${edge.kind} lets the internet in, where an instance is found by its name, for example social.example.org`,
        },
      ]
    : [];

function zoneFaults({ edge, dns, domain, webDomain }: Edged): Fault[] {
  const names = domain === undefined ? [] : publicNames({ domain, webDomain });
  const outside = (zone: string, path: string): Fault[] =>
    names
      .filter((name) => !isWithin(name, zone))
      .map((name) => ({
        path,
        message: `${quoted(zone)} does not hold ${name}: write the zone that Cloudflare lists, which is the registered domain, for example ${registered(name)}`,
      }));
  const tunnelZone = edge.kind === "tunnel" ? edge.zone : undefined;
  const dnsZone = dns?.kind === "cloudflare" ? dns.zone : undefined;
  return [
    ...(tunnelZone === undefined ? [] : outside(tunnelZone, "edge.zone")),
    ...(dnsZone === undefined || dnsZone === tunnelZone ? [] : outside(dnsZone, "dns.zone")),
    ...(tunnelZone !== undefined && dnsZone !== undefined && tunnelZone !== dnsZone
      ? [
          {
            path: "dns.zone",
            message: `${quoted(dnsZone)} is not edge.zone, ${tunnelZone}: a tunnel and its names are in one zone; leave dns out`,
          },
        ]
      : []),
  ];
}

/** As a rule, the last two labels. */
const registered = (name: string): string => name.split(".").slice(-2).join(".");

function recordFaults(config: Edged): Fault[] {
  const { edge, dns, host } = config;
  if (dns?.kind !== "cloudflare") return [];
  const { addresses } = dns;
  return [
    ...(edge.kind === "local"
      ? [
          {
            path: "dns.kind",
            message:
              '"cloudflare" contradicts edge.kind: local, which nobody reaches by a name; leave dns out, or choose edge.kind: tunnel, caddy or none',
          },
        ]
      : []),
    ...(edge.kind === "tunnel" && addresses !== undefined
      ? [
          {
            path: "dns.addresses",
            message: `${quoted(addresses)} contradicts edge.kind: tunnel, whose names lead into the tunnel; leave addresses out`,
          },
        ]
      : []),
    ...(["caddy", "none"].includes(edge.kind) && host.kind !== "hetzner" && addresses === undefined
      ? [
          {
            path: "dns.addresses",
            message: `is missing: the program knows no public address of a host of kind ${host.kind}; write it, for example [198.51.100.7], or use dns: {kind: manual}`,
          },
        ]
      : []),
    ...(addresses ?? []).filter(isPrivate).map((address) => ({
      path: "dns.addresses",
      message: `${quoted(address)} is no public address: nobody outside reaches it; write that of your router, or use edge.kind: tunnel, which needs none`,
    })),
    ...repeated(addresses ?? [], "dns.addresses"),
    ...(edge.kind === "caddy" && !isReachedByIpv6(config) ? (addresses ?? []) : [])
      .filter((address) => versionOf(address) === 6)
      .map((address) => ({
        path: "dns.addresses",
        message: `${quoted(address)} leads to where the gateway does not listen: write edge: {kind: caddy, …, ipv6: true}, or leave the address out`,
      })),
    ...releaseFaults(config, dns),
  ];
}

type CloudflareDns = Extract<NonNullable<ParsedConfig["dns"]>, { kind: "cloudflare" }>;

/** What is released or kept must be one of the instance's own names, once. */
function releaseFaults({ domain, webDomain }: Edged, { replace, keep }: CloudflareDns): Fault[] {
  const names = domain === undefined ? [] : publicNames({ domain, webDomain });
  const foreign = (key: "replace" | "keep", listed: readonly string[]): Fault[] =>
    listed
      .filter((name) => !names.includes(name))
      .map((name) => ({
        path: `dns.${key}`,
        message: `${quoted(name)} is no name of this instance: it can only be ${oneOf(names)}; remove it`,
      }));
  return [
    ...foreign("replace", replace),
    ...foreign("keep", keep),
    ...replace
      .filter((name) => keep.includes(name))
      .map((name) => ({
        path: "dns.keep",
        message: `${quoted(name)} stands under dns.replace too: what leads there now can only go or stay; remove one of them`,
      })),
    ...repeated(replace, "dns.replace"),
    ...repeated(keep, "dns.keep"),
  ];
}

const repeated = (values: readonly string[], path: string): Fault[] =>
  values
    .filter((value, index) => values.indexOf(value) !== index)
    .map((value) => ({ path, message: `names ${value} twice: name it once` }));

/** Ranges that no router of the internet passes on: https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const isPrivate = (address: string): boolean =>
  /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
    address,
  ) || /^(::1?$|f[cd]|fe[89ab])/i.test(address);
