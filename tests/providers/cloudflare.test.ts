import { CloudflareApi } from "../support/cloudflare/api";
import { delay } from "../support/providers/cloudflare/client";
import { cloudflare } from "../support/providers/cloudflare/provider";
import { type Kept, PluginClient } from "../support/providers/pluginClient";
import { UNKNOWN, type Values } from "../support/providers/values";

const types = {
  botManagement: "cloudflare:index/botManagement:BotManagement",
  dnsRecord: "cloudflare:index/dnsRecord:DnsRecord",
  tunnel: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  tunnelConfig:
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  zoneSetting: "cloudflare:index/zoneSetting:ZoneSetting",
} as const;

const tokenFunction =
  "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken";

let api: CloudflareApi;
let plugin: PluginClient;
let zoneId: string;
/** What the plugin has waited for, in milliseconds; in truth it waits for nothing. */
let waits: number[];

beforeEach(async () => {
  api = await CloudflareApi.start({
    zones: [{ name: "example.org" }, { name: "example.net", plan: "pro" }],
  });
  zoneId = api.zone("example.org").id;
  waits = [];
  const provider = cloudflare(async (milliseconds) => {
    waits.push(milliseconds);
    await new Promise(setImmediate);
  });
  plugin = await PluginClient.start(provider);
  await plugin.configure({ apiToken: api.token, baseUrl: api.url });
});

afterEach(async () => {
  plugin.close();
  await api.close();
});

function newTunnel(): Promise<Kept> {
  const inputs = { accountId: api.account.id, name: "mastodon", configSrc: "cloudflare" };
  return plugin.create(types.tunnel, inputs);
}

const ingresses: Values[] = [
  { hostname: "example.org", path: "^/api/v1/streaming", service: "http://gateway:80" },
  {
    hostname: "example.org",
    service: "https://web",
    originRequest: { noTlsVerify: true, http2Origin: true },
  },
  { service: "http_status:404" },
];

/** The requests that change something, as `METHOD path`. */
function orders(): string[] {
  return api.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);
}

function lastBody(): unknown {
  return api.requests.filter(({ method }) => method !== "GET").at(-1)?.body;
}

function record(more: Values = {}): Values {
  const inputs = { zoneId, name: "example.org", type: "A", content: "192.0.2.1", ttl: 1 };
  return { ...inputs, proxied: true, comment: "mine", ...more };
}

/** Every resource once: how it is made, changed and replaced. */
interface Life {
  readonly type: string;
  /** Makes what it hangs on, and returns its inputs. */
  readonly inputs: () => Promise<Values>;
  /** A change that is made in place. */
  readonly update: Values;
  /** A change that replaces, and by which property. */
  readonly replace: readonly [Values, string];
  readonly outputs: Values;
  /** What a preview cannot tell. */
  readonly unknown: readonly string[];
}

const lives: Readonly<Record<keyof typeof types, Life>> = {
  tunnel: {
    type: types.tunnel,
    inputs: () =>
      Promise.resolve({ accountId: api.account.id, name: "mastodon", configSrc: "cloudflare" }),
    update: { name: "other" },
    replace: [{ configSrc: "local" }, "configSrc"],
    outputs: { status: "inactive", tunType: "cfd_tunnel", remoteConfig: true, metadata: "{}" },
    unknown: ["status", "createdAt"],
  },
  tunnelConfig: {
    type: types.tunnelConfig,
    inputs: async () => {
      const { id } = await newTunnel();
      return { accountId: api.account.id, tunnelId: id, config: { ingresses } };
    },
    update: { config: { ingresses: ingresses.slice(1), originRequest: { connectTimeout: 5 } } },
    replace: [{ tunnelId: "other" }, "tunnelId"],
    outputs: { version: 1, source: "cloudflare" },
    unknown: ["version", "source"],
  },
  dnsRecord: {
    type: types.dnsRecord,
    inputs: () => Promise.resolve(record()),
    update: { content: "192.0.2.2", proxied: false, ttl: 300, comment: "still mine" },
    replace: [{ type: "AAAA", content: "2001:db8::1" }, "type"],
    outputs: { proxiable: true, tags: [], meta: "{}" },
    unknown: ["createdOn", "modifiedOn"],
  },
  zoneSetting: {
    type: types.zoneSetting,
    inputs: () => Promise.resolve({ zoneId, settingId: "browser_check", value: "off" }),
    update: { value: "on" },
    replace: [{ settingId: "rocket_loader" }, "settingId"],
    outputs: { editable: true },
    unknown: ["editable", "modifiedOn"],
  },
  botManagement: {
    type: types.botManagement,
    inputs: () => Promise.resolve({ zoneId, fightMode: false }),
    update: { fightMode: true, aiBotsProtection: "disabled" },
    replace: [{ zoneId: "other" }, "zoneId"],
    outputs: { enableJs: true, usingLatestModel: true, aiBotsProtection: "block" },
    unknown: ["enableJs", "usingLatestModel"],
  },
};

