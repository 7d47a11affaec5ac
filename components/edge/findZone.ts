import {
  depthBelow,
  harmfulCacheRules,
  isWithin,
  parseKey,
  publicNames,
  recordComment,
  tunnelName,
  zoneSettings,
  type CacheRule,
  type Fault,
  type ForeignRecord,
  type Zone,
} from "../../plan";
import type { RawConfig } from "../host/findHost";
import { CloudflareApi, CloudflareError, type CloudflareAccount } from "./cloudflareApi";

/** The zone that a configuration means, and what of it stands against an instance. */
export interface FoundZone {
  /** Absent where none is needed, or it cannot be used. */
  readonly zone?: Zone;
  readonly faults: readonly Fault[];
  /** What its owner should know, though it stands against nothing. */
  readonly warnings: readonly string[];
}

interface ZoneAnswer {
  readonly id: string;
  readonly status: string;
  readonly name_servers?: readonly string[];
  readonly account: { readonly id: string };
  readonly plan?: { readonly name?: string };
}

interface RecordAnswer extends ForeignRecord {
  readonly comment?: string | null;
}

interface SettingAnswer {
  readonly id: string;
  readonly value: unknown;
  readonly editable?: boolean;
}

interface PageRuleAnswer {
  readonly targets: readonly { readonly constraint: { readonly value: string } }[];
  readonly actions: readonly { readonly id: string; readonly value?: unknown }[];
}

interface CacheRulesetAnswer {
  readonly rules?: readonly {
    readonly description?: string;
    readonly expression: string;
    readonly enabled?: boolean;
    readonly action_parameters?: { readonly cache?: boolean };
  }[];
}

/** What of a configuration is asked about, as far as it can be read. */
interface Question {
  readonly zone: string;
  /** The key that names it. */
  readonly path: string;
  /** Whether Cloudflare will stand in front of the instance. */
  readonly accountId: string | undefined;
  readonly names: readonly string[];
  readonly comment: string;
  /** What a tunnel of the instance is called. */
  readonly tunnel: string;
  readonly replace: readonly string[];
  readonly keep: readonly string[];
}

/** Asks Cloudflare about the zone, where a configuration needs one; its faults are reported with the others. */
export async function findZone(
  raw: RawConfig,
  account: CloudflareAccount | undefined,
): Promise<FoundZone> {
  const question = questionIn(raw);
  if (question === undefined || account === undefined) return nothing;
  const api = new CloudflareApi(account);
  try {
    return await ask(api, question);
  } catch (error) {
    if (!(error instanceof CloudflareError)) throw error;
    return failed(question.path, explain(error));
  }
}

const nothing: FoundZone = { faults: [], warnings: [] };

const failed = (path: string, message: string): FoundZone => ({
  faults: [{ path, message }],
  warnings: [],
});

function questionIn(raw: RawConfig): Question | undefined {
  const [edge, dns] = [parseKey("edge", raw["edge"]), parseKey("dns", raw["dns"])];
  const [domain, webDomain, name] = [
    parseKey("domain", raw["domain"]),
    parseKey("webDomain", raw["webDomain"]),
    parseKey("name", raw["name"]),
  ];
  if (edge === undefined || domain === undefined) return undefined;
  const tunnel = edge.kind === "tunnel" ? edge : undefined;
  const managed = dns?.kind === "cloudflare" ? dns : undefined;
  const zone = tunnel?.zone ?? managed?.zone;
  if (zone === undefined) return undefined;
  return {
    zone,
    path: tunnel === undefined ? "dns.zone" : "edge.zone",
    accountId: tunnel?.accountId,
    // Records that somebody enters by hand are that person's.
    names: dns?.kind === "manual" ? [] : publicNames({ domain, webDomain }),
    comment: recordComment(name ?? domain),
    tunnel: tunnelName(name ?? domain),
    replace: managed?.replace ?? [],
    keep: managed?.keep ?? [],
  };
}

