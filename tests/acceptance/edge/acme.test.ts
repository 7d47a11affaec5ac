import { X509Certificate } from "node:crypto";
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request } from "node:https";
import path from "node:path";
import { TLSSocket } from "node:tls";
import { docker, linesOf, until, type Result } from "../../support/commands";
import { underLoad } from "../../support/load";
import { mailAddress, MailHost, mailPorts, mailServer } from "../../support/mailHost";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { SshClient } from "../../support/machine/sshClient";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "acme");
const names = ["social.example.org", "example.org"] as const;
const instance = "mastodon-example.org";
const machine = { id: 30, ipv4: "203.0.113.30", user: "alice", memoryMb: 4096, cpus: 2 };
const authority = { name: "authority", ipv4: "203.0.113.31" };

/** How long the authority's certificates are valid. Caddy asks for the next one when a third of that is left. */
const validSeconds = 420;

const edge = {
  kind: "caddy",
  email: "owner@example.org",
  acmeDirectory: `https://${authority.ipv4}:14000/dir`,
  acmeKeyId: "kid-1",
};
const accountKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

let mail: MailHost;
let machines: SimulatedMachines;
let project: Project;
let acmeRoots = "";
/** The authority's own certificate, by which those that it signs are checked. */
let root = "";

const atConsole = async (...command: readonly string[]): Promise<string> =>
  (await machines.execute(machine.id, command)).stdout.trim();

const gatewayId = (): Promise<string> =>
  atConsole("docker", "ps", "--quiet", "--no-trunc", "--filter", `name=${instance}-gateway`);

const atAuthority = async (...command: readonly string[]): Promise<string> =>
  (await docker(testbed.endpoint, ["exec", authority.name, ...command])).stdout;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly certificate?: X509Certificate;
}

interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  /** Who is believed to vouch for names. Default: the authority alone. */
  readonly ca?: string;
  /** Without TLS. Default: false. */
  readonly plain?: boolean;
}

/** Asks the machine under one of the instance's names. */
function ask(
  name: string,
  target: string,
  { headers, ca = root, plain = false }: Question = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const whole = {
      host: machine.ipv4,
      servername: name,
      path: target,
      ca,
      timeout: 60_000,
      agent: false,
      headers: { host: name, ...headers },
    } as const;
    const call = (plain ? requestPlain : request)(whole, (response) => {
      const { socket } = response;
      const peer = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      response.resume();
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          ...(peer === undefined ? {} : { certificate: peer }),
        }),
      );
    });
    call.on("timeout", () => call.destroy(new Error(`${name} has not answered`)));
    call.on("error", reject);
    call.end();
  });
}

const serialOf = async (name: string): Promise<string> => {
  const { certificate } = await ask(name, "/health");
  if (certificate === undefined) throw new Error(`${name} has shown no certificate`);
  return certificate.serialNumber;
};

const saidBy = ({ stdout, stderr }: Result): string => stdout + stderr;

beforeAll(async () => {
  mail = await MailHost.open(path.join(folder, "mail"));
  machines = await SimulatedMachines.open({
    ...testbed.machines,
    endpoint: testbed.endpoint,
    folder: path.join(folder, "machines"),
  });
  const client = await SshClient.create(path.join(folder, "client"));
  await docker(testbed.endpoint, [
    "run",
    "--detach",
    `--name=${authority.name}`,
    "--network=machines",
    `--ip=${authority.ipv4}`,
    testbed.authority,
    authority.ipv4,
    machine.ipv4,
    String(validSeconds),
  ]);
  const hostKey = await machines.bootPlain({ ...machine, sshPublicKey: await client.publicKey() });
  await client.know(machine.ipv4, hostKey);
  // Its containers would be told of a name server that only the machine itself reaches.
  await atConsole("sh", "-c", `echo nameserver ${mailAddress} > /etc/resolv.conf`);
  acmeRoots = await atAuthority("cat", "cert.pem");
  root = await atAuthority("curl", "-ks", "https://127.0.0.1:15000/roots/0");
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    stack: "mac",
    env: { PATH: `${client.bin}:${process.env["PATH"] ?? ""}`, GOMAXPROCS: "10" },
    config: {
      domain: "example.org",
      webDomain: "social.example.org",
      images: testbed.images,
      host: { kind: "ssh", address: machine.ipv4, user: machine.user, arch: "amd64" },
      smtp: { server: mailServer, port: mailPorts.relay, from: "notifications@example.org" },
      admin: { username: "alice", email: "alice@example.org" },
      environment: { RAILS_LOG_LEVEL: "info" },
      // Nobody is there.
      edge: { ...edge, acmeRoots, acmeDirectory: `https://${authority.ipv4}:14009/dir` },
    },
  });
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await docker(testbed.endpoint, ["rm", "--force", authority.name], { mayFail: true });
  await machines.close();
  await mail.close();
});

