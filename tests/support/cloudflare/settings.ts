import type { Plan, Zone } from "./account";
import { ApiError } from "./apiError";
import { zoneRoute, type Reply, type Route } from "./routes";

export interface Setting {
  value: unknown;
  /** By the plan; a test may take it away. */
  editable: boolean;
  modified: string | null;
}

interface Kind {
  /** Of a new zone. */
  readonly value: unknown;
  /** Where there are others than `on` and `off`. */
  readonly allowed?: readonly unknown[];
  /** The plans that can change it: all if not given. */
  readonly plans?: readonly Plan[];
}

const on: Kind = { value: "on" };
const off: Kind = { value: "off" };
const paid: Kind = { value: "off", plans: ["pro"] };
const elsewhere: Kind = { value: "off", plans: [] };

/** The settings of a new zone, as far as they could matter to an instance behind it. */
const kinds: Readonly<Record<string, Kind>> = {
  advanced_ddos: { value: "on", plans: [] },
  always_online: off,
  always_use_https: off,
  automatic_https_rewrites: on,
  brotli: on,
  browser_check: on,
  cache_level: { value: "aggressive", allowed: ["aggressive", "basic", "simplified"] },
  development_mode: off,
  early_hints: off,
  email_obfuscation: on,
  hotlink_protection: off,
  http2: { value: "on", plans: ["pro"] },
  http3: on,
  ipv6: on,
  min_tls_version: { value: "1.0", allowed: ["1.0", "1.1", "1.2", "1.3"] },
  mirage: paid,
  opportunistic_encryption: on,
  origin_error_page_pass_thru: elsewhere,
  polish: { value: "off", allowed: ["off", "lossless", "lossy"], plans: ["pro"] },
  response_buffering: elsewhere,
  rocket_loader: off,
  security_level: {
    value: "medium",
    allowed: ["essentially_off", "low", "medium", "high", "under_attack"],
  },
  server_side_exclude: on,
  ssl: { value: "full", allowed: ["off", "flexible", "full", "strict"] },
  tls_1_3: { value: "on", allowed: ["on", "off", "zrt"] },
  true_client_ip_header: elsewhere,
  waf: paid,
  webp: paid,
  websockets: on,
};

const toggle = ["on", "off"];

export function initialSettings(plan: Plan): Map<string, Setting> {
  return new Map(
    Object.entries(kinds).map(([id, { value, plans }]) => [
      id,
      { value, editable: plans?.includes(plan) ?? true, modified: null },
    ]),
  );
}

export function settingRoutes(): Route[] {
  const terms = { permission: "Zone Settings:Read" } as const;
  return [
    zoneRoute("GET", "/settings", terms, (zone) => ({
      result: [...zone.settings].map(([id, setting]) => present(id, setting)),
    })),
    zoneRoute("GET", "/settings/{setting}", terms, (zone, { part }) => one(zone, part("setting"))),
    zoneRoute<{ readonly value: unknown }>(
      "PATCH",
      "/settings/{setting}",
      { permission: "Zone Settings:Edit", request: "setting" },
      (zone, { account, body, part }) => {
        const id = part("setting");
        const setting = settingOf(zone, id);
        if (!setting.editable)
          throw new ApiError(400, 1057, `${id} cannot be modified for this zone`);
        if (!(kinds[id]?.allowed ?? toggle).includes(body.value))
          throw new ApiError(400, 1007, `Invalid value for zone setting ${id}`);
        setting.value = body.value;
        setting.modified = account.now();
        return one(zone, id);
      },
    ),
  ];
}

function one(zone: Zone, id: string): Reply {
  return { result: present(id, settingOf(zone, id)) };
}

function settingOf(zone: Zone, id: string): Setting {
  const setting = zone.settings.get(id);
  if (!setting) throw new ApiError(400, 1006, `Unrecognized zone setting name: ${id}`);
  return setting;
}

function present(id: string, { value, editable, modified }: Setting): object {
  return { id, value, editable, modified_on: modified };
}
