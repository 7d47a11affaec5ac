import type { Config } from "../configSchema";
import { labelValue } from "../names";
import { versionOf } from "../hosts/network";
import { isReachedByIpv6 } from "./listeners";
import { publicNames } from "./names";
import {
  botSettings,
  zoneSettings,
  type ForeignRecord,
  type Zone,
  type ZoneSettingSpec,
} from "./zone";

/** What a record leads to: an address or a name, or something that is only known once it has been made. */
export type RecordTarget = string | { readonly of: "tunnel" | "server" | "serverIpv6" };

/** One DNS record of the instance. */
export interface RecordSpec {
  /** Part of its logical name. */
  readonly part: string;
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME";
  readonly target: RecordTarget;
  /** Whether visitors come to Cloudflare, and Cloudflare to the instance. */
  readonly proxied: boolean;
}

/** What the program does at Cloudflare about the names of an instance. */
export interface DnsSpec {
  readonly zoneId: string;
  readonly records: readonly RecordSpec[];
  /** Written on each record, so that it is known again as the program's own. */
  readonly comment: string;
  /** Records of others that go, since the stack file names them. */
  readonly replaced: readonly ForeignRecord[];
  readonly settings: readonly ZoneSettingSpec[];
  /** How bots are let through; absent: nothing is known to stop them. */
  readonly bots?: (typeof botSettings)[NonNullable<Zone["bots"]>];
}

/** How the program's own records are known. */
export const recordComment = (instance: string): string => `Pulumi: ${labelValue(instance)}`;

/** What stands for the id of a zone that nobody has asked for: in a plan that is only looked at. */
const unasked = "(asked of Cloudflare)";

/** The records of an instance, for whoever enters them. */
export function records(config: Config): RecordSpec[] {
  const kept = config.dns.kind === "cloudflare" ? config.dns.keep : [];
  const proxied = config.edge.kind === "tunnel";
  return publicNames(config)
    .filter((name) => !kept.includes(name))
    .flatMap((name) =>
      targetsOf(config).map(([type, target], index) => ({
        // A name's first record stays the same one, whatever it becomes: a second of another kind beside it is refused.
        part: index === 0 ? name : `${name}-${index + 1}`,
        name,
        type,
        target,
        proxied,
      })),
    );
}

type Target = readonly [RecordSpec["type"], RecordTarget];

/** Where a name leads. */
function targetsOf(config: Config): Target[] {
  const { dns, edge, host } = config;
  switch (edge.kind) {
    case "tunnel":
      return [["CNAME", { of: "tunnel" }]];
    case "caddy":
    case "none": {
      if (dns.kind === "cloudflare" && dns.addresses !== undefined) {
        return dns.addresses.map((address) => [versionOf(address) === 6 ? "AAAA" : "A", address]);
      }
      const own = "the public address of the machine, or of the router before it";
      const ipv4: Target = ["A", host.kind === "hetzner" ? { of: "server" } : own];
      const ipv6: Target = ["AAAA", host.kind === "hetzner" ? { of: "serverIpv6" } : own];
      // Where the gateway does not listen, a record of this kind would lead to a closed door.
      return isReachedByIpv6(config) ? [ipv4, ipv6] : [ipv4];
    }
    case "local":
      return [];
    default:
      return edge satisfies never;
  }
}

/** What the program does at Cloudflare about an instance's names; undefined where its owner does it. */
export function dnsSpec(config: Config): DnsSpec | undefined {
  const { dns, edge, zone } = config;
  // In front of a tunnel Cloudflare has to let everybody through, whoever has entered the records.
  const proxied = edge.kind === "tunnel";
  const managed = dns.kind === "cloudflare";
  if (!proxied && !managed) return undefined;
  const replace = managed ? dns.replace : [];
  const locked = zone?.locked ?? {};
  return {
    zoneId: zone?.id ?? unasked,
    records: managed ? records(config) : [],
    comment: recordComment(config.name),
    replaced: (zone?.foreign ?? []).filter(({ name }) => replace.includes(name)),
    settings: proxied ? zoneSettings.filter(({ id }) => !(id in locked)) : [],
    ...(proxied && zone?.bots !== undefined ? { bots: botSettings[zone.bots] } : {}),
  };
}

/**
 * What DNS should say of the sender of the instance's mail, for whoever enters it: the mail service knows the values.
 * Without it, confirmations and notifications are taken for spam.
 */
export function mailHints({ smtp }: Config): string[] {
  const domain = /@([^@\s>]+)>?$/.exec(smtp?.from ?? "")?.[1];
  if (domain === undefined) return [];
  return [
    `TXT ${domain}: v=spf1 with what your mail service says, such as include:spf.example.net, then ~all (SPF)`,
    `TXT or CNAME of the mail service's choosing below _domainkey.${domain} (DKIM)`,
    `TXT _dmarc.${domain}: v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain} (DMARC)`,
    `MX ${domain}: the server that takes mail for it, so that replies and bounces arrive`,
  ];
}