describe.each(Object.entries(lives))(
  "a %s",
  (_name, { type, inputs: prepare, outputs, unknown, update, replace: [change, property] }) => {
    let inputs: Values;
    let kept: Kept;

    beforeEach(async () => {
      inputs = await prepare();
      kept = await plugin.create(type, inputs);
    });

    test("is made, and nothing about it changes by itself", async () => {
      expect(kept.state).toMatchObject({ ...inputs, ...outputs });
      expect(await plugin.diff(type, kept, inputs)).toMatchObject({ changes: false });
      const refreshed = await plugin.read(type, kept);
      expect(refreshed.id).toBe(kept.id);
      expect(await plugin.diff(type, refreshed, inputs)).toMatchObject({ changes: false });
    });

    test("is unknown in a preview where only Cloudflare can tell", async () => {
      const previewed = await plugin.preview(type, inputs);
      for (const key of unknown) expect([key, previewed[key]]).toEqual([key, UNKNOWN]);
    });

    test("changes in place what can be changed", async () => {
      const wanted = { ...inputs, ...update };
      expect(await plugin.diff(type, kept, wanted)).toMatchObject({ changes: true, replaces: [] });
      const changed = await plugin.update(type, kept, wanted);
      expect(changed.id).toBe(kept.id);
      expect(await plugin.diff(type, changed, wanted)).toMatchObject({ changes: false });
      const refreshed = await plugin.read(type, changed);
      expect(refreshed.state).toMatchObject(wanted);
      expect(await plugin.diff(type, refreshed, wanted)).toMatchObject({ changes: false });
    });

    test("is replaced for the rest", async () => {
      const { replaces } = await plugin.diff(type, kept, { ...inputs, ...change });
      expect(replaces).toContain(property);
    });
  },
);

describe("the configuration", () => {
  test.each<[string, Values, string]>([
    ["a token that is too short", { apiToken: "short" }, "API tokens must only contain"],
    ["an unknown property", { apiTokem: "x" }, "apiTokem"],
    ["another way to sign in", { apiKey: "x" }, "not to this stand-in"],
  ])("refuses %s", async (_case, config, reason) => {
    expect((await plugin.configure(config)).join()).toContain(reason);
  });

  test("needs the address of a double", async () => {
    const apiToken = api.token;
    for (const baseUrl of ["", "https://api.cloudflare.com/client/v4"])
      await expect(plugin.configure({ apiToken, baseUrl })).rejects.toThrow(
        "needs the http:// address of a test double",
      );
  });

  test("takes from the environment what the program leaves out", async () => {
    process.env["CLOUDFLARE_API_TOKEN"] = api.token;
    process.env["CLOUDFLARE_BASE_URL"] = `${api.url}/`;
    try {
      await plugin.configure({});
      await newTunnel();
    } finally {
      delete process.env["CLOUDFLARE_API_TOKEN"];
      delete process.env["CLOUDFLARE_BASE_URL"];
    }
  });
});

