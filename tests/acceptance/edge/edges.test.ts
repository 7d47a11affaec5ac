import path from "node:path";
import { Authority } from "../../support/certificates";
import { CloudflareApi } from "../../support/cloudflare/api";
import { CloudflareEdge, edgeAddress } from "../../support/cloudflare/edge";
import { edgePort } from "../../support/cloudflared/protocol";
import { docker, linesOf, until } from "../../support/commands";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { SshClient } from "../../support/machine/sshClient";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "edges");
const domain = "social.example.org";
const instance = `mastodon-${domain}`;
const machine = { id: 40, ipv4: "203.0.113.40", user: "alice", memoryMb: 4096, cpus: 2 };
/** Makes certificates for whoever answers on the machine. */
const authority = { name: "edges-authority", ipv4: "203.0.113.41", validSeconds: 86_400 };
const accountKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
/** A second way to it, of which this network knows nothing. */
const otherAddress = "203.0.113.42";
/** The bridge of the machines, on which Cloudflare's edge listens too. */
const bridge = "203.0.113.1";

let api: CloudflareApi;
let edge: CloudflareEdge;
let cloudflare: Authority;
let machines: SimulatedMachines;
let project: Project;
/** The authority's own certificate, by which those that it signs are checked. */
let root = "";
/** Of a post that was published behind the tunnel. */
let post = "";
/** Its volumes then. */
let held: string[] = [];

const atConsole = async (...command: readonly string[]): Promise<string> =>
  (await machines.execute(machine.id, command)).stdout.trim();

const atAuthority = async (...command: readonly string[]): Promise<string> =>
  (await docker(testbed.endpoint, ["exec", authority.name, ...command])).stdout;

/** A line for each of the instance's containers. @param format of `docker ps` */
const containers = async (format: string): Promise<string[]> =>
  linesOf(
    await atConsole("docker", "ps", "--all", `--filter=name=${instance}`, `--format=${format}`),
  );

/** What holds the data, each with what tells it from one that was made anew. */
const volumes = async (): Promise<string[]> =>
  linesOf(
    await atConsole(
      "sh",
      "-c",
      "docker volume inspect --format '{{.Name}} {{.CreatedAt}}' $(docker volume ls --quiet)",
    ),
  ).filter((line) => line.startsWith(instance));

const throughTunnel = (): Visitor =>
  new Visitor(`https://${domain}`, cloudflare.root, {}, edgeAddress);

const fromOutside = (): Visitor => new Visitor(`https://${domain}`, root, {}, machine.ipv4);

const records = () => api.zone("example.org").records;

const tunnels = () => api.account.tunnels.filter(({ deleted }) => deleted === null);

/** What was changed at Cloudflare since a number of requests, in order, without ids. */
const changedSince = (before: number): string[] =>
  api.requests
    .slice(before)
    .filter(({ method }) => method !== "GET")
    .map(
      ({ method, path: where }) => `${method} ${/\/(\w+)(\/[0-9a-f-]{32,})?$/.exec(where)?.[1]}`,
    );

const tunnelKeys = () => ({
  edge: { kind: "tunnel", accountId: api.account.id, zone: "example.org", replicas: 1 },
  dns: undefined,
});

beforeAll(async () => {
  cloudflare = await Authority.create(path.join(folder, "cloudflare"));
  api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
  edge = await CloudflareEdge.start({ api, certificate: await cloudflare.issue([domain]) });
  machines = await SimulatedMachines.open({
    ...testbed.machines,
    endpoint: testbed.endpoint,
    folder: path.join(folder, "machines"),
  });
  await docker(testbed.endpoint, [
    ...["run", "--detach", `--name=${authority.name}`, "--network=machines"],
    ...[`--ip=${authority.ipv4}`, testbed.authority],
    ...[authority.ipv4, machine.ipv4, String(authority.validSeconds)],
  ]);
  const client = await SshClient.create(path.join(folder, "client"));
  const hostKey = await machines.bootPlain({ ...machine, sshPublicKey: await client.publicKey() });
  await client.know(machine.ipv4, hostKey);
  // The stand-in for cloudflared looks for Cloudflare's edge at its way out, which is the machine.
  await atConsole(
    ...["iptables", "--table=nat", "--insert=PREROUTING", "--protocol=tcp"],
    ...[`--dport=${edgePort}`, "--jump=DNAT", `--to-destination=${bridge}`],
  );
  root = await atAuthority("curl", "-ks", "https://127.0.0.1:15000/roots/0");
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    stack: "mac",
    env: { PATH: `${client.bin}:${process.env["PATH"] ?? ""}`, GOMAXPROCS: "10" },
    config: {
      domain,
      images: testbed.images,
      host: { kind: "ssh", address: machine.ipv4, user: machine.user, arch: "amd64" },
      // No mail is sent.
      smtp: { server: "smtp.example.org", from: "notifications@example.org", check: false },
      admin: { username: "alice", email: "alice@example.org" },
      "cloudflare:baseUrl": api.url,
      ...tunnelKeys(),
    },
  });
  await project.create();
  await project.installProviders();
  await project.pulumi(["config", "set", "--secret", "cloudflare:apiToken", api.token]);
});

