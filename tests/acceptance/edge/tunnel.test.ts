import { readFile } from "node:fs/promises";
import path from "node:path";
import { Authority } from "../../support/certificates";
import { CloudflareApi } from "../../support/cloudflare/api";
import { CloudflareEdge, edgeAddress } from "../../support/cloudflare/edge";
import { docker, run, until } from "../../support/commands";
import { containersOf } from "../../support/inspection";
import { killWhileMaking } from "../../support/killWhileMaking";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "tunnel");
const domain = "social.example.org";
const stranger = "other.example.org";
const instance = `mastodon-${domain}`;

let api: CloudflareApi;
let edge: CloudflareEdge;
let authority: Authority;
let project: Project;

const visitor = (origin = `https://${domain}`): Visitor =>
  new Visitor(origin, authority.root, {}, edgeAddress);

const written = (): string[] =>
  api.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);

const records = (): object[] =>
  api
    .zone("example.org")
    .records.map(({ name, type, content, proxied }) => ({ name, type, content, proxied }));

const tunnelName = `${instance}-tunnel`;

beforeAll(async () => {
  authority = await Authority.create(path.join(folder, "authority"));
  api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
  edge = await CloudflareEdge.start({
    api,
    certificate: await authority.issue([domain, stranger]),
  });
  api.addRecord("example.org", { name: "social", type: "A", content: "192.0.2.9", ttl: 1 });
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    config: {
      domain,
      images: testbed.images,
      "cloudflare:baseUrl": api.url,
      edge: { kind: "tunnel", accountId: api.account.id, zone: "example.org" },
    },
  });
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
  await edge.close();
  await api.close();
});

const refusal = async (): Promise<string> => {
  const { code, stdout, stderr } = await project.up(true);
  expect(code).not.toBe(0);
  return stdout + stderr;
};

const tunnels = (): number => api.account.tunnels.filter(({ deleted }) => deleted === null).length;

const stateText = (): Promise<string> =>
  readFile(path.join(project.state, ".pulumi/stacks/mastodon/dev.json"), "utf8");

describe("before anything is changed", () => {
  it("is refused without a token", async () => {
    expect(await refusal()).toContain("needs cloudflare:apiToken, which is missing");
    expect(api.requests).toEqual([]);
  });

  it("names the permission that the token lacks, and the record of somebody else, at once", async () => {
    await project.pulumi(["config", "set", "--secret", "cloudflare:apiToken", api.token]);
    api.permissions.delete("Cloudflare Tunnel:Edit");
    const text = await refusal();
    expect(text).toContain("add Account: Cloudflare Tunnel: Edit to it");
    expect(text).toContain("A social.example.org → 192.0.2.9");
    api.permissions.add("Cloudflare Tunnel:Edit");
    expect(written()).toEqual([]);
    expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
  });
});

describe("the first up", () => {
  it("names in its preview what it will replace", async () => {
    const dns = { kind: "cloudflare", zone: "example.org", replace: [domain] };
    await project.configure({ dns });
    const { stdout, stderr } = await project.pulumi(["preview", "--non-interactive"]);
    expect(stdout + stderr).toContain("A social.example.org → 192.0.2.9");
    expect(stdout + stderr).toContain("mastodon-dns-replaced-a-social.example.org");
    expect(written()).toEqual([]);
  });

  it("is killed while Cloudflare makes the tunnel", async () => {
    await killWhileMaking(project, api, /cfd_tunnel$/);
    expect(tunnels()).toBe(1);
    expect(await stateText()).not.toContain(api.tunnel(tunnelName).id);
  });

  it("is killed again while Cloudflare makes the record, busy, ill or changed by somebody else for a moment", async () => {
    Object.assign(api.zone("example.org").settings.get("rocket_loader") ?? {}, {
      value: "on",
      editable: false,
    });
    api.failNext({ method: "POST", status: 429, headers: { "retry-after": "1" } });
    api.failNext({ method: "PATCH", status: 503, times: 2 });
    const { id } = api.tunnel(tunnelName);
    await killWhileMaking(project, api, /dns_records$/);
    expect(written()).toContain(`DELETE /accounts/${api.account.id}/cfd_tunnel/${id}`);
    expect(records()).toHaveLength(1);
    expect(await stateText()).not.toContain(api.zone("example.org").records[0]?.id);
  });

  it("comes up whole all the same, with one of each", async () => {
    const { stdout, stderr } = await project.up();
    expect(stdout).toContain(`Removed the record CNAME ${domain} at Cloudflare`);
    expect(stdout + stderr).toMatch(/rocket_loader is on, and .* plan does not allow/);
    expect([tunnels(), records().length]).toEqual([1, 1]);
  });

  it("leads the name into the tunnel, through Cloudflare", () => {
    const content = `${api.tunnel(tunnelName).id}.cfargotunnel.com`;
    expect(records()).toEqual([{ name: domain, type: "CNAME", content, proxied: true }]);
  });

  it("sets what federation needs, and leaves what the plan forbids", () => {
    const { settings, botManagement } = api.zone("example.org");
    const valueOf = (id: string): unknown => settings.get(id)?.value;
    expect(
      ["browser_check", "email_obfuscation", "rocket_loader", "websockets"].map(valueOf),
    ).toEqual(["off", "off", "on", "on"]);
    expect(botManagement).toMatchObject({ fight_mode: false });
  });

  it("holds the tunnel open from inside, and publishes no port", async () => {
    const containers = await containersOf(testbed.endpoint, instance);
    expect(containers.flatMap(({ ports }) => ports)).toEqual([]);
    expect(containers.filter(({ health }) => health !== "healthy")).toEqual([]);
    expect(edge.connected).toBe(1);
  });

  it("gives the connector its token alone, and never among its arguments", async () => {
    const [connector] = await containersOf(testbed.endpoint, instance, "cloudflared");
    const token = api.tunnelToken(tunnelName);
    expect(connector?.command.join(" ")).not.toContain(token);
    expect(connector?.text).not.toMatch(/SECRET_KEY_BASE|DB_PASS/);
    const { stdout } = await project.pulumi(["stack", "export"]);
    expect(stdout).not.toContain(token);
    expect(stdout).not.toContain(api.token);
  });

  it("is told by its outputs", async () => {
    const outputs = await project.outputs();
    expect(outputs["url"]).toBe(`https://${domain}`);
    expect(outputs["dnsRecords"]).toEqual([
      `CNAME ${domain} → ${api.tunnel(tunnelName).id}.cfargotunnel.com (proxied)`,
    ]);
  });
});

