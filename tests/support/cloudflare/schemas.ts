import { Ajv, type ErrorObject, type Schema } from "ajv";

const text = { type: "string" };
const flag = { type: "boolean" };
const whole = { type: "integer" };

function closed(properties: Readonly<Record<string, object>>, required: string[] = []): object {
  return { type: "object", properties, required, additionalProperties: false };
}

const originRequest = closed({
  access: closed({ audTag: { type: "array", items: text }, teamName: text, required: flag }, [
    "audTag",
    "teamName",
  ]),
  caPool: text,
  connectTimeout: whole,
  disableChunkedEncoding: flag,
  http2Origin: flag,
  httpHostHeader: text,
  keepAliveConnections: whole,
  keepAliveTimeout: whole,
  matchSNItoHost: flag,
  noHappyEyeballs: flag,
  noTLSVerify: flag,
  originServerName: text,
  proxyType: text,
  tcpKeepAlive: whole,
  tlsTimeout: whole,
});

const tunnelSecret = { type: "string", minLength: 32 };
const nullableText = { type: ["string", "null"] };

/**
 * The bodies of requests, by hand after Cloudflare's API reference (its OpenAPI document is in no package of npm), but for
 * one thing: the reference requires the host name of each ingress rule, while the API takes the last rule without one.
 */
const schemas = {
  record: closed(
    {
      name: { type: "string", minLength: 1, maxLength: 255 },
      type: { enum: ["A", "AAAA", "CNAME", "MX", "NS", "TXT"] },
      content: text,
      ttl: { type: "number" },
      proxied: flag,
      // 500 on plans that are paid for.
      comment: { ...nullableText, maxLength: 100 },
      // None on the free plan, and none are played.
      tags: { type: "array", maxItems: 0 },
      settings: closed({ flatten_cname: flag, ipv4_only: flag, ipv6_only: flag }),
      priority: { type: "integer", minimum: 0, maximum: 65_535 },
    },
    ["name", "type", "content", "ttl"],
  ),
  setting: closed({ value: {} }, ["value"]),
  botManagement: closed({
    ai_bots_protection: { enum: ["block", "disabled", "only_on_ad_pages"] },
    crawler_protection: { enum: ["enabled", "disabled"] },
    enable_js: flag,
    fight_mode: flag,
    is_robots_txt_managed: flag,
    optimize_wordpress: flag,
    sbfm_definitely_automated: { enum: ["allow", "block", "managed_challenge"] },
    sbfm_static_resource_protection: flag,
    sbfm_verified_bots: { enum: ["allow", "block"] },
  }),
  newTunnel: closed(
    {
      name: { type: "string", minLength: 1 },
      config_src: { enum: ["local", "cloudflare"] },
      tunnel_secret: tunnelSecret,
    },
    ["name"],
  ),
  tunnel: closed({ name: { type: "string", minLength: 1 }, tunnel_secret: tunnelSecret }),
  tunnelConfiguration: closed(
    {
      config: closed({
        ingress: {
          type: "array",
          items: closed({ hostname: text, path: text, service: text, originRequest }, ["service"]),
        },
        originRequest,
      }),
      source: { enum: ["local", "cloudflare"] },
    },
    ["config"],
  ),
} as const satisfies Readonly<Record<string, Schema>>;

export type SchemaName = keyof typeof schemas;

const ajv = new Ajv({ allowUnionTypes: true, strictTypes: false });
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);

/** What is wrong with a body; undefined if nothing is. */
export function faultOf(name: SchemaName, body: unknown): string | undefined {
  const validate = ajv.getSchema(name);
  if (!validate) throw new Error(`there is no schema named ${name}`);
  return validate(body) === true ? undefined : sentence(validate.errors?.[0]);
}

function sentence(error: ErrorObject | undefined): string {
  const { instancePath = "", message = "", params = {} } = error ?? {};
  const { additionalProperty } = params as { readonly additionalProperty?: string };
  const extra = additionalProperty === undefined ? "" : ` (${additionalProperty})`;
  return `${instancePath.slice(1).replaceAll("/", ".") || "body"} ${message}${extra}`;
}
