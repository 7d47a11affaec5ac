import { planCreate, planUpdate, type Plan } from "../plan";
import type { Fields, Property } from "../schema";
import type { Resource } from "../serve";
import { defined, text, type Values } from "../values";
import type { Client } from "./client";
import { completed, identifier, oneOf, output, unsupported, updateBody } from "./fields";

const flag: Property = { kind: "bool", computed: true };

const fields: Fields = {
  zoneId: identifier,
  name: { kind: "string", required: true },
  type: {
    ...identifier,
    // The others need `data`.
    ...oneOf("A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT"),
  },
  content: { kind: "string", computed: true },
  ttl: { kind: "int", required: true },
  proxied: { kind: "bool", default: false },
  comment: { kind: "string" },
  priority: {
    kind: "int",
    fault: (value) =>
      Number(value) >= 0 && Number(value) <= 65_535
        ? undefined
        : `value must be between 0 and 65535, got: ${value}`,
  },
  settings: {
    kind: "object",
    computed: true,
    fields: { flattenCname: flag, ipv4Only: flag, ipv6Only: flag },
  },
  tags: { kind: "set", computed: true },
  data: unsupported,
  includeShadowMetadata: unsupported,
  privateRouting: unsupported,
  commentModifiedOn: output,
  createdOn: output,
  meta: output,
  modifiedOn: output,
  proxiable: output,
  tagsModifiedOn: output,
};

interface Answer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly proxiable: boolean;
  readonly comment: string | null;
  readonly priority?: number;
  readonly tags: string[];
  readonly settings: Readonly<Record<string, boolean>>;
  readonly meta: object;
  readonly created_on: string;
  readonly modified_on: string;
  readonly comment_modified_on?: string;
}

/**
 * `cloudflare.DnsRecord`, after `dns_record/resource.go` and `custom.go`. The state has the name and the content that were
 * asked for, until a refresh brings those of the API: the full name, and addresses in their shortest form. A record that is
 * gone already is an error to delete.
 */
export function dnsRecord(client: Client): Resource {
  const address = (state: Values, id = ""): string =>
    `/zones/${text(state["zoneId"])}/dns_records${id && `/${id}`}`;
  return {
    fields,
    plan,
    async create(planned, { signal }) {
      if (planned["proxied"] === true && planned["ttl"] !== 1)
        throw new Error(
          "ttl must be set to 1 when `proxied` is true: When a DNS record is marked as `proxied` the TTL must be 1 as " +
            "Cloudflare will control the TTL internally.",
        );
      const body = defined(bodyOf(planned));
      const made = await client.send<Answer>(signal, "POST", address(planned), body);
      return { id: made.id, state: completed(fields, planned, stateOf(made)) };
    },
    async read(id, state, { signal }) {
      const found = await client.find<Answer>(signal, address(state, id));
      return found && defined({ zoneId: state["zoneId"], ...stateOf(found) });
    },
    async update(id, old, planned, { signal }) {
      const body = updateBody(bodyOf(old), bodyOf(planned));
      const changed = await client.send<Answer>(signal, "PUT", address(planned, id), body);
      return completed(fields, planned, stateOf(changed));
    },
    async delete(id, state, { signal }) {
      await client.send(signal, "DELETE", address(state, id));
    },
  };
}

/**
 * The table's rules, but for what the original overlooks: a name that the state has in full, and the case of letters in
 * the content of a CNAME.
 */
function plan(_oldInputs: Values, old: Values, inputs: Values): Plan {
  if (old["zoneId"] === undefined) return { state: planCreate(fields, inputs), changes: [] };
  const [before, now] = [text(old["name"]), text(inputs["name"])];
  const sameName = (now === "@" && before.includes(".")) || before.startsWith(`${now}.`);
  const [was, is] = [text(old["content"]), text(inputs["content"])];
  const sameTarget = inputs["type"] === "CNAME" && was.toLowerCase() === is.toLowerCase();
  return planUpdate(fields, old, {
    ...inputs,
    ...(sameName ? { name: before } : {}),
    ...(sameTarget ? { content: was } : {}),
  });
}

function bodyOf(planned: Values): Values {
  const { name, type, content, ttl, comment, priority, tags, settings } = planned;
  const { flattenCname, ipv4Only, ipv6Only } = (settings ?? {}) as Values;
  const flags = defined({ flatten_cname: flattenCname, ipv4_only: ipv4Only, ipv6_only: ipv6Only });
  return defined({
    name,
    type,
    content,
    ttl,
    proxied: planned["proxied"] ?? false,
    comment,
    priority,
    tags,
    settings: Object.keys(flags).length > 0 ? flags : undefined,
  });
}

function stateOf(record: Answer): Values {
  const { flatten_cname = false, ipv4_only = false, ipv6_only = false } = record.settings;
  return defined({
    name: record.name,
    type: record.type,
    content: record.content,
    ttl: record.ttl,
    proxied: record.proxied,
    proxiable: record.proxiable,
    comment: record.comment ?? undefined,
    priority: record.priority,
    tags: record.tags,
    settings:
      record.type === "CNAME"
        ? { flattenCname: flatten_cname, ipv4Only: ipv4_only, ipv6Only: ipv6_only }
        : {},
    meta: JSON.stringify(record.meta),
    createdOn: record.created_on,
    modifiedOn: record.modified_on,
    commentModifiedOn: record.comment_modified_on,
  });
}
