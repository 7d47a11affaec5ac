import { setTimeout as sleep } from "node:timers/promises";
import { everyPermission, type Permission } from "../support/cloudflare/account";
import { CloudflareApi } from "../support/cloudflare/api";
import type { NewRecord } from "../support/cloudflare/dnsRecords";
import { ingressFault, type IngressRule } from "../support/cloudflared/ingress";
import { until } from "../support/commands";

/** What the tests read of answers. */
interface Body {
  readonly success: boolean;
  readonly errors: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain?: readonly { readonly code: number }[];
  }[];
  readonly messages: readonly { readonly message: string }[];
  readonly result: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly result_info: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

let api: CloudflareApi;
let zone: string;
let tunnels: string;

beforeEach(async () => {
  api = await CloudflareApi.start({
    zones: [{ name: "example.org" }, { name: "example.net", plan: "pro", status: "pending" }],
  });
  zone = `/zones/${api.zone("example.org").id}`;
  tunnels = `/accounts/${api.account.id}/cfd_tunnel`;
});

afterEach(() => api.close());

async function send(
  method: string,
  path: string,
  body?: object,
  authorization = `Bearer ${api.token}`,
): Promise<Answer> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  const json = (text.startsWith("{") ? JSON.parse(text) : undefined) as Body;
  return { status: response.status, body: json, headers: response.headers };
}

/** Sends, expects success, and returns the result. */
async function done(method: string, path: string, body?: object): Promise<Body["result"]> {
  const answer = await send(method, path, body);
  expect(answer).toMatchObject({ status: 200, body: { success: true, errors: [] } });
  return answer.body.result;
}

async function refusal(method: string, path: string, body?: object): Promise<string> {
  const answer = await send(method, path, body);
  expect(answer.body).toMatchObject({ success: false, result: null });
  return `${answer.status} ${answer.body.errors[0]?.code}`;
}

const address: NewRecord = { name: "social", type: "A", content: "192.0.2.1", ttl: 300 };
const alias: NewRecord = { name: "social", type: "CNAME", content: "a.example.com", ttl: 1 };
const mail: NewRecord = { name: "@", type: "MX", content: "mx.example.com", ttl: 1, priority: 10 };

const rules: readonly IngressRule[] = [
  { hostname: "example.org", path: "^/api/v1/streaming", service: "http://gateway:80" },
  { hostname: "example.org", service: "https://web", originRequest: { noTLSVerify: true } },
  { service: "http_status:404" },
];

async function newTunnel(more: object = {}): Promise<string> {
  const body = { name: "mastodon", config_src: "cloudflare", ...more };
  return (await done("POST", tunnels, body)).id;
}

describe("a request", () => {
  test("without a token in its form is turned away", async () => {
    const answer = await send("GET", "/zones", undefined, "Bearer ");
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ code: 6003, error_chain: [{ code: 6111 }] }]);
  });

  test("with another token is turned away", async () => {
    const other = `Bearer ${"x".repeat(40)}`;
    const zones = await send("GET", "/zones", undefined, other);
    expect([zones.status, zones.body.errors[0]?.message]).toEqual([403, "Invalid access token"]);
    const verification = await send("GET", "/user/tokens/verify", undefined, other);
    expect(verification).toMatchObject({ status: 401, body: { errors: [{ code: 1000 }] } });
  });

  test("with the right one is told so", async () => {
    const { body } = await send("GET", "/user/tokens/verify");
    expect(body.result).toMatchObject({ status: "active" });
    expect(body.messages).toMatchObject([{ message: "This API Token is valid and active" }]);
  });

  test("for nothing known has no route, by another method is not allowed", async () => {
    expect(await refusal("GET", "/zones/short/settings")).toBe("404 7003");
    expect(await refusal("GET", "/radar")).toBe("404 7003");
    expect(await refusal("PATCH", `${zone}/bot_management`)).toBe("405 10405");
  });

  test.each([
    ["PATCH", "/settings/ssl", {}, "value"],
    ["POST", "/dns_records", { ...address, data: {} }, "data"],
    ["POST", "/dns_records", { ...address, ttl: "auto" }, "ttl"],
    ["POST", "/dns_records", { ...address, comment: "x".repeat(101) }, "comment"],
    ["PUT", "/bot_management", { fight_mode: "off" }, "fight_mode"],
  ])("%s %s of %j blames %s", async (method, path, body, field) => {
    const answer = await send(method, `${zone}${path}`, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ code: 1004 }] } });
    expect(answer.body.errors[0]?.message).toContain(field);
  });

  test("is noted", async () => {
    await send("GET", "/zones?name=example.org");
    await send("PATCH", `${zone}/settings/rocket_loader`, { value: "off" });
    expect(api.requests).toEqual([
      { method: "GET", path: "/zones", query: "name=example.org", body: undefined, status: 200 },
      {
        method: "PATCH",
        path: `${zone}/settings/rocket_loader`,
        query: "",
        body: { value: "off" },
        status: 200,
      },
    ]);
  });

  test("for what is not played is the double's fault", async () => {
    const other = await CloudflareApi.start();
    const response = await fetch(`${other.url}/zones?order=name`, {
      headers: { authorization: `Bearer ${other.token}` },
      signal: AbortSignal.timeout(10_000),
    });
    expect(response.status).toBe(500);
    await expect(other.close()).rejects.toThrow("GET /zones is not played with ?order=");
  });
});