describe("inputs", () => {
  test.each<[keyof typeof types, Values, string]>([
    ["dnsRecord", { proxy: true }, "proxy"],
    ["dnsRecord", { name: "a", type: "A", ttl: 1 }, 'Missing required argument: "zoneId"'],
    ["dnsRecord", { type: "ALIAS" }, 'got: "ALIAS"'],
    ["dnsRecord", { data: {} }, "not to this stand-in"],
    ["dnsRecord", { priority: 70_000 }, "between 0 and 65535"],
    ["tunnel", { configSrc: "remote" }, 'got: "remote"'],
    ["tunnelConfig", { config: { ingresses: [{ hostname: "a" }] } }, "config.ingresses[0].service"],
    [
      "tunnelConfig",
      { config: { ingresses: [{ service: "a", originRequest: { noTLSVerify: true } }] } },
      "noTLSVerify",
    ],
    ["zoneSetting", { settingId: "ssl" }, "value"],
    ["botManagement", { fightMode: "off" }, "fightMode"],
  ])("of a %s: %j is refused", async (name, given, reason) => {
    await expect(plugin.check(types[name], given)).rejects.toThrow(reason);
  });
});

describe("a tunnel", () => {
  test("is asked for without a secret, and none is shown", async () => {
    const kept = await newTunnel();
    expect(lastBody()).toEqual({ name: "mastodon", config_src: "cloudflare" });
    expect(JSON.stringify(kept.state)).not.toContain(api.tunnel("mastodon").secret);
  });

  test("gives its token when it is asked", async () => {
    const { id: tunnelId } = await newTunnel();
    const args = { accountId: api.account.id, tunnelId };
    const token = api.tunnelToken("mastodon");
    expect(await plugin.invoke(tokenFunction, args)).toEqual({ ...args, token });
    api.permissions.delete("Cloudflare Tunnel:Edit");
    await expect(plugin.invoke(tokenFunction, args)).rejects.toThrow("Authentication error");
  });

  test("says of another function that there is none", async () => {
    await expect(plugin.invoke("cloudflare:index/getZone:getZone", {})).rejects.toThrow(
      "has no function cloudflare:index/getZone:getZone",
    );
  });

  test("is changed by what has changed alone", async () => {
    const kept = await newTunnel();
    const renamed = await plugin.update(types.tunnel, kept, { ...kept.inputs, name: "other" });
    expect(lastBody()).toEqual({ name: "other" });
    const tunnelSecret = Buffer.alloc(32).toString("base64");
    await plugin.update(types.tunnel, renamed, { ...renamed.inputs, tunnelSecret });
    expect(lastBody()).toEqual({ tunnel_secret: tunnelSecret });
  });

  test("that runs is seen by a refresh, is no change, and cannot be deleted", async () => {
    const kept = await newTunnel();
    const replica = api.connect(api.tunnelToken("mastodon"));
    const refreshed = await plugin.read(types.tunnel, kept);
    expect(refreshed.state).toMatchObject({ status: "healthy" });
    expect(await plugin.diff(types.tunnel, refreshed, kept.inputs)).toMatchObject({
      changes: false,
    });
    await expect(plugin.delete(types.tunnel, kept)).rejects.toThrow(
      /failed to make http request: DELETE "http.*": 400 Bad Request .*"code":1022/,
    );
    api.disconnect(replica);
    await plugin.delete(types.tunnel, kept);
  });

  test("that was deleted elsewhere is not missed by a refresh, and its deletion succeeds", async () => {
    const kept = await newTunnel();
    await plugin.delete(types.tunnel, kept);
    const refreshed = await plugin.read(types.tunnel, kept);
    expect(refreshed.id).toBe(kept.id);
    expect(refreshed.state["deletedAt"]).toEqual(expect.any(String));
    expect(await plugin.diff(types.tunnel, refreshed, kept.inputs)).toMatchObject({
      changes: false,
    });
    await plugin.delete(types.tunnel, kept);
  });
});

