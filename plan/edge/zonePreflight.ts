import { parseKey } from "../config";
import type { Fault } from "../faults";
import { recordComment } from "./dns";
import { isWithin, publicNames } from "./names";
import { tunnelName } from "./tunnel";
import {
  depthBelow,
  harmfulCacheRules,
  zoneSettings,
  type CacheRule,
  type ForeignRecord,
  type Zone,
} from "./zone";

/** The zone that a configuration means, and what of it stands against an instance. */
export interface FoundZone {
  /** Absent where none is needed, or it cannot be used. */
  readonly zone?: Zone;
  readonly faults: readonly Fault[];
  /** What its owner should know, though it stands against nothing. */
  readonly warnings: readonly string[];
}

/** Cloudflare's word that it does not answer something. */
export interface Refusal {
  /** Of HTTP; 0 where it could not be reached. */
  readonly status: number;
  readonly reason: string;
}

/** What was asked for, or why it was not had. */
export type Answered<Result> = Result | Refusal;

const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === "object" && answer !== null && "status" in answer && "reason" in answer;

/** A zone, as Cloudflare's API describes it. */
export interface ZoneAnswer {
  readonly id: string;
  readonly status: string;
  readonly name_servers?: readonly string[];
  readonly account: { readonly id: string };
  readonly plan?: { readonly name?: string };
}

export interface RecordAnswer extends ForeignRecord {
  readonly comment?: string | null;
}

export interface SettingAnswer {
  readonly id: string;
  readonly value: unknown;
  readonly editable?: boolean;
}