describe("through the tunnel", () => {
  it("finds the instance under its name, and nothing under another", async () => {
    const { status, text } = await visitor().get("/api/v2/instance");
    expect([status, JSON.parse(text)]).toMatchObject([200, { domain }]);
    await expect(visitor().get("/", { headers: { host: stranger } })).resolves.toMatchObject({
      status: 409,
    });
  });

  it("takes a post from the owner to an open socket", async () => {
    const person = visitor();
    const { adminPassword } = await project.outputs();
    await person.signIn(`owner@${domain}`, String(adminPassword));
    const token = await person.authorize();
    const socket = await person.listen(token);
    await person.publish(token, "through the tunnel");
    await socket.receive("through the tunnel");
    socket.close();
  });
});

describe("npm run doctor", () => {
  const doctor = () =>
    run(process.execPath, ["ops/doctor.mjs"], {
      cwd: project.clone,
      env: { ...project.env, NODE_EXTRA_CA_CERTS: path.join(folder, "authority/authority.crt") },
      mayFail: true,
    });

  it("finds everything well from outside", async () => {
    const { code, stdout } = await doctor();
    expect(stdout).toMatch(/^ok +containers .* healthy$/m);
    expect(stdout).toMatch(/^ok +dns +social.example.org leads to 127.0.0.2$/m);
    expect(stdout).toMatch(/^ok +edge +leads sockets to streaming$/m);
    expect(stdout).toMatch(/^ok +edge +lets other servers find people at social.example.org$/m);
    expect([code, stdout]).toEqual([0, expect.stringContaining("no faults, no warnings")]);
  });

  it("says what to do where Cloudflare has nobody to lead visitors to", async () => {
    const [connector] = await containersOf(testbed.endpoint, instance, "cloudflared");
    await docker(testbed.endpoint, ["stop", connector?.id ?? ""]);
    const { code, stdout } = await doctor();
    await docker(testbed.endpoint, ["start", connector?.id ?? ""]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fault +containers +cloudflared is not well: exited/m);
    expect(stdout).toMatch(/^fault +edge .*answers 530; Cloudflare has no connector/m);
    await until("the connector is back", 120_000, () => Promise.resolve(edge.connected === 1));
  });
});

describe("a further up", () => {
  it("changes nothing but what it had only to do once", async () => {
    await project.up();
    const before = written().length;
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
    expect(written()).toHaveLength(before);
  });

  it("changes nothing after a refresh either", async () => {
    await project.pulumi(["refresh", "--yes", "--non-interactive"]);
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("brings a connector back that was stopped by hand, when told to look", async () => {
    const [connector] = await containersOf(testbed.endpoint, instance, "cloudflared");
    await docker(testbed.endpoint, ["rm", "--force", connector?.id ?? ""]);
    await until("Cloudflare notices", 120_000, () => Promise.resolve(edge.connected === 0));
    await expect(visitor().get("/health")).resolves.toMatchObject({ status: 530 });
    await project.start();
    await expect(visitor().get("/health")).resolves.toMatchObject({ status: 200, text: "OK" });
  });

  it("puts a second connector beside the first, which stays", async () => {
    const [first] = await containersOf(testbed.endpoint, instance, "cloudflared");
    await project.configure({
      edge: { kind: "tunnel", accountId: api.account.id, zone: "example.org", replicas: 2 },
    });
    await project.up();
    expect(edge.connected).toBe(2);
    const after = await containersOf(testbed.endpoint, instance, "cloudflared");
    expect(after.map(({ id }) => id)).toContain(first?.id);
  });

  it("says in a sentence what Cloudflare refused, and goes on from there", async () => {
    await project.configure({ webDomain: undefined, dns: undefined });
    api.failNext({ method: "GET", path: /dns_records/, status: 500, times: 4 });
    expect(await refusal()).toMatch(/mastodon:edge.zone: needs Cloudflare, .*status 500/);
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });
});

describe("destroy", () => {
  it("takes the tunnel and the record away, and leaves the zone", async () => {
    await project.pulumi(["destroy", "--yes", "--non-interactive"]);
    expect(edge.connected).toBe(0);
    expect(() => api.tunnel(tunnelName)).toThrow("there is no tunnel");
    expect(records()).toEqual([]);
  });
});
