import {
  unanswered,
  zonePreflight,
  zoneQuestion,
  zoneRefusal,
  type Answered,
  type CacheRulesetAnswer,
  type FoundZone,
  type FrontAnswers,
  type PageRuleAnswer,
  type RecordAnswer,
  type SettingAnswer,
  type ZoneAnswer,
  type ZoneQuestion,
} from "../../plan";
import type { RawConfig } from "../host/findHost";
import { ApiError } from "../restApi";
import { CloudflareApi, type CloudflareAccount } from "./cloudflareApi";

const nothing: FoundZone = { faults: [], warnings: [] };

/** Asks Cloudflare about the zone, where a configuration needs one; its faults are reported with the others. */
export async function findZone(
  raw: RawConfig,
  account: CloudflareAccount | undefined,
): Promise<FoundZone> {
  const question = zoneQuestion(raw);
  if (question === undefined || account === undefined) return nothing;
  try {
    return await ask(new CloudflareApi(account), question);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return unanswered(question, refusalOf(error));
  }
}

async function ask(api: CloudflareApi, question: ZoneQuestion): Promise<FoundZone> {
  const [found] = await api.get<ZoneAnswer[]>(`/zones?name=${encodeURIComponent(question.zone)}`);
  const refused = zoneRefusal(question, found);
  if (refused !== undefined || found === undefined) return refused ?? nothing;
  const [records, front] = await Promise.all([
    recordsIn(api, found.id, question),
    question.accountId === undefined
      ? undefined
      : frontIn(api, found.id, question.accountId, question.tunnel),
  ]);
  return zonePreflight(question, found, records, front);
}

async function recordsIn(
  api: CloudflareApi,
  zoneId: string,
  { names, keep }: ZoneQuestion,
): Promise<RecordAnswer[]> {
  const asked = names.filter((name) => !keep.includes(name));
  const lists = await Promise.all(
    asked.map((name) =>
      api.list<RecordAnswer>(`/zones/${zoneId}/dns_records?name=${encodeURIComponent(name)}`),
    ),
  );
  return lists.flat();
}

async function frontIn(
  api: CloudflareApi,
  zoneId: string,
  accountId: string,
  tunnel: string,
): Promise<FrontAnswers> {
  const zone = `/zones/${zoneId}`;
  const named = `is_deleted=false&name=${encodeURIComponent(tunnel)}`;
  const [settings, bots, pageRules, cacheRules, tunnels] = await Promise.all([
    attempt(api.get<SettingAnswer[]>(`${zone}/settings`)),
    attempt(api.get<Record<string, unknown>>(`${zone}/bot_management`)),
    attempt(api.get<PageRuleAnswer[]>(`${zone}/pagerules?status=active`)),
    attempt(
      api.get<CacheRulesetAnswer>(`${zone}/rulesets/phases/http_request_cache_settings/entrypoint`),
    ),
    attempt(api.get<{ readonly id: string }[]>(`/accounts/${accountId}/cfd_tunnel?${named}`)),
  ]);
  return { settings, bots, pageRules, cacheRules, tunnels };
}

const attempt = <Result>(asked: Promise<Result>): Promise<Answered<Result>> =>
  asked.catch((error: unknown) => {
    if (error instanceof ApiError) return refusalOf(error);
    throw error;
  });

const refusalOf = ({ status, message }: ApiError) => ({ status, reason: message });
