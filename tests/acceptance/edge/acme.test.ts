import { X509Certificate } from "node:crypto";
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request } from "node:https";
import path from "node:path";
import { TLSSocket } from "node:tls";
import { CloudflareApi } from "../../support/cloudflare/api";
import { docker, linesOf, until, type Result } from "../../support/commands";
import { HetznerApi } from "../../support/hetzner/api";
import { underLoad } from "../../support/load";
import { MailHost, mailPorts, mailServer } from "../../support/mailHost";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "acme");
const names = ["social.example.org", "example.org"] as const;
const instance = "mastodon-example.org";
/** The first addresses that Hetzner gives; those of a server after it are the next ones. */
let server = { ipv4: "203.0.113.10", ipv6: "2001:db8:0:1::1" };
const authority = { name: "authority", ipv4: "203.0.113.31" };
/** The bridge, from which the tests come. */
const visitor = { ipv4: "203.0.113.1", ipv6: "2001:db8::1" };
const token = "0123456789abcdef".repeat(4);
const { multiArch } = testbed.foreign;

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
let hetzner: HetznerApi;
let cloudflare: CloudflareApi;
let project: Project;
let acmeRoots = "";
/** The authority's own certificate, by which those that it signs are checked. */
let root = "";

const atConsole = async (...command: readonly string[]): Promise<string> => {
  const [machine] = hetzner.project.servers.all();
  if (machine === undefined) throw new Error("there is no server");
  return (await machines.execute(machine.id, command)).stdout.trim();
};

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
  /** Default: IPv4. */
  readonly family?: keyof typeof server;
}

/** Asks the machine under one of the instance's names. */
function ask(
  name: string,
  target: string,
  { headers, ca = root, plain = false, family = "ipv4" }: Question = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const whole = {
      host: server[family],
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
  hetzner = await HetznerApi.start({ token, machines });
  cloudflare = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
  await docker(testbed.endpoint, [
    "run",
    "--detach",
    `--name=${authority.name}`,
    "--network=machines",
    `--ip=${authority.ipv4}`,
    testbed.authority,
    authority.ipv4,
    server.ipv4,
    String(validSeconds),
  ]);
  const vouching = "https://127.0.0.1:15000/roots/0";
  await until("the authority answers", 120_000, async () => {
    root = await atAuthority("curl", "-ks", vouching).catch(() => "");
    return root !== "";
  });
  acmeRoots = await atAuthority("cat", "cert.pem");
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    stack: "prod",
    config: {
      "hcloud:endpoint": hetzner.endpoint,
      "hcloud:pollInterval": "50ms",
      "cloudflare:baseUrl": cloudflare.url,
      domain: "example.org",
      webDomain: "social.example.org",
      images: {
        ...testbed.images,
        mastodon: multiArch["mastodon-4.7.2"],
        streaming: multiArch["streaming-4.7.2"],
      },
      host: { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 10 },
      dns: { kind: "cloudflare", zone: "example.org" },
      smtp: { server: mailServer, port: mailPorts.relay, from: "notifications@example.org" },
      admin: { username: "alice", email: "alice@example.org" },
      environment: { RAILS_LOG_LEVEL: "info" },
      // Nobody is there.
      edge: { ...edge, acmeRoots, acmeDirectory: `https://${authority.ipv4}:14009/dir` },
    },
  });
  await project.create();
  await project.installProviders();
  await project.pulumi(["config", "set", "--secret", "hcloud:token", token]);
  await project.pulumi(["config", "set", "--secret", "cloudflare:apiToken", cloudflare.token]);
});