describe("the configuration of a tunnel", () => {
  const config = async (rules: Values[]): Promise<Values> => {
    const { id } = await newTunnel();
    return { accountId: api.account.id, tunnelId: id, config: { ingresses: rules } };
  };

  test("arrives rule by rule", async () => {
    await plugin.create(types.tunnelConfig, await config(ingresses));
    expect(api.tunnel("mastodon").config?.ingress).toEqual([
      ingresses[0],
      {
        hostname: "example.org",
        service: "https://web",
        originRequest: { noTLSVerify: true, http2Origin: true },
      },
      ingresses[2],
    ]);
  });

  test("is refused where cloudflared would refuse it", async () => {
    await expect(
      plugin.create(types.tunnelConfig, await config(ingresses.slice(0, 2))),
    ).rejects.toThrow(/400 Bad Request .*The last ingress rule must match all URLs/);
  });

  test("that was changed elsewhere is put back after a refresh", async () => {
    const inputs = await config(ingresses);
    const kept = await plugin.create(types.tunnelConfig, inputs);
    const tunnel = api.tunnel("mastodon");
    tunnel.config = { ingress: [{ service: "http_status:503" }] };
    const refreshed = await plugin.read(types.tunnelConfig, kept);
    expect(await plugin.diff(types.tunnelConfig, refreshed, inputs)).toMatchObject({
      changes: true,
      replaces: [],
    });
    await plugin.update(types.tunnelConfig, refreshed, inputs);
    expect(tunnel.config.ingress).toHaveLength(3);
  });

  test("differs for an empty block that the dashboard has written", async () => {
    const inputs = await config([{ service: "http_status:404" }]);
    const kept = await plugin.create(types.tunnelConfig, inputs);
    api.tunnel("mastodon").config = {
      ingress: [{ service: "http_status:404", originRequest: {} }],
    };
    const refreshed = await plugin.read(types.tunnelConfig, kept);
    expect(await plugin.diff(types.tunnelConfig, refreshed, inputs)).toMatchObject({
      changes: true,
      paths: ["config.ingresses[0].originRequest"],
    });
  });

  test("stays when it is deleted, and is gone with its tunnel", async () => {
    const kept = await plugin.create(types.tunnelConfig, await config(ingresses));
    await plugin.delete(types.tunnelConfig, kept);
    expect((await plugin.read(types.tunnelConfig, kept)).id).toBe(kept.id);
    const tunnel = { ...kept, state: { accountId: api.account.id } };
    await plugin.delete(types.tunnel, tunnel);
    expect((await plugin.read(types.tunnelConfig, kept)).id).toBe("");
  });
});

