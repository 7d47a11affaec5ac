import { createHash, randomBytes } from "node:crypto";
import { unauthorized } from "./apiError";
import type { BotManagement } from "./botManagement";
import type { DnsRecord } from "./dnsRecords";
import type { Setting } from "./settings";
import type { Tunnel } from "./tunnels";

/** As they are named where a token is made; to edit includes to read. */
export const everyPermission = [
  "Zone:Read",
  "DNS:Edit",
  "Zone Settings:Edit",
  "Bot Management:Edit",
  "Page Rules:Read",
  "Cache Rules:Read",
  "Cloudflare Tunnel:Edit",
] as const;

type Group<Permission> = Permission extends `${infer Name}:${string}` ? Name : never;
export type Permission = `${Group<(typeof everyPermission)[number]>}:${"Read" | "Edit"}`;

export type Plan = "free" | "pro";

export interface PageRule {
  readonly id: string;
  readonly status: "active" | "disabled";
  readonly priority: number;
  readonly targets: readonly {
    readonly target: "url";
    readonly constraint: { readonly operator: "matches"; readonly value: string };
  }[];
  readonly actions: readonly { readonly id: string; readonly value?: unknown }[];
}

/** A rule of the phase `http_request_cache_settings`. */
export interface CacheRule {
  readonly id: string;
  readonly expression: string;
  readonly enabled: boolean;
  readonly action: "set_cache_settings";
  readonly action_parameters: Readonly<Record<string, unknown>>;
}

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  readonly created: string;
  status: "active" | "pending";
  records: readonly DnsRecord[];
  readonly settings: Map<string, Setting>;
  botManagement: BotManagement;
  pageRules: readonly PageRule[];
  cacheRules: readonly CacheRule[];
}

/** One account: its zones, its tunnels and what a token may do with them. */
export class Account {
  #lastId = 0;
  readonly id = this.nextId();
  readonly permissions = new Set<Permission>(everyPermission);
  readonly zones: Zone[] = [];
  readonly tunnels: Tunnel[] = [];

  /** 32 hexadecimal digits. */
  nextId(): string {
    return createHash("md5").update(`${++this.#lastId}`).digest("hex");
  }

  /** As tunnels have one. */
  nextUuid(): string {
    return this.nextId().replace(/^(.{8})(.{4}).(.{3}).(.{3})(.*)$/, "$1-$2-4$3-8$4-$5");
  }

  newSecret(): string {
    return randomBytes(32).toString("base64");
  }

  now(): string {
    return new Date().toISOString();
  }

  may(permission: Permission): boolean {
    const greater = permission.replace(/:Read$/, ":Edit");
    return [...this.permissions].some((each) => each === permission || each === greater);
  }

  zone(id: string): Zone {
    const found = this.zones.find((zone) => zone.id === id);
    if (!found) throw unauthorized();
    return found;
  }
}
