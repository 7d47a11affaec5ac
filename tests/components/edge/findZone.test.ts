import { findZone } from "../../../components/edge/findZone";
import type { RawConfig } from "../../../components/host/findHost";
import { recordComment, type FoundZone } from "../../../plan";
import { CloudflareApi } from "../../support/cloudflare/api";

let api: CloudflareApi;

beforeEach(async () => {
  api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
});

afterEach(() => api.close());

const tunnel = (): object => ({ kind: "tunnel", accountId: api.account.id, zone: "example.org" });

const ask = (raw: RawConfig = {}): Promise<FoundZone> =>
  findZone(
    { domain: "social.example.org", edge: tunnel(), ...raw },
    { token: api.token, baseUrl: api.url },
  );

const faultsOf = async (raw: RawConfig = {}): Promise<string[]> =>
  (await ask(raw)).faults.map(({ path, message }) => `${path}: ${message}`);

const setting = (id: string) => {
  const found = api.zone("example.org").settings.get(id);
  if (found === undefined) throw new Error(`the double has no setting ${id}`);
  return found;
};

it("finds the zone, and nothing against it", async () => {
  await expect(ask()).resolves.toEqual({
    zone: { id: api.zone("example.org").id, locked: {}, bots: "fightMode", foreign: [] },
    faults: [],
    warnings: [],
  });
});

it("asks nothing where nothing of the configuration is at Cloudflare", async () => {
  const found = await ask({ edge: { kind: "local" }, dns: { kind: "manual" } });
  expect(found).toEqual({ faults: [], warnings: [] });
  expect(api.requests).toEqual([]);
});