describe("a token", () => {
  const reads: Readonly<Record<string, readonly [string, string]>> = {
    "Zone:Read": ["/zones", "403 0"],
    "DNS:Edit": ["/zones/{zone}/dns_records", "403 10000"],
    "Zone Settings:Edit": ["/zones/{zone}/settings", "403 9109"],
    "Bot Management:Edit": ["/zones/{zone}/bot_management", "403 10000"],
    "Page Rules:Read": ["/zones/{zone}/pagerules", "403 10000"],
    "Cache Rules:Read": [
      "/zones/{zone}/rulesets/phases/http_request_cache_settings/entrypoint",
      "403 10000",
    ],
    "Cloudflare Tunnel:Edit": ["/accounts/{account}/cfd_tunnel", "403 10000"],
  };

  test.each(everyPermission)("without %s is refused that, and only that", async (permission) => {
    const [path = "", expected] = reads[permission] ?? [];
    const url = path.replace("/zones/{zone}", zone).replace("{account}", api.account.id);
    api.permissions.delete(permission);
    expect(await refusal("GET", url)).toBe(expected);
    api.permissions.add(permission);
    expect((await send("GET", url)).status).not.toBe(403);
  });

  test("that may only read is refused to edit", async () => {
    const reading = everyPermission.map((each) => each.replace(":Edit", ":Read") as Permission);
    api.permissions.clear();
    for (const permission of reading) api.permissions.add(permission);
    expect((await send("GET", `${zone}/dns_records`)).status).toBe(200);
    expect(await refusal("POST", `${zone}/dns_records`, address)).toBe("403 10000");
    expect(await refusal("PATCH", `${zone}/settings/ssl`, { value: "full" })).toBe("403 9109");
    expect(await refusal("PUT", `${zone}/bot_management`, {})).toBe("403 10000");
    expect(await refusal("POST", tunnels, { name: "t" })).toBe("403 10000");
  });

  test("of another account, or for another's zone, is refused", async () => {
    expect(await refusal("GET", `/accounts/${"0".repeat(32)}/cfd_tunnel`)).toBe("403 10000");
    expect(await refusal("GET", `/zones/${"0".repeat(32)}/settings`)).toBe("403 9109");
  });
});