async function ask(api: CloudflareApi, question: Question): Promise<FoundZone> {
  const { zone: name, path, accountId } = question;
  const [found] = await api.get<ZoneAnswer[]>(`/zones?name=${encodeURIComponent(name)}`);
  if (found === undefined) {
    return failed(
      path,
      `"${name}" is no zone that the token sees: add the domain to the account in Cloudflare's dashboard, and give the token Zone: Read, DNS: Edit for it`,
    );
  }
  if (accountId !== undefined && found.account.id !== accountId) {
    return failed(
      "edge.accountId",
      `"${accountId}" is another account than that of the zone ${name}, which is ${found.account.id}; a tunnel and its names must be in one account`,
    );
  }
  const [records, front] = await Promise.all([
    recordsIn(api, found.id, question),
    accountId === undefined
      ? { tunnels: [], locked: {}, bots: undefined, faults: [], warnings: [] }
      : frontIn(api, found, accountId, question),
  ]);
  const { locked, bots } = front;
  return {
    zone: { id: found.id, locked, bots, foreign: records.foreign },
    faults: [...records.faults, ...front.faults],
    warnings: [
      ...statusWarnings(name, found),
      ...records.warnings,
      ...front.warnings,
      ...tunnelWarnings(question, front.tunnels, records.own),
    ],
  };
}

const statusWarnings = (name: string, { status, name_servers: servers = [] }: ZoneAnswer) =>
  status === "active"
    ? []
    : [
        `The zone ${name} is ${status} at Cloudflare: nobody is led to the instance until its registrar names these name servers: ${servers.join(", ")}.`,
      ];

/** Records with which those of the instance cannot stand under one name. */
const conflicting = ["A", "AAAA", "CNAME", "NS"];

async function recordsIn(
  api: CloudflareApi,
  zoneId: string,
  { names, comment, replace, keep, zone, accountId }: Question,
): Promise<Omit<FoundZone, "zone"> & Record<"foreign" | "own", ForeignRecord[]>> {
  const asked = names.filter((name) => !keep.includes(name));
  const lists = await Promise.all(
    asked.map((name) =>
      api.list<RecordAnswer>(`/zones/${zoneId}/dns_records?name=${encodeURIComponent(name)}`),
    ),
  );
  const foreign = lists
    .flat()
    .filter((record) => conflicting.includes(record.type) && record.comment !== comment)
    // The zone's own name servers are nobody's record.
    .filter(({ type, name }) => type !== "NS" || name !== zone)
    .map(({ id, name, type, content }) => ({ id, name, type, content }));
  const kept = foreign.filter(({ name }) => !replace.includes(name));
  return {
    foreign,
    own: lists.flat().filter((record) => record.comment === comment),
    faults: [
      ...ownFaults(lists.flat(), comment, accountId !== undefined),
      ...kept.map(({ name, type, content }) => ({
        path: "dns",
        message: `finds a record of somebody else: ${type} ${name} → ${content}. Nothing was changed. To have it replaced, write ${name} under dns.replace; to leave the name to what it leads to now, under dns.keep`,
      })),
    ],
    warnings: foreign
      .filter(({ name }) => replace.includes(name))
      .map(
        ({ name, type, content }) =>
          `A record of somebody else goes, since dns.replace names it: ${type} ${name} → ${content}.`,
      ),
  };
}

/**
 * The instance's own IPv6 records, where it is to have a name for another name in their place: the other record of a name
 * is changed as it is, but the one beside it would only be removed after the change, which it stands against.
 */
const ownFaults = (records: readonly RecordAnswer[], comment: string, toTunnel: boolean): Fault[] =>
  records
    .filter((record) => toTunnel && record.comment === comment && record.type === "AAAA")
    .map(({ name, content }) => ({
      path: "edge.kind",
      message: `"tunnel" needs the name ${name} for itself, under which this instance has AAAA → ${content}: delete that record in Cloudflare's dashboard, run \`npm run pulumi -- refresh\`, and repeat`,
    }));

