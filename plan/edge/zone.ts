import { isWithin } from "./names";

/** A zone at Cloudflare, as Cloudflare itself describes it. */
export interface Zone {
  readonly id: string;
  /** Settings that cannot be changed, each with the reason: the account's plan, or a permission that the token lacks. */
  readonly locked: Readonly<Record<string, string>>;
  /** Where bots are fought: with one switch on the free plan, by kinds of bots on those that are paid. */
  readonly bots: "fightMode" | "superBotFightMode" | undefined;
  /** Records that stand in the way, and that the program has not made. */
  readonly foreign: readonly ForeignRecord[];
}

/** A DNS record that somebody else has made. */
export interface ForeignRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

/** A setting of the zone without which other servers or browsers do not get through. */
export interface ZoneSettingSpec {
  /** As Cloudflare's API calls it. */
  readonly id: string;
  readonly value: string;
  readonly reason: string;
}

/**
 * The settings that federation needs, for whatever Cloudflare stands in front of. They hold for the whole zone.
 * Meanings: https://developers.cloudflare.com/api/resources/zones/subresources/settings/
 */
export const zoneSettings: readonly ZoneSettingSpec[] = [
  {
    id: "browser_check",
    value: "off",
    reason: "it turns away requests that do not look like a browser's, and other servers' do not",
  },
  {
    id: "email_obfuscation",
    value: "off",
    reason: "it takes names like @alice@example.org for addresses and rewrites them in pages",
  },
  {
    id: "rocket_loader",
    value: "off",
    reason: "it injects scripts into pages, which Mastodon's content security policy forbids",
  },
  {
    id: "websockets",
    value: "on",
    reason: "new posts arrive by web sockets",
  },
];

/** Where bots are fought, let them through: every other server is one. */
export const botSettings = {
  fightMode: { fightMode: false },
  superBotFightMode: {
    sbfmDefinitelyAutomated: "allow",
    sbfmLikelyAutomated: "allow",
    sbfmVerifiedBots: "allow",
  },
} as const;

/** A rule that keeps responses in Cloudflare's cache, as far as it matters here. */
export interface CacheRule {
  readonly name: string;
  /** The names that it covers, where it says; undefined: every name of the zone. */
  readonly pattern: string | undefined;
  readonly everything: boolean;
}

/** The rules that would hand one visitor what was made for another: a page and its ActivityPub form have one address. */
export const harmfulCacheRules = (
  rules: readonly CacheRule[],
  names: readonly string[],
): CacheRule[] =>
  rules.filter(
    ({ everything, pattern }) =>
      everything && (pattern === undefined || names.some((name) => covers(pattern, name))),
  );

/** Whether a page rule's target, such as `*example.org/*`, or a rule's expression may mean a name. */
function covers(pattern: string, name: string): boolean {
  const mentioned = [...pattern.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
  if (mentioned.length > 0) {
    const whole = /\b(eq|in)\b|==/.test(pattern);
    return mentioned.some((text) => (whole ? text === name : name.includes(text)));
  }
  const host = pattern.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const parts = host.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

/**
 * How many labels a name has above its zone. Cloudflare's own certificate covers one; more need one that is paid for:
 * https://developers.cloudflare.com/ssl/edge-certificates/universal-ssl/limitations/
 */
export const depthBelow = (name: string, zone: string): number =>
  isWithin(name, zone) ? name.split(".").length - zone.split(".").length : 0;
