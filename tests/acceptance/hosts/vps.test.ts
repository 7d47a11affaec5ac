import { spawn, type ChildProcess } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { run, until } from "../../support/commands";
import { HetznerApi } from "../../support/hetzner/api";
import { killWhileMaking } from "../../support/killWhileMaking";
import { MailHost, mailPorts, mailServer } from "../../support/mailHost";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "vps");
const domain = "social.example.org";
const origin = `https://${domain}:8443`;
const server = `mastodon-${domain}-server`;
const token = "0123456789abcdef".repeat(4);
const { multiArch } = testbed.foreign;

let host = {
  kind: "hetzner",
  serverType: "cx23",
  location: "fsn1",
  dataVolumeGb: 10,
  adminIps: ["203.0.113.1"],
};

const images = {
  ...testbed.images,
  mastodon: multiArch["mastodon-4.7.2"],
  streaming: multiArch["streaming-4.7.2"],
};

let mail: MailHost;
let machines: SimulatedMachines;
let api: HetznerApi;
let project: Project;
let tunnel: ChildProcess | undefined;

const sshConfig = (): string => path.join(project.state, "ssh", server, "config");

/** As an administrator at the server, by the way that the program has made. */
const onServer = async (...command: readonly string[]): Promise<string> =>
  (await run("ssh", ["-F", sshConfig(), server, ...command])).stdout.trim();

/** The instance's containers with their health, as the server's engine tells them. */
const healths = async (): Promise<string[]> =>
  (await onServer("docker", "ps", "--format", "'{{.Label \"org.joinmastodon.part\"}} {{.Status}}'"))
    .split("\n")
    .map((row) => row.replace(/Up .*\((\w+)\)/, "$1"))
    .sort();

/** The server's loopback port, brought to this machine as the handbook tells. */
async function visitor(): Promise<Visitor> {
  tunnel?.kill();
  const forward = "127.0.0.1:8443:127.0.0.1:8443";
  tunnel = spawn("ssh", ["-F", sshConfig(), "-N", "-L", forward, server], { stdio: "ignore" });
  const gateway = await onServer("docker", "ps", "-q", "-f", "label=org.joinmastodon.part=gateway");
  const root = "/data/caddy/pki/authorities/local/root.crt";
  const found = new Visitor(origin, await onServer("docker", "exec", gateway, "cat", root));
  await until("the tunnel is open", 120_000, () =>
    found.get("/health").then(
      () => true,
      () => false,
    ),
  );
  return found;
}

beforeAll(async () => {
  mail = await MailHost.open(path.join(folder, "mail"));
  machines = await SimulatedMachines.open({
    ...testbed.machines,
    endpoint: testbed.endpoint,
    folder: path.join(folder, "machines"),
  });
  api = await HetznerApi.start({ token, machines });
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    stack: "prod",
    config: {
      "hcloud:endpoint": api.endpoint,
      "hcloud:pollInterval": "50ms",
      domain,
      images,
      host,
      edge: { kind: "local", port: 8443 },
      smtp: { server: mailServer, port: mailPorts.relay, from: "notifications@social.example.org" },
      admin: { username: "alice", email: "alice@example.org" },
    },
  });
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  tunnel?.kill();
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await machines.close();
  await mail.close();
  await api.close();
});

const serverIds = (): number[] => api.project.servers.all().map(({ id }) => id);

const recorded = (): Promise<string> =>
  readFile(path.join(project.state, ".pulumi/stacks/mastodon/prod.json"), "utf8");

/** A server that a run has had made, and did not live to record. */
async function lostServer(): Promise<number> {
  await killWhileMaking(project, api, /\/servers$/);
  expect(serverIds()).toHaveLength(1);
  const [id = 0] = serverIds();
  expect(await recorded()).not.toContain(`"${id}"`);
  return id;
}

const removal = `Removed the server ${server} at Hetzner, which the last run made and did not get to record.`;

let lost = 0;
let post = "";