it("changes nothing by asking", async () => {
  await ask();
  expect(new Set(api.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
});

it.each([
  ["a token that is none", { token: "x".repeat(40) }, /refuses the token/],
  [
    "an address where nobody answers",
    { baseUrl: "http://127.0.0.1:9/client/v4" },
    /cannot be reached/,
  ],
])("says so of %s", async (_name, account, message) => {
  const { faults } = await findZone(
    { domain: "social.example.org", edge: tunnel() },
    { token: api.token, baseUrl: api.url, ...account },
  );
  expect(faults).toEqual([
    { path: "edge.zone", message: expect.stringMatching(message) as unknown },
  ]);
});

it("refuses a zone that the token does not see", async () => {
  const edge = { ...tunnel(), zone: "example.net" };
  const [fault] = await faultsOf({ domain: "social.example.net", edge });
  expect(fault).toMatch(/^edge.zone: "example.net" is no zone that the token sees: add/);
});

it("refuses an account that is not the zone's", async () => {
  const edge = { ...tunnel(), accountId: "f".repeat(32) };
  const [fault] = await faultsOf({ edge });
  expect(fault).toContain(`edge.accountId: "${"f".repeat(32)}" is another account`);
  expect(fault).toContain(api.account.id);
});

describe("a record of somebody else", () => {
  beforeEach(() => {
    api.addRecord("example.org", { name: "social", type: "A", content: "192.0.2.1", ttl: 1 });
    api.addRecord("example.org", { name: "www", type: "A", content: "192.0.2.2", ttl: 1 });
    api.addRecord("example.org", { name: "social", type: "TXT", content: '"v=spf1 -all"', ttl: 1 });
  });

  it("is refused by name, with both ways out", async () => {
    expect(await faultsOf()).toEqual([
      "dns: finds a record of somebody else: A social.example.org → 192.0.2.1. Nothing was changed. To have it replaced, write social.example.org under dns.replace; to leave the name to what it leads to now, under dns.keep",
    ]);
  });

  it("goes where the stack file says so, and is named before it does", async () => {
    const dns = { kind: "cloudflare", zone: "example.org", replace: ["social.example.org"] };
    const { zone, faults, warnings } = await ask({ dns });
    expect(faults).toEqual([]);
    expect(zone?.foreign).toMatchObject([{ name: "social.example.org", content: "192.0.2.1" }]);
    expect(warnings).toEqual([expect.stringContaining("A social.example.org → 192.0.2.1")]);
  });

  it("stays where the stack file says so", async () => {
    const dns = { kind: "cloudflare", zone: "example.org", keep: ["social.example.org"] };
    const { zone, faults, warnings } = await ask({ dns });
    expect([faults, warnings, zone?.foreign]).toEqual([[], [], []]);
  });

  it("is nobody's business where records are entered by hand", async () => {
    expect(await faultsOf({ dns: { kind: "manual" } })).toEqual([]);
  });
});

it("says that a tunnel of its name is there, unless a record of its own leads to it", async () => {
  const name = "mastodon-social.example.org-tunnel";
  api.addTunnel(name);
  const { warnings } = await ask();
  expect(warnings).toEqual([expect.stringContaining(`Cloudflare has a tunnel ${name}`)]);

  const comment = recordComment("social.example.org");
  const content = `${api.tunnel(name).id}.cfargotunnel.com`;
  api.addRecord("example.org", { name: "social", type: "CNAME", content, ttl: 1, comment });
  expect((await ask()).warnings).toEqual([]);
});

it("knows the instance's own records again", async () => {
  const comment = recordComment("social.example.org");
  const content = "t.cfargotunnel.com";
  api.addRecord("example.org", { name: "social", type: "CNAME", content, ttl: 1, comment });
  expect(await faultsOf()).toEqual([]);
});

it.each([
  ["Cloudflare Tunnel:Edit", "edge.accountId", "Account: Cloudflare Tunnel: Edit"],
  ["Zone Settings:Edit", "edge.zone", "Zone: Zone Settings: Edit"],
  ["Bot Management:Edit", "edge.zone", "Zone: Bot Management: Edit"],
] as const)("names the permission that is missing: %s", async (permission, path, words) => {
  api.permissions.delete(permission);
  expect(await faultsOf()).toEqual([
    `${path}: needs a permission that the token lacks: add ${words} to it in Cloudflare's dashboard, under API Tokens`,
  ]);
});

it("goes on without the permission to read cache rules, and says so", async () => {
  api.permissions.delete("Page Rules:Read");
  const { zone, faults, warnings } = await ask();
  expect(faults).toEqual([]);
  expect(zone).toBeDefined();
  expect(warnings).toEqual([expect.stringContaining("Page Rules: Read")]);
});

it("leaves a setting that the plan does not allow, says so and goes on", async () => {
  Object.assign(setting("rocket_loader"), { value: "on", editable: false });
  Object.assign(setting("websockets"), { value: "on", editable: false });
  const { zone, faults, warnings } = await ask();
  expect(faults).toEqual([]);
  expect(Object.keys(zone?.locked ?? {}).sort()).toEqual(["rocket_loader", "websockets"]);
  expect(warnings).toEqual([
    expect.stringMatching(/rocket_loader is on, and .* plan does not allow to turn it off: it/),
  ]);
});

it("refuses a zone under attack, whose challenge no server can answer", async () => {
  setting("security_level").value = "under_attack";
  expect(await faultsOf()).toEqual([expect.stringMatching(/^edge.zone: is in Under Attack mode/)]);
});

it("refuses a rule that caches everything, by its name", async () => {
  Object.assign(api.zone("example.org"), {
    cacheRules: [
      {
        id: "a".repeat(32),
        expression: '(http.host eq "social.example.org")',
        enabled: true,
        action: "set_cache_settings",
        action_parameters: { cache: true },
      },
    ],
    pageRules: [
      {
        id: "b".repeat(32),
        status: "active",
        priority: 1,
        targets: [{ target: "url", constraint: { operator: "matches", value: "*example.org/*" } }],
        actions: [{ id: "cache_level", value: "cache_everything" }],
      },
    ],
  });
  const faults = await faultsOf();
  expect(faults).toHaveLength(2);
  expect(faults.join("\n")).toContain("the page rule for *example.org/*");
  expect(faults.join("\n")).toContain('the cache rule "(http.host eq "social.example.org")"');
});

it("warns of a zone that nobody is led to yet, and of a name that has no certificate", async () => {
  api.zone("example.org").status = "pending";
  const { faults, warnings } = await ask({ domain: "a.social.example.org" });
  expect(faults).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/^The zone example.org is pending/),
    expect.stringMatching(/^a.social.example.org is more than one level below example.org/),
  ]);
});

it.each([429, 500, 503] as const)("asks again after status %d", async (status) => {
  api.failNext({ status, times: 2 });
  expect(await faultsOf()).toEqual([]);
});

it("gives up where Cloudflare stays ill, and says so", async () => {
  api.failNext({ status: 500, times: 100, path: /dns_records/ });
  expect(await faultsOf()).toEqual([expect.stringMatching(/^edge.zone: .*status 500/)]);
});