describe("a fault on demand", () => {
  test("hits what it names, as often as it says, and then no more", async () => {
    api.failNext({
      method: "GET",
      path: /^\/zones$/,
      status: 429,
      times: 2,
      headers: { "retry-after": "1" },
    });
    expect((await send("GET", `${zone}/settings`)).status).toBe(200);
    const first = await send("GET", "/zones");
    expect(first.body.errors[0]?.code).toBe(971);
    expect(first.headers.get("retry-after")).toBe("1");
    expect((await send("GET", "/zones")).status).toBe(429);
    expect((await send("GET", "/zones")).status).toBe(200);
  });

  test("comes before the work, or after it", async () => {
    api.failNext({ status: 502, code: null });
    expect((await send("POST", `${zone}/dns_records`, address)).body).toBeUndefined();
    expect(api.zone("example.org").records).toHaveLength(0);
    api.failNext({ status: "lost", afterWork: true });
    await expect(send("POST", `${zone}/dns_records`, address)).rejects.toThrow();
    expect(api.zone("example.org").records).toHaveLength(1);
    expect(api.requests.map(({ status }) => status)).toEqual([502, 0]);
  });

  test("can be an answer that is held back", async () => {
    api.failNext({ status: "held", afterWork: true });
    const asked = send("POST", `${zone}/dns_records`, address).then(() => "answered");
    asked.catch(() => undefined);
    await until("it is made", 5000, () =>
      Promise.resolve(api.zone("example.org").records.length === 1),
    );
    await expect(Promise.race([asked, sleep(100, "held back")])).resolves.toBe("held back");
  });
});

describe("zones", () => {
  test("are found by name, with their account and plan", async () => {
    const { body } = await send("GET", "/zones?name=example.net");
    expect(body).toMatchObject({
      result: [
        {
          name: "example.net",
          status: "pending",
          account: { id: api.account.id },
          plan: { legacy_id: "pro", name: "Pro Website" },
        },
      ],
      result_info: { page: 1, per_page: 20, count: 1, total_count: 1, total_pages: 1 },
    });
    expect(await done("GET", "/zones?name=example.com")).toEqual([]);
  });

  test("have the page rules of the status that is asked for", async () => {
    const rule = { id: "r", priority: 1, targets: [], actions: [{ id: "cache_level" }] } as const;
    api.zone("example.org").pageRules = [
      { ...rule, status: "active" },
      { ...rule, id: "s", status: "disabled" },
    ];
    expect(await done("GET", `${zone}/pagerules?status=active`)).toMatchObject([{ id: "r" }]);
    expect(await done("GET", `${zone}/pagerules`)).toMatchObject([{ id: "s" }]);
  });

  test("have no cache rules at first, and then those that are made", async () => {
    const entrypoint = `${zone}/rulesets/phases/http_request_cache_settings/entrypoint`;
    expect(await refusal("GET", entrypoint)).toBe("404 10003");
    const rule = {
      id: "r",
      expression: "true",
      enabled: true,
      action: "set_cache_settings",
      action_parameters: { cache: true },
    } as const;
    api.zone("example.org").cacheRules = [rule];
    expect(await done("GET", entrypoint)).toMatchObject({ kind: "zone", rules: [rule] });
  });
});

describe("settings", () => {
  test("of a new zone are as Cloudflare sets them", async () => {
    expect(await done("GET", `${zone}/settings`)).toEqual(
      expect.arrayContaining(
        [
          ["browser_check", "on"],
          ["email_obfuscation", "on"],
          ["rocket_loader", "off"],
          ["websockets", "on"],
          ["security_level", "medium"],
        ].map(([id, value]) => ({ id, value, editable: true, modified_on: null })),
      ),
    );
  });

  test("change, and stay changed", async () => {
    const changed = await done("PATCH", `${zone}/settings/browser_check`, { value: "off" });
    expect(changed).toMatchObject({ id: "browser_check", value: "off", editable: true });
    expect(changed["modified_on"]).toEqual(expect.any(String));
    expect(await done("GET", `${zone}/settings/browser_check`)).toEqual(changed);
  });

  test("are refused by name, by value and by plan", async () => {
    expect(await refusal("GET", `${zone}/settings/rocket_launcher`)).toBe("400 1006");
    expect(await refusal("PATCH", `${zone}/settings/ssl`, { value: "on" })).toBe("400 1007");
    expect(await refusal("PATCH", `${zone}/settings/polish`, { value: "off" })).toBe("400 1057");
    const pro = `/zones/${api.zone("example.net").id}`;
    expect(await done("PATCH", `${pro}/settings/polish`, { value: "lossy" })).toMatchObject({
      value: "lossy",
    });
  });

  test("can be taken away by a test", async () => {
    const setting = api.zone("example.org").settings.get("rocket_loader");
    if (setting) setting.editable = false;
    expect(await done("GET", `${zone}/settings/rocket_loader`)).toMatchObject({ editable: false });
    expect(await refusal("PATCH", `${zone}/settings/rocket_loader`, { value: "off" })).toBe(
      "400 1057",
    );
  });
});