describe("a DNS record", () => {
  test("is asked for with what the program gives", async () => {
    await plugin.create(types.dnsRecord, record());
    expect(lastBody()).toEqual({
      name: "example.org",
      type: "A",
      content: "192.0.2.1",
      ttl: 1,
      proxied: true,
      comment: "mine",
    });
  });

  test("loses its comment when the program gives none", async () => {
    const kept = await plugin.create(types.dnsRecord, record());
    const { comment: _comment, ...wanted } = record();
    const changed = await plugin.update(types.dnsRecord, kept, wanted);
    expect(lastBody()).toMatchObject({ comment: null, tags: [] });
    expect(api.zone("example.org").records).toMatchObject([{ comment: null }]);
    expect(await plugin.diff(types.dnsRecord, changed, wanted)).toMatchObject({ changes: false });
  });

  test("may have a short name, whose full one is no change", async () => {
    for (const name of ["@", "social"]) {
      const inputs = record({ name });
      const kept = await plugin.create(types.dnsRecord, inputs);
      expect(kept.state["name"]).toBe(name);
      const refreshed = await plugin.read(types.dnsRecord, kept);
      expect(refreshed.state["name"]).toBe(name === "@" ? "example.org" : "social.example.org");
      expect(await plugin.diff(types.dnsRecord, refreshed, inputs)).toMatchObject({
        changes: false,
      });
      expect(await plugin.diff(types.dnsRecord, refreshed, record({ name: "b" }))).toMatchObject({
        paths: ["name"],
        replaces: [],
      });
    }
  });

  test("may have capitals in its target, but not in an address", async () => {
    const target = record({ name: "a", type: "CNAME", content: "A.example.com" });
    const kept = await plugin.create(types.dnsRecord, target);
    expect(kept.state["settings"]).toEqual({
      flattenCname: false,
      ipv4Only: false,
      ipv6Only: false,
    });
    const refreshed = await plugin.read(types.dnsRecord, kept);
    expect(refreshed.state["content"]).toBe("a.example.com");
    expect(await plugin.diff(types.dnsRecord, refreshed, target)).toMatchObject({ changes: false });
    const long = record({ name: "b", type: "AAAA", content: "2001:DB8::1" });
    const other = await plugin.read(types.dnsRecord, await plugin.create(types.dnsRecord, long));
    expect(await plugin.diff(types.dnsRecord, other, long)).toMatchObject({ paths: ["content"] });
  });

  test("through the proxy has no lifetime of its own", async () => {
    await expect(plugin.create(types.dnsRecord, record({ ttl: 300 }))).rejects.toThrow(
      "ttl must be set to 1 when `proxied` is true",
    );
    expect(orders()).toEqual([]);
  });

  test("does not replace one that is there", async () => {
    api.addRecord("example.org", { name: "@", type: "CNAME", content: "a.example.com", ttl: 1 });
    await expect(plugin.create(types.dnsRecord, record())).rejects.toThrow(
      /failed to make http request: POST "http.*\/dns_records": 400 Bad Request .*"code":81054/,
    );
    expect(api.zone("example.org").records).toHaveLength(1);
  });

  test("that is gone is found gone, and is an error to delete, as it is with the original", async () => {
    const kept = await plugin.create(types.dnsRecord, record());
    await plugin.delete(types.dnsRecord, kept);
    expect((await plugin.read(types.dnsRecord, kept)).id).toBe("");
    await expect(plugin.delete(types.dnsRecord, kept)).rejects.toThrow(
      /404 Not Found .*"code":81044/,
    );
  });
});

describe("a zone", () => {
  test("keeps its settings when they are deleted", async () => {
    const kept = await plugin.create(types.zoneSetting, await lives.zoneSetting.inputs());
    expect(kept.id).toBe("browser_check");
    await plugin.delete(types.zoneSetting, kept);
    expect(api.zone("example.org").settings.get("browser_check")?.value).toBe("off");
    expect((await plugin.read(types.zoneSetting, kept)).id).toBe(kept.id);
  });

  test("does not change what its plan does not let it", async () => {
    const inputs = { zoneId, settingId: "polish", value: "off" };
    await expect(plugin.create(types.zoneSetting, inputs)).rejects.toThrow(
      "polish cannot be modified for this zone",
    );
  });

  test("sees what was set elsewhere, after a refresh", async () => {
    const inputs = await lives.zoneSetting.inputs();
    const kept = await plugin.create(types.zoneSetting, inputs);
    const setting = api.zone("example.org").settings.get("browser_check");
    if (setting) setting.value = "on";
    expect(await plugin.diff(types.zoneSetting, kept, inputs)).toMatchObject({ changes: false });
    const refreshed = await plugin.read(types.zoneSetting, kept);
    expect(await plugin.diff(types.zoneSetting, refreshed, inputs)).toMatchObject({
      paths: ["value"],
    });
  });

  test("has a managed robots.txt switched off by the way", async () => {
    const zone = api.zone("example.org");
    zone.botManagement = { ...zone.botManagement, is_robots_txt_managed: true };
    const kept = await plugin.create(types.botManagement, { zoneId, fightMode: false });
    expect(kept.id).toBe(zoneId);
    expect(lastBody()).toEqual({ fight_mode: false, is_robots_txt_managed: false });
    expect(zone.botManagement["is_robots_txt_managed"]).toBe(false);
    await plugin.delete(types.botManagement, kept);
    expect((await plugin.read(types.botManagement, kept)).id).toBe(kept.id);
  });

  test("is asked to change only what the program gives", async () => {
    const kept = await plugin.create(types.botManagement, { zoneId, fightMode: false });
    const wanted = { zoneId, fightMode: false, enableJs: false };
    await plugin.update(types.botManagement, kept, wanted);
    expect(lastBody()).toEqual({
      fight_mode: false,
      enable_js: false,
      is_robots_txt_managed: false,
    });
  });

  test("of a plan without Bot Fight Mode has it switched off in the state alone", async () => {
    const inputs = { zoneId: api.zone("example.net").id, fightMode: false };
    const kept = await plugin.create(types.botManagement, inputs);
    expect(kept.state).toMatchObject({ fightMode: false, sbfmVerifiedBots: "allow" });
    const refreshed = await plugin.read(types.botManagement, kept);
    expect(await plugin.diff(types.botManagement, refreshed, inputs)).toMatchObject({
      changes: false,
    });
  });
});