afterAll(async () => {
  await docker(testbed.endpoint, ["rm", "--force", authority.name], { mayFail: true });
  await machines.close();
  await edge.close();
  await api.close();
});

it("begins behind a tunnel", async () => {
  await project.up();
  const person = throughTunnel();
  const { adminPassword } = await project.outputs();
  await person.signIn("alice@example.org", String(adminPassword));
  post = await person.publish(await person.authorize(), "from behind the tunnel");
  held = await volumes();
  expect(records()).toMatchObject([{ name: domain, type: "CNAME", proxied: true }]);
  expect(edge.connected).toBe(1);
});

it("goes to public ports with all that it holds, and leaves nothing of the tunnel", async () => {
  const before = api.requests.length;
  await project.pulumi(["config", "set", "--secret", "mastodon:acmeHmacKey", accountKey]);
  await project.configure({
    edge: {
      kind: "caddy",
      email: "owner@example.org",
      acmeDirectory: `https://${authority.ipv4}:14000/dir`,
      acmeKeyId: "kid-1",
      acmeRoots: await atAuthority("cat", "cert.pem"),
    },
    dns: { kind: "cloudflare", zone: "example.org", addresses: [machine.ipv4, otherAddress] },
  });
  const { stdout, stderr } = await project.up();
  expect(stdout + stderr).not.toContain("There is no certificate");
  expect(records()).toMatchObject(
    [machine.ipv4, otherAddress].map((content) => ({
      name: domain,
      type: "A",
      content,
      proxied: false,
    })),
  );
  // Whoever still comes by the old way is led through until the new one is told of.
  expect(changedSince(before)).toEqual([
    "DELETE dns_records",
    "POST dns_records",
    "POST dns_records",
    "DELETE cfd_tunnel",
  ]);
  expect([tunnels(), edge.connected]).toEqual([[], 0]);
  expect(await containers('{{.Label "org.joinmastodon.part"}}')).not.toContain("cloudflared");
  expect((await fromOutside().get(`/api/v1/statuses/${post}`)).text).toContain("behind the tunnel");
  expect(await volumes()).toEqual(held);
});

it("has nothing left to do there", async () => {
  expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
});

it("goes back into a tunnel, with one record and no open port", async () => {
  const before = api.requests.length;
  await project.pulumi(["config", "rm", "mastodon:acmeHmacKey"]);
  await project.configure(tunnelKeys());
  await project.up();
  const content = `${tunnels()[0]?.id}.cfargotunnel.com`;
  expect(records()).toMatchObject([{ name: domain, type: "CNAME", content, proxied: true }]);
  // Beside any other record of its name, the new one would be refused.
  expect(changedSince(before).filter((each) => /dns|tunnel/.test(each))).toEqual([
    "POST cfd_tunnel",
    "DELETE dns_records",
    "DELETE dns_records",
    "POST dns_records",
  ]);
  await until("the connector is there", 120_000, () => Promise.resolve(edge.connected === 1));
  expect((await throughTunnel().get(`/api/v1/statuses/${post}`)).text).toContain(
    "behind the tunnel",
  );
  expect((await containers("{{.Ports}}")).join(" ")).not.toContain("->");
  await expect(fromOutside().get("/health")).rejects.toThrow();
  expect(await volumes()).toEqual(held);
});

it("has nothing left to do there either", async () => {
  expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
});