test("bot management keeps what is not named, and knows its plan", async () => {
  const changed = await done("PUT", `${zone}/bot_management`, { fight_mode: true });
  expect(changed).toMatchObject({ fight_mode: true, enable_js: true, using_latest_model: true });
  expect(await done("GET", `${zone}/bot_management`)).toEqual(changed);
  expect(
    await refusal("PUT", `${zone}/bot_management`, { sbfm_definitely_automated: "block" }),
  ).toBe("400 10400");
  const pro = `/zones/${api.zone("example.net").id}/bot_management`;
  const cleaned = await done("PUT", pro, { fight_mode: false, sbfm_verified_bots: "block" });
  expect(cleaned).toMatchObject({ sbfm_verified_bots: "block" });
  expect(cleaned).not.toHaveProperty("fight_mode");
  expect(await refusal("PUT", pro, { fight_mode: true })).toBe("400 10400");
});

describe("a DNS record", () => {
  test("is made, listed, changed and removed", async () => {
    const made = await done("POST", `${zone}/dns_records`, { ...address, comment: "mine" });
    expect(made).toMatchObject({
      name: "social.example.org",
      content: "192.0.2.1",
      ttl: 300,
      proxied: false,
      proxiable: true,
      comment: "mine",
      tags: [],
    });
    const listed = await done("GET", `${zone}/dns_records?name=social.example.org`);
    expect(listed).toEqual([made]);
    const changed = await done("PUT", `${zone}/dns_records/${made.id}`, {
      ...address,
      content: "192.0.2.2",
      proxied: true,
    });
    expect(changed).toMatchObject({ content: "192.0.2.2", ttl: 1, comment: null });
    expect(changed).not.toHaveProperty("comment_modified_on");
    expect(await done("DELETE", `${zone}/dns_records/${made.id}`)).toEqual({ id: made.id });
    for (const method of ["GET", "DELETE"])
      expect(await refusal(method, `${zone}/dns_records/${made.id}`)).toBe("404 81044");
    expect(await done("GET", `${zone}/dns_records`)).toEqual([]);
  });

  test.each<[string, Partial<NewRecord>, object]>([
    ["the zone's own name", { name: "@" }, { name: "example.org" }],
    ["a name with a dot at its end", { name: "A.Example.ORG." }, { name: "a.example.org" }],
    ["a name of elsewhere", { name: "example.com" }, { name: "example.com.example.org" }],
    ["a long address", { type: "AAAA", content: "2001:DB8:0:0::0001" }, { content: "2001:db8::1" }],
    [
      "a target with a dot",
      { type: "CNAME", content: "A.example.com." },
      { content: "a.example.com" },
    ],
  ])("has %s in its own form", async (_case, more, expected) => {
    const made = await done("POST", `${zone}/dns_records`, { ...address, ...more });
    expect(made).toMatchObject(expected);
  });

  test.each<[string, object, string]>([
    ["a name for an address", { content: "a.example.com" }, "400 9005"],
    ["the wrong kind of address", { type: "AAAA" }, "400 9006"],
    ["an address for a name", { type: "CNAME" }, "400 9007"],
    ["a URL for a name", { type: "CNAME", content: "https://a.example.com" }, "400 9007"],
    ["a lifetime that is too short", { ttl: 30 }, "400 9021"],
    ["a proxy for text", { type: "TXT", content: "v=spf1", proxied: true }, "400 9004"],
    ["mail without priority", { type: "MX", content: "mx.example.com" }, "400 1004"],
  ])("is refused with %s", async (_case, more, expected) => {
    expect(await refusal("POST", `${zone}/dns_records`, { ...address, ...more })).toBe(expected);
    expect(api.zone("example.org").records).toHaveLength(0);
  });

  test.each<[string, readonly NewRecord[], NewRecord, string | undefined]>([
    ["a twin", [address], address, "400 81058"],
    ["another address", [address], { ...address, content: "192.0.2.2" }, undefined],
    ["an alias beside an address", [address], alias, "400 81053"],
    ["a second alias", [alias], { ...alias, content: "b.example.com" }, "400 81053"],
    ["an address beside an alias", [alias], address, "400 81054"],
    ["an address below name servers", [{ ...alias, type: "NS" }], address, "400 81056"],
    ["an alias beside mail", [mail], { ...alias, name: "@" }, undefined],
    ["mail beside an alias", [{ ...alias, name: "@" }], mail, undefined],
    ["an address of another name", [alias], { ...address, name: "other" }, undefined],
  ])("of another: %s", async (_case, there, record, expected) => {
    for (const each of there) api.addRecord("example.org", each);
    const answer = await send("POST", `${zone}/dns_records`, record);
    const [fault] = answer.body.errors;
    expect(fault && `${answer.status} ${fault.code}`).toBe(expected);
  });

  test("does not stand in its own way", async () => {
    const { id } = api.addRecord("example.org", alias);
    const changed = { ...alias, content: "b.example.com", proxied: true };
    await done("PUT", `${zone}/dns_records/${id}`, changed);
    api.addRecord("example.org", { ...address, name: "other" });
    expect(await refusal("PUT", `${zone}/dns_records/${id}`, { ...changed, name: "other" })).toBe(
      "400 81053",
    );
  });

  test("is on one of the pages", async () => {
    for (const name of ["a", "b", "c"]) api.addRecord("example.org", { ...address, name });
    const { body } = await send("GET", `${zone}/dns_records?per_page=2&page=2`);
    expect(body).toMatchObject({
      result: [{ name: "c.example.org" }],
      result_info: { page: 2, per_page: 2, count: 1, total_count: 3, total_pages: 2 },
    });
  });
});