/**
 * A tunnel of this instance's name that no record leads to is one that the state may not know: an `up` that was ended at
 * the wrong moment has left it. The provider would ask for a second one of that name for minutes before it gives up.
 */
const tunnelWarnings = (
  { names, tunnel }: Question,
  tunnels: readonly string[],
  own: readonly ForeignRecord[],
): string[] =>
  tunnels
    .filter((id) => names.length > 0 && !own.some(({ content }) => content.startsWith(id)))
    .map(
      () =>
        `Cloudflare has a tunnel ${tunnel}, to which no record of this instance leads. Should it be refused as taken, an earlier run was ended before it was written down: delete it in Cloudflare's dashboard (Networks, Connectors), and repeat.`,
    );

type Front = Pick<Zone, "locked" | "bots"> & Omit<FoundZone, "zone">;

/** What matters once Cloudflare stands between the instance and everybody else. */
async function frontIn(
  api: CloudflareApi,
  zone: ZoneAnswer,
  accountId: string,
  { names, zone: zoneName, tunnel }: Question,
): Promise<Front & { readonly tunnels: readonly string[] }> {
  const [settings, bots, rules, tunnels] = await Promise.all([
    attempt(api.get<SettingAnswer[]>(`/zones/${zone.id}/settings`)),
    attempt(api.get<Readonly<Record<string, unknown>>>(`/zones/${zone.id}/bot_management`)),
    cacheRulesIn(api, zone.id),
    attempt(
      api.get<{ readonly id: string }[]>(
        `/accounts/${accountId}/cfd_tunnel?is_deleted=false&name=${encodeURIComponent(tunnel)}`,
      ),
    ),
  ]);
  const { locked, warnings } = lockedIn(settings, zone.plan?.name ?? "its");
  return {
    tunnels: tunnels instanceof CloudflareError ? [] : tunnels.map(({ id }) => id),
    locked,
    bots: botsIn(bots),
    faults: [
      ...permissionFaults("edge.accountId", "Account: Cloudflare Tunnel: Edit", tunnels),
      ...permissionFaults("edge.zone", "Zone: Zone Settings: Edit", settings),
      ...permissionFaults("edge.zone", "Zone: Bot Management: Edit", bots),
      ...attackFaults(settings),
      ...harmfulCacheRules(rules.found, names).map(({ name }) => ({
        path: "edge.zone",
        message: `has a rule that caches everything, ${name}: visitors would be handed what was made for other servers, and other servers what was made for visitors; limit it to other names, or remove it`,
      })),
    ],
    warnings: [...warnings, ...rules.warnings, ...depthWarnings(names, zoneName)],
  };
}

const attempt = <Result>(asked: Promise<Result>): Promise<Result | CloudflareError> =>
  asked.catch((error: unknown) => {
    if (error instanceof CloudflareError) return error;
    throw error;
  });

const lacksPermission = (answer: unknown): boolean =>
  answer instanceof CloudflareError && (answer.status === 401 || answer.status === 403);

const permissionFaults = (path: string, permission: string, answer: unknown): Fault[] =>
  !(answer instanceof CloudflareError)
    ? []
    : lacksPermission(answer)
      ? [
          {
            path,
            message: `needs a permission that the token lacks: add ${permission} to it in Cloudflare's dashboard, under API Tokens`,
          },
        ]
      : [{ path, message: explain(answer) }];

/** Settings that are wrong and cannot be put right, each with a sentence. */
function lockedIn(
  answer: readonly SettingAnswer[] | CloudflareError,
  plan: string,
): { locked: Record<string, string>; warnings: string[] } {
  if (answer instanceof CloudflareError) return { locked: {}, warnings: [] };
  const locked = zoneSettings.flatMap(({ id, value, reason }) => {
    const found = answer.find((setting) => setting.id === id);
    if (found === undefined || found.editable !== false) return [];
    const sentence =
      found.value === value
        ? []
        : [
            `Cloudflare's setting ${id} is ${String(found.value)}, and ${plan} plan does not allow to turn it ${value}: ${reason}.`,
          ];
    return [{ id, sentence }];
  });
  return {
    locked: Object.fromEntries(locked.map(({ id }) => [id, `not to be changed on ${plan} plan`])),
    warnings: locked.flatMap(({ sentence }) => sentence),
  };
}

