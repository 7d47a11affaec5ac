import { planCreate, planUpdate, type Plan } from "../plan";
import type { Fields, Property } from "../schema";
import type { Resource } from "../serve";
import { defined, text, type Value, type Values } from "../values";
import type { Client } from "./client";
import { identifier, oneOf, output, unsupported } from "./fields";

const flag: Property = { kind: "bool", computed: true };
const choice = (...allowed: readonly string[]): Property => ({
  kind: "string",
  computed: true,
  ...oneOf(...allowed),
});

/** The API's names of what can be set. */
const apiNames: Readonly<Record<string, string>> = {
  aiBotsProtection: "ai_bots_protection",
  autoUpdateModel: "auto_update_model",
  bmCookieEnabled: "bm_cookie_enabled",
  crawlerProtection: "crawler_protection",
  enableJs: "enable_js",
  fightMode: "fight_mode",
  isRobotsTxtManaged: "is_robots_txt_managed",
  optimizeWordpress: "optimize_wordpress",
  sbfmDefinitelyAutomated: "sbfm_definitely_automated",
  sbfmLikelyAutomated: "sbfm_likely_automated",
  sbfmStaticResourceProtection: "sbfm_static_resource_protection",
  sbfmVerifiedBots: "sbfm_verified_bots",
  suppressSessionScore: "suppress_session_score",
};

const fields: Fields = {
  zoneId: identifier,
  aiBotsProtection: choice("block", "disabled", "only_on_ad_pages"),
  autoUpdateModel: flag,
  bmCookieEnabled: flag,
  crawlerProtection: choice("enabled", "disabled"),
  enableJs: flag,
  fightMode: flag,
  isRobotsTxtManaged: { kind: "bool", default: false },
  optimizeWordpress: flag,
  sbfmDefinitelyAutomated: choice("allow", "block", "managed_challenge"),
  sbfmLikelyAutomated: choice("allow", "block", "managed_challenge"),
  sbfmStaticResourceProtection: flag,
  sbfmVerifiedBots: choice("allow", "block"),
  suppressSessionScore: flag,
  aiBotsMigrationOptOut: unsupported,
  aiTraining: unsupported,
  aiUser: unsupported,
  aisearch: unsupported,
  botPreferenceSyncEnabled: unsupported,
  cfRobotsVariant: unsupported,
  contentBotsProtection: unsupported,
  jsdApiResultsEnabled: unsupported,
  usingLatestModel: output,
  staleZoneConfiguration: output,
};

type Answer = Readonly<Record<string, Value>>;

/**
 * `cloudflare.BotManagement`, after `bot_management/resource.go` and `model.go`: its id is the zone's. To create it is to
 * change what is there, to delete it does nothing. What the program leaves out is left as it is, but for a managed
 * robots.txt, which is switched off; what the zone's plan does not know stays in the state as it was asked for.
 */
export function botManagement(client: Client): Resource {
  const address = ({ zoneId }: Values): string => `/zones/${text(zoneId)}/bot_management`;
  const put = (planned: Values, signal: AbortSignal): Promise<Answer> =>
    client.send<Answer>(signal, "PUT", address(planned), bodyOf(planned));
  return {
    fields,
    plan,
    async create(planned, { signal }) {
      const answer = await put(planned, signal);
      return { id: text(planned["zoneId"]), state: { ...planned, ...stateOf(answer) } };
    },
    async read(_id, state, { signal }) {
      const found = await client.find<Answer>(signal, address(state));
      return found && { ...state, ...stateOf(found) };
    },
    async update(_id, old, planned, { signal }) {
      return { ...old, ...stateOf(await put(planned, signal)) };
    },
    delete: () => Promise.resolve(),
  };
}

/** Once anything changes, what the program leaves out is unknown to the original, and so not sent. */
function plan(_oldInputs: Values, old: Values, inputs: Values): Plan {
  const created = planCreate(fields, inputs);
  if (old["zoneId"] === undefined) return { state: created, changes: [] };
  const changed = planUpdate(fields, old, inputs);
  return changed.changes.length > 0 ? { ...changed, state: created } : changed;
}

function bodyOf(planned: Values): Values {
  return defined(
    Object.fromEntries(Object.entries(apiNames).map(([key, name]) => [name, planned[key]])),
  );
}

function stateOf(answer: Answer): Values {
  const read = Object.entries(apiNames).map(([key, name]) => [key, answer[name]] as const);
  return defined({ ...Object.fromEntries(read), usingLatestModel: answer["using_latest_model"] });
}