afterAll(async () => {
  await docker(testbed.endpoint, ["rm", "--force", authority.name], { mayFail: true });
  await machines.close();
  await mail.close();
  await hetzner.close();
  await cloudflare.close();
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

  it("is found by both kinds of address, at which each port is open", async () => {
    const records = cloudflare
      .zone("example.org")
      .records.map(({ name, type, content }) => `${type} ${name} ${content}`);
    expect(records.sort()).toEqual(
      [...names]
        .reverse()
        .flatMap((name) => [`A ${name} ${server.ipv4}`])
        .concat([...names].reverse().flatMap((name) => [`AAAA ${name} ${server.ipv6}`])),
    );
    const ports = linesOf(await atConsole("docker", "port", `${instance}-gateway`)).map((line) =>
      line.replace(/^\d+\/(\w+) -> /, "$1 "),
    );
    expect(ports.sort()).toEqual([
      "tcp 0.0.0.0:443",
      "tcp 0.0.0.0:80",
      "tcp [::]:443",
      "tcp [::]:80",
      "udp 0.0.0.0:443",
      "udp [::]:443",
    ]);
  });

  it.each(["ipv4", "ipv6"] as const)("is the same by %s", async (family) => {
    const { status, headers, certificate } = await ask("social.example.org", "/health", { family });
    expect([status, certificate?.subjectAltName]).toEqual([200, "DNS:social.example.org"]);
    expect(headers["alt-svc"]).toBe('h3=":443"; ma=2592000');
    const plain = await ask("example.org", "/about", { family, plain: true });
    expect([plain.status, plain.headers.location]).toEqual([308, "https://example.org/about"]);
  });

  it.each(["ipv4", "ipv6"] as const)("comes by HTTP/3 as well: %s", async (family) => {
    const address = family === "ipv6" ? `[${server.ipv6}]` : server.ipv4;
    const answer = await atAuthority(
      ...[
        "curl",
        "--silent",
        "--insecure",
        "--http3-only",
        "--max-time",
        "30",
        "--output",
        "/dev/null",
      ],
      ...["--resolve", `social.example.org:443:${address}`],
      ...["--write-out", "%{http_version} %{response_code}", "https://social.example.org/health"],
    );
    expect(answer).toBe("3 200");
  });

  it.each(["ipv4", "ipv6"] as const)(
    "tells web who really asks, whatever a visitor says: %s",
    async (family) => {
      await ask("social.example.org", `/seen-spoofed-${family}`, {
        family,
        headers: {
          "x-forwarded-for": "192.0.2.1",
          forwarded: "for=192.0.2.1",
          "client-ip": "192.0.2.1",
        },
      });
      const [web = ""] = linesOf(
        await atConsole("docker", "ps", "--quiet", "--filter", "label=org.joinmastodon.part=web"),
      );
      expect(await atConsole("docker", "logs", web)).toContain(
        `Started GET "/seen-spoofed-${family}" for ${visitor[family]}`,
      );
    },
  );

  it("is nothing to be done again", async () => {
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
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
  // From now on the authority finds the server by IPv6 alone, as public ones do where they can.
  for (const [family, ip] of [
    ["ipv4", ""],
    ["ipv6", server.ipv6],
  ]) {
    const manage = `http://127.0.0.1:8055/set-default-${family}`;
    await atAuthority("curl", "--silent", "--fail", "--data", JSON.stringify({ ip }), manage);
  }
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
  server = { ipv4: "203.0.113.11", ipv6: "2001:db8:0:2::1" };
  await project.up();
  expect(await serialOf("social.example.org")).toBe(before);
});

it("can do without IPv6, and leads nobody there any more", async () => {
  const { ipv4 } = server;
  const plainEdge = { ...edge, acmeRoots, ipv6: false };
  await project.configure({ edge: plainEdge });
  await project.up();
  expect((await ask("social.example.org", "/health")).status).toBe(200);
  await expect(ask("social.example.org", "/health", { family: "ipv6" })).rejects.toThrow();
  const { records } = cloudflare.zone("example.org");
  expect(records.map(({ type, content }) => [type, content])).toEqual([
    ["A", ipv4],
    ["A", ipv4],
  ]);
});