function botsIn(answer: Readonly<Record<string, unknown>> | CloudflareError): Zone["bots"] {
  if (answer instanceof CloudflareError) return undefined;
  if ("sbfm_definitely_automated" in answer) return "superBotFightMode";
  return "fight_mode" in answer ? "fightMode" : undefined;
}

function attackFaults(settings: readonly SettingAnswer[] | CloudflareError): Fault[] {
  if (settings instanceof CloudflareError) return [];
  const level = settings.find(({ id }) => id === "security_level")?.value;
  return level === "under_attack"
    ? [
        {
          path: "edge.zone",
          message:
            "is in Under Attack mode, whose challenge no other server can answer: set the security level to medium in Cloudflare's dashboard",
        },
      ]
    : [];
}

/** Whether such rules may be read is another permission, which nothing else needs: without it, nothing is known of them. */
async function cacheRulesIn(
  api: CloudflareApi,
  zoneId: string,
): Promise<{ readonly found: CacheRule[]; readonly warnings: string[] }> {
  const [pageRules, ruleset] = await Promise.all([
    attempt(api.get<PageRuleAnswer[]>(`/zones/${zoneId}/pagerules?status=active`)),
    attempt(
      api.get<CacheRulesetAnswer>(
        `/zones/${zoneId}/rulesets/phases/http_request_cache_settings/entrypoint`,
      ),
    ),
  ]);
  const fromPages = pageRules instanceof CloudflareError ? [] : pageRules.map(ofPageRule);
  const fromRules = ruleset instanceof CloudflareError ? [] : (ruleset.rules ?? []).flatMap(ofRule);
  const unread = [pageRules, ruleset].some(lacksPermission);
  return {
    found: [...fromPages, ...fromRules],
    warnings: unread
      ? [
          "The token may not read page rules and cache rules (Zone: Page Rules: Read, Zone: Cache Rules: Read): see yourself that none caches everything.",
        ]
      : [],
  };
}

const ofPageRule = ({ targets, actions }: PageRuleAnswer): CacheRule => {
  const pattern = targets[0]?.constraint.value;
  return {
    name: `the page rule for ${pattern ?? "everything"}`,
    pattern,
    everything: actions.some(
      ({ id, value }) => id === "cache_level" && value === "cache_everything",
    ),
  };
};

const ofRule = ({
  description,
  expression,
  enabled,
  action_parameters: parameters,
}: NonNullable<CacheRulesetAnswer["rules"]>[number]): CacheRule[] =>
  enabled === false
    ? []
    : [
        {
          name: `the cache rule "${description ?? expression}"`,
          pattern: expression === "true" ? undefined : expression,
          // One that is limited to paths knows what it caches.
          everything: parameters?.cache === true && !/\buri|path|extension\b/.test(expression),
        },
      ];

const depthWarnings = (names: readonly string[], zone: string): string[] =>
  names
    .filter((name) => isWithin(name, zone) && depthBelow(name, zone) > 1)
    .map(
      (name) =>
        `${name} is more than one level below ${zone}: Cloudflare's free certificate does not cover it. Order an advanced certificate for it, or use a name one level below.`,
    );

function explain({ status, message }: CloudflareError): string {
  if (status === 0)
    return `needs Cloudflare's API, which cannot be reached: ${message}; check the connection`;
  if (status === 400 || status === 401 || status === 403) {
    return `needs Cloudflare, which refuses the token: ${message}; make one with the permissions Zone: Read, DNS: Edit, and set it with \`npm run pulumi -- config set --secret cloudflare:apiToken\``;
  }
  return `needs Cloudflare, which does not answer as it should: ${message} (status ${status}); repeat in a while`;
}
