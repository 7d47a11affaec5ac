import type { Account, Plan, Zone } from "./account";
import { initialBotManagement } from "./botManagement";
import { ApiError } from "./apiError";
import { page, route, zoneRoute, type Route } from "./routes";
import { initialSettings } from "./settings";

export interface NewZone {
  readonly name: string;
  /** By default `free`. */
  readonly plan?: Plan;
  /** By default `active`: its name servers are Cloudflare's. */
  readonly status?: Zone["status"];
}

const planNames: Readonly<Record<Plan, string>> = { free: "Free Website", pro: "Pro Website" };

export function newZone(
  account: Account,
  { name, plan = "free", status = "active" }: NewZone,
): Zone {
  return {
    id: account.nextId(),
    name,
    plan,
    created: account.now(),
    status,
    records: [],
    settings: initialSettings(plan),
    botManagement: initialBotManagement(plan),
    pageRules: [],
    cacheRules: [],
  };
}

const cachePhase = "http_request_cache_settings";

export function zoneRoutes(): Route[] {
  return [
    route(
      "GET",
      "/zones",
      { permission: "Zone:Read", query: ["name", "status", "page", "per_page"] },
      ({ account, query }) => {
        const [name, status] = [query.get("name")?.toLowerCase(), query.get("status")];
        const found = account.zones
          .filter((zone) => name === undefined || zone.name === name)
          .filter((zone) => status === null || zone.status === status);
        return page(
          query,
          found.map((zone) => present(account, zone)),
          { usual: 20, most: 50 },
        );
      },
    ),
    zoneRoute(
      "GET",
      "/pagerules",
      { permission: "Page Rules:Read", query: ["status"] },
      (zone, { query }) => ({
        result: zone.pageRules
          .filter(({ status }) => status === (query.get("status") ?? "disabled"))
          .map((rule) => ({ ...rule, created_on: zone.created, modified_on: zone.created })),
      }),
    ),
    zoneRoute(
      "GET",
      `/rulesets/phases/${cachePhase}/entrypoint`,
      { permission: "Cache Rules:Read" },
      (zone) => {
        if (zone.cacheRules.length === 0)
          throw new ApiError(
            404,
            10_003,
            `could not find entrypoint ruleset in the ${cachePhase} phase`,
          );
        return {
          result: {
            id: zone.id,
            name: "default",
            kind: "zone",
            phase: cachePhase,
            version: "1",
            last_updated: zone.created,
            rules: zone.cacheRules.map((rule) => ({
              ref: rule.id,
              version: "1",
              last_updated: zone.created,
              ...rule,
            })),
          },
        };
      },
    ),
  ];
}

function present(account: Account, zone: Zone): object {
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: false,
    type: "full",
    development_mode: 0,
    name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    created_on: zone.created,
    modified_on: zone.created,
    activated_on: zone.status === "active" ? zone.created : null,
    meta: { step: 2, custom_certificate_quota: 0, page_rule_quota: 3, phishing_detected: false },
    owner: { id: account.id, type: "user", name: "Test" },
    account: { id: account.id, name: "Test" },
    permissions: [],
    plan: {
      id: zone.plan,
      name: planNames[zone.plan],
      legacy_id: zone.plan,
      is_subscribed: zone.plan !== "free",
      can_subscribe: false,
      externally_managed: false,
    },
  };
}