describe("faults", () => {
  test.each([
    ["a conflict", { status: 409 }],
    ["too many requests", { status: 429 }],
    ["an internal error", { status: 500 }],
    ["a bad gateway", { status: 502, code: null }],
    ["a lost answer", { status: "lost" as const }],
  ])("%s is survived ten times", async (_case, fault) => {
    api.failNext({ method: "POST", ...fault, times: 10 });
    await plugin.create(types.dnsRecord, record());
    expect(waits).toHaveLength(10);
  });

  test.each([
    ["a conflict", { status: 409 }, /409 Conflict .*made to fail/],
    ["a bad gateway", { status: 502, code: null }, /502 Bad Gateway $/],
    ["a lost answer", { status: "lost" as const }, /Post "http.*\/dns_records": EOF/],
  ])("%s is told the eleventh time", async (_case, fault, reason) => {
    api.failNext({ method: "POST", ...fault, times: 11 });
    await expect(plugin.create(types.dnsRecord, record())).rejects.toThrow(reason);
    expect(orders()).toHaveLength(11);
  });

  test("a refusal is told at once", async () => {
    api.permissions.delete("DNS:Edit");
    await expect(plugin.create(types.dnsRecord, record())).rejects.toThrow(
      /403 Forbidden .*"code":10000,"message":"Authentication error"/,
    );
    expect(orders()).toHaveLength(1);
  });

  test("a name that is taken is told only after all the tries, since it is a conflict", async () => {
    await newTunnel();
    await expect(newTunnel()).rejects.toThrow("You already have a tunnel with this name");
    expect(waits).toHaveLength(10);
  });

  test("an answer that is lost on its way leaves a record that the next try stumbles over", async () => {
    api.failNext({ method: "POST", status: "lost", afterWork: true });
    await expect(plugin.create(types.dnsRecord, record())).rejects.toThrow('"code":81058');
    expect(api.zone("example.org").records).toHaveLength(1);
  });

  test("what the answer asks to wait is waited", async () => {
    api.failNext({ method: "POST", status: 429, headers: { "retry-after": "7" } });
    await plugin.create(types.dnsRecord, record());
    expect(waits).toEqual([7000]);
  });

  test("nobody at the other end is told", async () => {
    await plugin.configure({ apiToken: api.token, baseUrl: "http://127.0.0.1:1/client/v4" });
    await expect(newTunnel()).rejects.toThrow("connect: connection refused");
  });
});

test("waiting doubles from two seconds up to thirty, less up to a quarter by chance", () => {
  [2000, 4000, 8000, 16_000, 30_000, 30_000].forEach((longest, retries) => {
    const wait = delay(undefined, retries);
    expect(wait).toBeLessThanOrEqual(longest);
    expect(wait).toBeGreaterThan(longest * 0.75);
  });
  expect(delay(0, 9)).toBe(0);
});