describe("a tunnel", () => {
  test("is made, found, renamed and removed", async () => {
    const made = await done("POST", tunnels, { name: "mastodon", config_src: "cloudflare" });
    expect(made).toMatchObject({
      id: expect.stringMatching(
        /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
      ) as string,
      name: "mastodon",
      status: "inactive",
      config_src: "cloudflare",
      deleted_at: null,
    });
    const listing = `${tunnels}?name=mastodon&is_deleted=false`;
    expect(await done("GET", listing)).toMatchObject([{ id: made.id }]);
    await done("PATCH", `${tunnels}/${made.id}`, { name: "other" });
    expect(await done("GET", listing)).toEqual([]);
    await done("DELETE", `${tunnels}/${made.id}`);
    expect(await done("GET", `${tunnels}?is_deleted=false`)).toEqual([]);
  });

  test("that is deleted still answers, without its configuration", async () => {
    const id = await newTunnel();
    await done("DELETE", `${tunnels}/${id}`);
    const { deleted_at: deleted, ...rest } = await done("GET", `${tunnels}/${id}`);
    expect(deleted).toEqual(expect.any(String));
    expect(rest).not.toHaveProperty("config_src");
    expect(await refusal("GET", `${tunnels}/${id}/configurations`)).toBe("404 1055");
    expect(await done("DELETE", `${tunnels}/${id}`)).toMatchObject({ deleted_at: deleted });
    expect(await refusal("GET", `${tunnels}/${"0".repeat(32)}`)).toBe("404 1003");
  });

  test("has its name for itself as long as it is there", async () => {
    const id = await newTunnel();
    expect(await refusal("POST", tunnels, { name: "mastodon" })).toBe("409 1013");
    const other = await newTunnel({ name: "other" });
    expect(await refusal("PATCH", `${tunnels}/${other}`, { name: "mastodon" })).toBe("409 1013");
    await done("DELETE", `${tunnels}/${id}`);
    await newTunnel();
  });

  test("gives cloudflared a token, to those who may edit it", async () => {
    const id = await newTunnel();
    const token = api.tunnelToken("mastodon");
    expect(await done("GET", `${tunnels}/${id}/token`)).toBe(token);
    expect(JSON.parse(Buffer.from(token, "base64").toString())).toMatchObject({
      a: api.account.id,
      t: id,
    });
    api.permissions.delete("Cloudflare Tunnel:Edit");
    api.permissions.add("Cloudflare Tunnel:Read");
    expect(await refusal("GET", `${tunnels}/${id}/token`)).toBe("403 10000");
  });

  test("is up while a cloudflared is, and cannot be deleted meanwhile", async () => {
    const id = await newTunnel();
    const replicas = [1, 2].map(() => api.connect(api.tunnelToken("mastodon")));
    expect(await done("GET", `${tunnels}/${id}`)).toMatchObject({
      status: "healthy",
      conns_inactive_at: null,
    });
    expect(await done("GET", `${tunnels}/${id}/connections`)).toMatchObject(
      replicas.map((replica) => ({
        id: replica.id,
        conns: Array(4).fill({ client_id: replica.id }),
      })),
    );
    const answer = await send("DELETE", `${tunnels}/${id}`);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ code: 1022 }] } });
    for (const replica of replicas) api.disconnect(replica);
    expect(await done("GET", `${tunnels}/${id}`)).toMatchObject({ status: "down" });
    expect(await done("GET", `${tunnels}/${id}/connections`)).toEqual([]);
    await done("DELETE", `${tunnels}/${id}`);
  });

  test("turns away a cloudflared with another token", async () => {
    const id = await newTunnel();
    const token = api.tunnelToken("mastodon");
    expect(() => api.connect(`${token}x`)).toThrow("Unauthorized");
    await done("DELETE", `${tunnels}/${id}`);
    expect(() => api.connect(token)).toThrow("Unauthorized");
  });

  test("keeps the last of its configurations", async () => {
    const id = await newTunnel();
    const path = `${tunnels}/${id}/configurations`;
    expect(await done("GET", path)).toMatchObject({ version: 0, config: null });
    await done("PUT", path, { config: { ingress: rules.slice(1) } });
    await done("PUT", path, { config: { ingress: rules } });
    expect(await done("GET", path)).toMatchObject({
      tunnel_id: id,
      version: 2,
      source: "cloudflare",
      config: { ingress: rules, "warp-routing": { enabled: false } },
    });
    expect(api.tunnel("mastodon").config?.ingress).toEqual(rules);
  });

  test("keeps its configuration when the next one is refused", async () => {
    const path = `${tunnels}/${await newTunnel()}/configurations`;
    await done("PUT", path, { config: { ingress: rules } });
    const answer = await send("PUT", path, { config: { ingress: rules.slice(0, 2) } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([
      {
        code: 1056,
        message:
          "Bad Configuration: Validation failed: The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)\n",
      },
    ]);
    expect(api.tunnel("mastodon")).toMatchObject({ version: 1, config: { ingress: rules } });
  });
});