export interface PageRuleAnswer {
  readonly targets: readonly { readonly constraint: { readonly value: string } }[];
  readonly actions: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface CacheRulesetAnswer {
  readonly rules?: readonly {
    readonly description?: string;
    readonly expression: string;
    readonly enabled?: boolean;
    readonly action_parameters?: { readonly cache?: boolean };
  }[];
}

/** What of a configuration is asked about, as far as it can be read. */
export interface ZoneQuestion {
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

/** What matters once Cloudflare stands between the instance and everybody else. */
export interface FrontAnswers {
  readonly settings: Answered<readonly SettingAnswer[]>;
  readonly bots: Answered<Readonly<Record<string, unknown>>>;
  readonly pageRules: Answered<readonly PageRuleAnswer[]>;
  readonly cacheRules: Answered<CacheRulesetAnswer>;
  /** The tunnels of the instance's name. */
  readonly tunnels: Answered<readonly { readonly id: string }[]>;
}

const failed = (path: string, message: string): FoundZone => ({
  faults: [{ path, message }],
  warnings: [],
});

/** What is to be asked, as far as the stack file can be read; undefined where nothing of it is at Cloudflare. */
export function zoneQuestion(raw: Readonly<Record<string, unknown>>): ZoneQuestion | undefined {
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

/** Why a zone cannot be used, whatever else is in it; undefined where it can. */
export function zoneRefusal(
  { zone: name, path, accountId }: ZoneQuestion,
  found: ZoneAnswer | undefined,
): FoundZone | undefined {
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
  return undefined;
}

/** Where Cloudflare did not answer what everything else depends on. */
export const unanswered = ({ path }: ZoneQuestion, refusal: Refusal): FoundZone =>
  failed(path, explain(refusal));

/**
 * Says what of a zone stands against an instance.
 *
 * @param records all that stand under its names, but for those that it keeps
 * @param front absent where Cloudflare only answers for the names
 */
export function zonePreflight(
  question: ZoneQuestion,
  found: ZoneAnswer,
  records: readonly RecordAnswer[],
  front: FrontAnswers | undefined,
): FoundZone {
  const foreign = foreignIn(records, question);
  const judged = front === undefined ? undefined : judgeFront(question, found, records, front);
  return {
    zone: {
      id: found.id,
      locked: judged?.locked ?? {},
      bots: judged?.bots,
      foreign,
    },
    faults: [...foreignFaults(foreign, question), ...(judged?.faults ?? [])],
    warnings: [
      ...statusWarnings(question.zone, found),
      ...foreignWarnings(foreign, question),
      ...(judged?.warnings ?? []),
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

const foreignIn = (
  records: readonly RecordAnswer[],
  { comment, zone }: ZoneQuestion,
): ForeignRecord[] =>
  records
    .filter((record) => conflicting.includes(record.type) && record.comment !== comment)
    // The zone's own name servers are nobody's record.
    .filter(({ type, name }) => type !== "NS" || name !== zone)
    .map(({ id, name, type, content }) => ({ id, name, type, content }));

const foreignFaults = (foreign: readonly ForeignRecord[], { replace }: ZoneQuestion): Fault[] =>
  foreign
    .filter(({ name }) => !replace.includes(name))
    .map(({ name, type, content }) => ({
      path: "dns",
      message: `finds a record of somebody else: ${type} ${name} → ${content}. Nothing was changed. To have it replaced, write ${name} under dns.replace; to leave the name to what it leads to now, under dns.keep`,
    }));

const foreignWarnings = (foreign: readonly ForeignRecord[], { replace }: ZoneQuestion): string[] =>
  foreign
    .filter(({ name }) => replace.includes(name))
    .map(
      ({ name, type, content }) =>
        `A record of somebody else goes, since dns.replace names it: ${type} ${name} → ${content}.`,
    );

/**
 * A tunnel of this instance's name that no record leads to is one that the state may not know: an `up` that was ended at
 * the wrong moment has left it, and this program's commands remove it before the next one. Without them the provider
 * would ask for a second one of that name for minutes before it gives up.
 */
const tunnelWarnings = (
  { names, tunnel, comment }: ZoneQuestion,
  tunnels: FrontAnswers["tunnels"],
  records: readonly RecordAnswer[],
): string[] =>
  (isRefusal(tunnels) || names.length === 0 ? [] : tunnels)
    .filter(
      ({ id }) =>
        !records.some((record) => record.comment === comment && record.content.startsWith(id)),
    )
    .map(
      () =>
        `Cloudflare has a tunnel ${tunnel}, to which no record of this instance leads. Where an earlier run was ended before it was written down, \`npm run pulumi -- up\` removes it. Should it be refused as taken all the same, delete it in Cloudflare's dashboard (Networks, Connectors), and repeat.`,
    );

type Front = Pick<Zone, "locked" | "bots"> & Omit<FoundZone, "zone">;

function judgeFront(
  question: ZoneQuestion,
  found: ZoneAnswer,
  records: readonly RecordAnswer[],
  { settings, bots, tunnels, ...rules }: FrontAnswers,
): Front {
  const { names, zone } = question;
  const { locked, warnings } = lockedIn(settings, found.plan?.name ?? "its");
  return {
    locked,
    bots: botsIn(bots),
    faults: [
      ...permissionFaults("edge.accountId", "Account: Cloudflare Tunnel: Edit", tunnels),
      ...permissionFaults("edge.zone", "Zone: Zone Settings: Edit", settings),
      ...permissionFaults("edge.zone", "Zone: Bot Management: Edit", bots),
      ...attackFaults(settings),
      ...harmfulCacheRules(cacheRulesIn(rules), names).map(({ name }) => ({
        path: "edge.zone",
        message: `has a rule that caches everything, ${name}: visitors would be handed what was made for other servers, and other servers what was made for visitors; limit it to other names, or remove it`,
      })),
    ],
    warnings: [
      ...warnings,
      ...unreadWarnings(rules),
      ...depthWarnings(names, zone),
      ...tunnelWarnings(question, tunnels, records),
    ],
  };
}

const lacksPermission = (answer: unknown): boolean =>
  isRefusal(answer) && (answer.status === 401 || answer.status === 403);

const permissionFaults = (path: string, permission: string, answer: unknown): Fault[] =>
  !isRefusal(answer)
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
  answer: FrontAnswers["settings"],
  plan: string,
): { locked: Record<string, string>; warnings: string[] } {
  if (isRefusal(answer)) return { locked: {}, warnings: [] };
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

function botsIn(answer: FrontAnswers["bots"]): Zone["bots"] {
  if (isRefusal(answer)) return undefined;
  if ("sbfm_definitely_automated" in answer) return "superBotFightMode";
  return "fight_mode" in answer ? "fightMode" : undefined;
}

function attackFaults(settings: FrontAnswers["settings"]): Fault[] {
  if (isRefusal(settings)) return [];
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

type Rules = Pick<FrontAnswers, "pageRules" | "cacheRules">;

const cacheRulesIn = ({ pageRules, cacheRules }: Rules): CacheRule[] => [
  ...(isRefusal(pageRules) ? [] : pageRules.map(ofPageRule)),
  ...(isRefusal(cacheRules) ? [] : (cacheRules.rules ?? []).flatMap(ofRule)),
];

/** Whether such rules may be read is another permission, which nothing else needs: without it, nothing is known of them. */
const unreadWarnings = ({ pageRules, cacheRules }: Rules): string[] =>
  [pageRules, cacheRules].some(lacksPermission)
    ? [
        "The token may not read page rules and cache rules (Zone: Page Rules: Read, Zone: Cache Rules: Read): see yourself that none caches everything.",
      ]
    : [];

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
          everything: parameters?.cache === true && !/\b(uri|path|extension)\b/.test(expression),
        },
      ];

const depthWarnings = (names: readonly string[], zone: string): string[] =>
  names
    .filter((name) => isWithin(name, zone) && depthBelow(name, zone) > 1)
    .map(
      (name) =>
        `${name} is more than one level below ${zone}: Cloudflare's free certificate does not cover it. Order an advanced certificate for it, or use a name one level below.`,
    );

function explain({ status, reason }: Refusal): string {
  if (status === 0)
    return `needs Cloudflare's API, which cannot be reached: ${reason}; check the connection`;
  if (status === 400 || status === 401 || status === 403) {
    return `needs Cloudflare, which refuses the token: ${reason}; make one with the permissions Zone: Read, DNS: Edit, and set it with \`npm run pulumi -- config set --secret cloudflare:apiToken\``;
  }
  return `needs Cloudflare, which does not answer as it should: ${reason} (status ${status}); repeat in a while`;
}