it("is refused without the key of its account at the authority", async () => {
  const result = await project.up(true);
  expect(result.code).not.toBe(0);
  expect(saidBy(result)).toContain("mastodon:acmeHmacKey: is missing: edge.acmeKeyId needs it");
});

it("tells of an authority that cannot be had, and comes up all the same", async () => {
  await project.pulumi(["config", "set", "--secret", "mastodon:acmeHmacKey", accountKey]);
  const said = saidBy(await project.up());
  for (const name of names) {
    expect(said).toContain(
      `There is no certificate for ${name} yet, and the gateway keeps trying.`,
    );
    expect(said).toContain(`Ports 80 and 443 of ${name} must lead to this machine`);
  }
  expect(said).toMatch(/14009[^\n]*connection refused/);
  expect(said).not.toContain(accountKey);
  await expect(ask("social.example.org", "/health")).rejects.toThrow();
});

it("gets its certificates from one that can, without being made anew", async () => {
  const before = await gatewayId();
  await project.configure({ edge: { ...edge, acmeRoots } });
  const result = await project.up();
  expect(changesIn(result)[0]).toMatch(/1 updated/);
  expect(saidBy(result)).not.toContain("There is no certificate");
  expect(await gatewayId()).toBe(before);
  for (const name of names) {
    const { status, certificate } = await ask(name, "/health");
    expect([status, certificate?.subjectAltName]).toEqual([
      name === "example.org" ? 302 : 200,
      `DNS:${name}`,
    ]);
  }
  const log = await docker(testbed.endpoint, ["logs", authority.name]);
  expect(saidBy(log)).toMatch(/set VALID by completed challenge/);
});

it("is trusted by nobody who does not trust the authority", async () => {
  await expect(ask("social.example.org", "/health", { ca: "" })).rejects.toThrow(/certificate/);
});

describe("what it answers", () => {
  it("leads to HTTPS, announces HTTP/3, and keeps browsers to it", async () => {
    const plain = await ask("social.example.org", "/about?x=1", { plain: true });
    expect([plain.status, plain.headers.location]).toEqual([
      308,
      "https://social.example.org/about?x=1",
    ]);
    const { headers } = await ask("social.example.org", "/api/v2/instance");
    expect(headers["alt-svc"]).toContain('h3=":443"');
    expect(headers["strict-transport-security"]).toBe("max-age=63072000; includeSubDomains");
  });

  it("is reached at both ports, and by UDP at one of them", async () => {
    const ports = linesOf(await atConsole("docker", "port", `${instance}-gateway`)).map(
      (line) => line.split(" ")[0],
    );
    expect([...new Set(ports)].sort()).toEqual(["443/tcp", "443/udp", "80/tcp"]);
  });

  it("tells web who really asks, whatever a visitor says", async () => {
    await ask("social.example.org", "/seen-spoofed", {
      headers: {
        "x-forwarded-for": "192.0.2.1",
        forwarded: "for=192.0.2.1",
        "client-ip": "192.0.2.1",
      },
    });
    const [web = ""] = linesOf(
      await atConsole("docker", "ps", "--quiet", "--filter", "label=org.joinmastodon.part=web"),
    );
    // The bridge, from which the tests come.
    expect(await atConsole("docker", "logs", web)).toContain(
      'Started GET "/seen-spoofed" for 203.0.113.1',
    );
  });
});

it("is not given a text that Caddy does not take", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  await project.configure({ edge: { ...edge, acmeRoots: broken } });
  const result = await project.up(true);
  expect(result.code).not.toBe(0);
  expect(saidBy(result)).toMatch(/acmeRoots\.pem|certificate/);
  expect((await ask("social.example.org", "/health")).status).toBe(200);
  await project.configure({ edge: { ...edge, acmeRoots } });
  await project.up();
  expect((await ask("social.example.org", "/health")).status).toBe(200);
});

it("renews them by itself before they end, and serves meanwhile", async () => {
  const before = await serialOf("social.example.org");
  const { failures, requests } = await underLoad(
    {
      abreast: 4,
      least: 100,
      one: async () => {
        const { status } = await ask("social.example.org", "/api/v2/instance");
        if (status !== 200) throw new Error(`answered with ${status}`);
      },
    },
    () =>
      until(
        "the certificate is another one",
        (validSeconds + 60) * 1000,
        async () => (await serialOf("social.example.org")) !== before,
        5000,
      ),
  );
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
});

it("still has them after destroy and up, while the authority is away", async () => {
  const before = await serialOf("social.example.org");
  await docker(testbed.endpoint, ["stop", "--time=1", authority.name]);
  await project.pulumi(["destroy", "--yes"]);
  await expect(ask("social.example.org", "/health")).rejects.toThrow();
  await project.up();
  expect(await serialOf("social.example.org")).toBe(before);
});