describe("a server at Hetzner", () => {
  it("is refused without the access to make it", async () => {
    const { code, stdout, stderr } = await project.up(true);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("needs hcloud:token, which is missing");
    expect(api.requests).toEqual([]);
  });

  it("says in a sentence what the API could not do, and goes on from there", async () => {
    await project.pulumi(["config", "set", "--secret", "hcloud:token", token]);
    api.failNext({ method: "POST", path: /\/firewalls$/, status: 500, code: "service_error" });
    const { code, stdout } = await project.up(true);
    expect(code).not.toBe(0);
    expect(stdout).toContain("mastodon-host-firewall");
    expect(stdout).toMatch(/service_error|500/);
    expect(serverIds()).toEqual([]);
  });

  it("is killed while Hetzner makes the server", async () => {
    lost = await lostServer();
  });

  it("comes up from nothing, though the API is busy, limits and fails on the way", async () => {
    api.failNext({ method: "POST", path: /\/ssh_keys$/, status: 429, code: "rate_limit_exceeded" });
    api.failNext({ method: "POST", path: /\/servers$/, status: 409, code: "conflict" });
    api.failNext({ method: "POST", path: /\/volumes$/, status: 502 });
    const { stdout } = await project.up();
    expect(stdout).not.toContain(token);
    expect(stdout).toContain(removal);
    expect(serverIds()).toHaveLength(1);
    expect(serverIds()).not.toContain(lost);
    expect(await healths()).toEqual(
      ["gateway", "postgres", "redis", "sidekiq-default", "streaming", "web"].map(
        (part) => `${part} healthy`,
      ),
    );
  });

  it("is closed but for SSH from where its administrator is, and protected from a slip in the console", () => {
    const { firewalls, servers, volumes } = api.project;
    expect(firewalls.all().map(({ rules }) => rules)).toEqual([
      [
        expect.objectContaining({
          direction: "in",
          protocol: "tcp",
          port: "22",
          source_ips: ["203.0.113.1/32"],
        }),
      ],
    ]);
    expect(servers.all().map((server) => server.protected)).toEqual([true]);
    expect(volumes.all().map((volume) => volume.protected)).toEqual([true]);
  });

  it("serves the instance, to whose owner it belongs", async () => {
    const { adminPassword } = await project.outputs();
    const alice = await visitor();
    await alice.signIn("alice@example.org", String(adminPassword));
    const access = await alice.authorize();
    post = await alice.publish(access, "Hello from a server");
    expect((await alice.get(`/api/v1/statuses/${post}`)).text).toContain("Hello from a server");
    const { text } = await alice.get("/api/v2/instance");
    expect(JSON.parse(text)).toMatchObject({ domain });
  });

  it("changes nothing the second time", async () => {
    const requests = api.requests.length;
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
    expect(api.requests.slice(requests).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("becomes a larger one, and stays the same server with all that is on it", async () => {
    const before = serverIds();
    host = { ...host, serverType: "cx33" };
    await project.configure({ host });
    await project.up();
    expect(serverIds()).toEqual(before);
    expect(await healths()).toContain("web healthy");
    expect(await onServer("stat", "--format=%s", "/swapfile")).toBe(String(3809 * 1024 ** 2));
    const alice = await visitor();
    expect((await alice.get(`/api/v1/statuses/${post}`)).text).toContain("Hello from a server");
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("refuses another major version of Postgres, which would begin with an empty database", async () => {
    const postgres = (testbed.images["postgres"] ?? "").replace(/^postgres:\d+/, "postgres:99");
    await project.configure({ images: { ...images, postgres } });
    const { code, stdout } = await project.pulumi(["up", "--yes", "--non-interactive"], true);
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/mastodon-foundation-volume-postgres"?\s.*marked for protection/);
    expect(stdout).not.toContain("Updating");
    expect(await healths()).toContain("postgres healthy");
    await project.configure({ images });
  });

  it("is made anew from another system, though killed at it twice, and comes back with all that was on it", async () => {
    const before = serverIds();
    await project.configure({ host: { ...host, image: "ubuntu-24.04" } });
    const begun = await lostServer();
    await killWhileMaking(project, api, /\/attach$/);
    await api.project.settled();
    expect(api.project.volumes.all().map((volume) => volume.server)).toEqual(serverIds());
    const { stdout } = await project.up();
    expect(stdout).toContain(
      `Detached the volume ${api.project.volumes.all()[0]?.name} at Hetzner, which the last run attached and did not get to record.`,
    );
    expect([...before, begun]).not.toContain(serverIds()[0]);
    expect(serverIds()).toHaveLength(1);
    expect(await healths()).toContain("web healthy");
    const alice = await visitor();
    expect((await alice.get(`/api/v1/statuses/${post}`)).text).toContain("Hello from a server");
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("goes on destroy, from a machine that has never seen it, and leaves its data volume", async () => {
    await rm(path.join(project.state, "ssh"), { recursive: true });
    const { stdout } = await project.pulumi(["destroy", "--yes", "--non-interactive"]);
    expect(stdout).toContain("goes on being paid for");
    expect(serverIds()).toEqual([]);
    expect(api.project.volumes.all().map((volume) => volume.protected)).toEqual([true]);
  });

  it("comes back on another server, with all that was on the first", async () => {
    await project.up();
    const alice = await visitor();
    expect((await alice.get(`/api/v1/statuses/${post}`)).text).toContain("Hello from a server");
  });

  it("goes for good with its data, when that is asked for", async () => {
    await project.pulumi(["destroy", "--yes", "--remove-data", "--non-interactive"]);
    expect(api.project.volumes.all()).toEqual([]);
  });
});
