import { isIPv4, isIPv6 } from "node:net";
import type { Account, Zone } from "./account";
import { ApiError, invalidBody } from "./apiError";
import { page, zoneRoute, type Route } from "./routes";

export interface NewRecord {
  /** Absolute, or below the zone, whose own name is also `@`. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME" | "MX" | "NS" | "TXT";
  readonly content: string;
  /** In seconds; 1 leaves it to Cloudflare. */
  readonly ttl: number;
  readonly proxied?: boolean;
  readonly comment?: string | null;
  /** Of MX only. */
  readonly priority?: number;
}

export interface DnsRecord extends Required<Omit<NewRecord, "priority">> {
  readonly id: string;
  readonly priority?: number;
  readonly created: string;
  readonly modified: string;
  readonly commented: string | undefined;
}

const addresses = ["A", "AAAA", "CNAME"];

const more =
  "For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.";

export function dnsRecordRoutes(): Route[] {
  const reading = { permission: "DNS:Read" } as const;
  const editing = { permission: "DNS:Edit" } as const;
  const writing = { ...editing, request: "record" } as const;
  return [
    zoneRoute(
      "GET",
      "/dns_records",
      { ...reading, query: ["name", "type", "page", "per_page"] },
      (zone, { query }) => {
        const [name, type] = [query.get("name")?.toLowerCase(), query.get("type")];
        const found = zone.records
          .filter((record) => name === undefined || record.name === name)
          .filter((record) => type === null || record.type === type);
        return page(query, found.map(present), { usual: 100, most: 5_000_000 });
      },
    ),
    zoneRoute("GET", "/dns_records/{record}", reading, (zone, { part }) => ({
      result: present(recordOf(zone, part("record"))),
    })),
    zoneRoute<NewRecord>("POST", "/dns_records", writing, (zone, { account, body }) => ({
      result: present(addRecord(account, zone, body)),
    })),
    zoneRoute<NewRecord>(
      "PUT",
      "/dns_records/{record}",
      writing,
      (zone, { account, body, part }) => {
        const old = recordOf(zone, part("record"));
        const others = zone.records.filter((record) => record !== old);
        const changed = checkedRecord(account, zone, body, others, old);
        zone.records = zone.records.map((record) => (record === old ? changed : record));
        return { result: present(changed) };
      },
    ),
    zoneRoute("DELETE", "/dns_records/{record}", editing, (zone, { part }) => {
      const gone = recordOf(zone, part("record"));
      zone.records = zone.records.filter((record) => record !== gone);
      return { result: { id: gone.id } };
    }),
  ];
}

export function addRecord(account: Account, zone: Zone, record: NewRecord): DnsRecord {
  const added = checkedRecord(account, zone, record, zone.records);
  zone.records = [...zone.records, added];
  return added;
}

function recordOf(zone: Zone, id: string): DnsRecord {
  const found = zone.records.find((record) => record.id === id);
  if (!found) throw new ApiError(404, 81_044, "Record does not exist.");
  return found;
}

/** The record as Cloudflare keeps it. @throws for what it refuses, in its order: the record itself, then the others */
function checkedRecord(
  account: Account,
  zone: Zone,
  given: NewRecord,
  others: readonly DnsRecord[],
  old?: DnsRecord,
): DnsRecord {
  const { type, proxied = false, comment = null, priority } = given;
  if (proxied && !addresses.includes(type))
    throw new ApiError(400, 9004, "This record type cannot be proxied.");
  if (given.ttl !== 1 && (given.ttl < 60 || given.ttl > 86_400))
    throw new ApiError(
      400,
      9021,
      "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.",
    );
  if ((type === "MX") !== (priority !== undefined))
    throw invalidBody("priority is of MX records, and required there");
  const now = account.now();
  const record: DnsRecord = {
    id: old?.id ?? account.nextId(),
    name: absolute(zone, given.name),
    type,
    content: contentOf(given),
    // What goes through the proxy has no lifetime of its own.
    ttl: proxied ? 1 : given.ttl,
    proxied,
    comment,
    ...(priority === undefined ? {} : { priority }),
    created: old?.created ?? now,
    modified: now,
    commented: comment === null ? undefined : comment === old?.comment ? old.commented : now,
  };
  expectNoConflict(record, others);
  return record;
}

/** A name that is not within the zone is taken for one below it. */
function absolute(zone: Zone, name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, "");
  if (plain === "@" || plain === zone.name) return zone.name;
  return plain.endsWith(`.${zone.name}`) ? plain : `${plain}.${zone.name}`;
}

function contentOf({ type, content }: NewRecord): string {
  switch (type) {
    case "A":
      if (isIPv4(content)) return content;
      throw new ApiError(400, 9005, "Content for A record must be a valid IPv4 address.");
    case "AAAA":
      if (isIPv6(content)) return new URL(`http://[${content}]`).hostname.slice(1, -1);
      throw new ApiError(400, 9006, "Content for AAAA record must be a valid IPv6 address.");
    case "CNAME": {
      const host = content.toLowerCase().replace(/\.$/, "");
      if (/^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(host) && !isIPv4(host))
        return host;
      throw new ApiError(400, 9007, "Content for CNAME record is invalid.");
    }
    case "MX":
    case "NS":
    case "TXT":
      return content;
  }
}

function expectNoConflict(record: DnsRecord, others: readonly DnsRecord[]): void {
  const there = others.filter(({ name }) => name === record.name);
  if (there.some(({ type, content }) => type === record.type && content === record.content))
    throw new ApiError(400, 81_058, "An identical record already exists.");
  if (record.type === "CNAME" && there.some(({ type }) => addresses.includes(type)))
    throw new ApiError(
      400,
      81_053,
      `An A, AAAA, or CNAME record with that host already exists. ${more}`,
    );
  if (addresses.includes(record.type) && there.some(({ type }) => type === "CNAME"))
    throw new ApiError(400, 81_054, `A CNAME record with that host already exists. ${more}`);
  if (addresses.includes(record.type) && there.some(({ type }) => type === "NS"))
    throw new ApiError(400, 81_056, "NS records with that host already exist.");
}

function present(record: DnsRecord): object {
  const { id, name, type, content, ttl, proxied, comment, priority } = record;
  return {
    id,
    name,
    type,
    content,
    proxiable: addresses.includes(type),
    proxied,
    ttl,
    settings: {},
    meta: {},
    comment,
    tags: [],
    created_on: record.created,
    modified_on: record.modified,
    ...(record.commented === undefined ? {} : { comment_modified_on: record.commented }),
    ...(priority === undefined ? {} : { priority }),
  };
}
