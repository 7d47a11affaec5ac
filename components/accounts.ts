import * as pulumi from "@pulumi/pulumi";
import { parseKey, type Fault } from "../plan";
import { tokenShape as cloudflareTokenShape, type CloudflareAccount } from "./edge/cloudflareApi";
import type { RawConfig } from "./host/findHost";
import { tokenShape as hcloudTokenShape } from "./host/hetznerApi";

/** The access to whoever makes servers and leads names, as far as the stack file holds it. */
export interface Accounts {
  readonly hcloud?: HcloudAccess;
  readonly cloudflare?: CloudflareAccess;
}

/** What `hcloud:` keys of the stack file say; what they do not is left to the provider and its variables. */
export interface HcloudAccess {
  readonly token?: pulumi.Output<string>;
  readonly endpoint?: string;
  readonly pollInterval?: string;
}

/** What `cloudflare:` keys of the stack file say; what they do not is left to the provider and its variables. */
export interface CloudflareAccess {
  readonly apiToken?: pulumi.Output<string>;
  readonly baseUrl?: string;
}

/** What a provider's token looks like, and where it is had. */
interface TokenKind {
  /** The whole key of the stack file. */
  readonly key: string;
  /** Read by the provider where the stack file has no such key. */
  readonly variable: string;
  readonly shape: RegExp;
  /** The shape in words. */
  readonly made: string;
}

const hcloudToken: TokenKind = {
  key: "hcloud:token",
  variable: "HCLOUD_TOKEN",
  shape: hcloudTokenShape,
  made: "64 letters and digits",
};

const cloudflareToken: TokenKind = {
  key: "cloudflare:apiToken",
  variable: "CLOUDFLARE_API_TOKEN",
  shape: cloudflareTokenShape,
  made: "40 to 80 letters, digits, _ and -",
};

/** Full names of the keys that the stack file holds encrypted. */
export const encryptedKeys = (): string[] =>
  JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];

/** The text of a key, whoever it is for. */
const textOf = (key: string, variable: string): string | undefined =>
  pulumi.runtime.allConfig()[key] ?? process.env[variable];

export function readAccounts(): Accounts {
  const [hetzner, cloudflare] = [new pulumi.Config("hcloud"), new pulumi.Config("cloudflare")];
  const hcloudAccess = given({
    token: hetzner.getSecret("token"),
    endpoint: hetzner.get("endpoint"),
    pollInterval: hetzner.get("pollInterval"),
  });
  const cloudflareAccess = given({
    apiToken: cloudflare.getSecret("apiToken"),
    baseUrl: cloudflare.get("baseUrl"),
  });
  return given({ hcloud: hcloudAccess, cloudflare: cloudflareAccess }) ?? {};
}

/** What of a map has a value; undefined where nothing has. */
function given<Values extends object>(
  values: Values,
): { readonly [Key in keyof Values]?: NonNullable<Values[Key]> } | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return entries.length === 0
    ? undefined
    : (Object.fromEntries(entries) as { [Key in keyof Values]?: NonNullable<Values[Key]> });
}

/** How Cloudflare is asked; undefined where there is no token that it could take. */
export function cloudflareAccount(): CloudflareAccount | undefined {
  const token = textOf(cloudflareToken.key, cloudflareToken.variable) ?? "";
  const baseUrl = textOf("cloudflare:baseUrl", "CLOUDFLARE_BASE_URL");
  return cloudflareToken.shape.test(token) ? { token, baseUrl } : undefined;
}

/** What is wrong with the access to those whom a stack needs. */
export const accountFaults = (raw: RawConfig): Fault[] => [
  ...hcloudFaults(raw),
  ...cloudflareFaults(raw),
];

function hcloudFaults(raw: RawConfig): Fault[] {
  const host = raw["host"] as { readonly kind?: unknown } | null | undefined;
  return host?.kind === "hetzner"
    ? tokenFaults(
        "host",
        hcloudToken,
        "in the Hetzner Cloud Console (Security, API tokens, Read & Write)",
      )
    : [];
}

function cloudflareFaults(raw: RawConfig): Fault[] {
  const [edge, dns] = [parseKey("edge", raw["edge"]), parseKey("dns", raw["dns"])];
  const place = (permissions: string): string =>
    `in Cloudflare's dashboard (My Profile, API Tokens, ${permissions})`;
  if (edge?.kind === "tunnel") {
    const permissions =
      "Account: Cloudflare Tunnel: Edit, Zone: Zone: Read, DNS: Edit, Zone Settings: Edit, Bot Management: Edit";
    return tokenFaults("edge", cloudflareToken, place(permissions));
  }
  return dns?.kind === "cloudflare"
    ? tokenFaults("dns", cloudflareToken, place("Zone: Zone: Read, DNS: Edit"))
    : [];
}

/** @param place where such a token is made, and with which rights */
function tokenFaults(
  path: string,
  { key, variable, shape, made }: TokenKind,
  place: string,
): Fault[] {
  const advice = `make one ${place}, and set it with \`npm run pulumi -- config set --secret ${key}\``;
  const needs = (what: string): Fault => ({ path, message: `needs ${key}, ${what}: ${advice}` });
  const text = textOf(key, variable) ?? "";
  if (text === "") return [needs("which is missing")];
  const isPlain = key in pulumi.runtime.allConfig() && !encryptedKeys().includes(key);
  return [
    ...(isPlain ? [needs("which is in plain text")] : []),
    ...(shape.test(text) ? [] : [needs(`and what is set is none, which has ${made}`)]),
  ];
}