describe("ingress rules", () => {
  const last: IngressRule = { service: "http_status:404" };

  test.each<[string, readonly IngressRule[]]>([
    ["rules by host and path", rules],
    ["a rule for subdomains", [{ hostname: "*.example.org", service: "http://a:80" }, last]],
    ["a socket", [{ service: "unix:/run/web.sock" }]],
    ["a host that is a star", [{ hostname: "*", service: "http://a" }]],
  ])("can be %s", (_case, given) => {
    expect(ingressFault(given)).toBeUndefined();
  });

  test.each<[string, readonly IngressRule[], string]>([
    ["none", [], "doesn't contain any ingress rules"],
    ["a host in the last", [{ ...last, hostname: "a.org" }], "last ingress rule must match all"],
    ["a path in the last", [{ ...last, path: "/a" }], "last ingress rule must match all"],
    ["one that hides the next", [last, last], "Rule #1 is matching the hostname ''"],
    ["a port in a host", [{ ...last, hostname: "a.org:80" }, last], "cannot contain a port"],
    ["a star within", [{ ...last, hostname: "a.*.org" }, last], "at most one wildcard"],
    ["no scheme", [{ service: "web:3000" }], "has a scheme and a hostname"],
    ["no host", [{ service: "http://:3000" }], "has a scheme and a hostname"],
    ["a path of the service", [{ service: "http://web/a" }], "a different path on the origin"],
    ["no status", [{ service: "http_status:gone" }], "invalid HTTP status"],
    ["no pattern", [{ path: "(", service: "http://a" }, last], "Rule #1 has an invalid regex"],
    [
      "a pattern that Go lacks",
      [{ path: "^/(?!api)", service: "http://a" }, last],
      "unsupported Perl syntax: `(?!`",
    ],
  ])("are refused with %s", (_case, given, reason) => {
    expect(ingressFault(given)).toContain(reason);
  });
});
