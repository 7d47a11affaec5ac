import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { hostOf, liftProtection, type Architecture } from "../../../plan";
import { architectureOf } from "../../../plan/hosts/architecture";
import { firewallRules, networkOf } from "../../../plan/hosts/firewall";
import { hasHostBits } from "../../../plan/hosts/network";
import { serverTypes } from "../../../plan/hosts/serverTypes";
import { knownHost, sshConfig } from "../../../plan/hosts/sshConfig";
import { configWith } from "../../support/fixtures";

const elsewhere = {
  hardware: "vps",
  domain: "social.example.org",
  smtp: { server: "smtp.example.org", from: "notifications@example.org" },
  admin: { username: "alice", email: "alice@example.org" },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "hosts-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("the firewall of a server", () => {
  const ports = (rules: ReturnType<typeof firewallRules>): string[] =>
    rules.map(({ protocol, port }) => `${protocol} ${port}`);

  it.each([
    ["a tunnel", { kind: "tunnel", accountId: "a", zone: "example.org" } as const],
    ["a port of its loopback", { kind: "local", port: 8443 } as const],
    ["somebody's own proxy", { kind: "none", port: 3000, address: "127.0.0.1" } as const],
  ])("lets in SSH alone behind %s", (_name, edge) => {
    expect(ports(firewallRules(edge, ["198.51.100.7"]))).toEqual(["tcp 22"]);
  });

  it("lets in visitors with Caddy on public ports", () => {
    const rules = firewallRules({ kind: "caddy", email: "alice@example.org" }, undefined);
    expect(ports(rules)).toEqual(["tcp 22", "tcp 80", "tcp 443", "udp 443"]);
    expect(new Set(rules.flatMap(({ sources }) => sources))).toEqual(
      new Set(["0.0.0.0/0", "::/0"]),
    );
  });

  it("takes single addresses as networks of one", () => {
    expect(networkOf("198.51.100.7")).toBe("198.51.100.7/32");
    expect(networkOf("2001:db8::7")).toBe("2001:db8::7/128");
    expect(networkOf("198.51.100.0/24")).toBe("198.51.100.0/24");
  });

  it.each([
    ["198.51.100.0", 24, false],
    ["198.51.100.128", 25, false],
    ["198.51.100.128", 24, true],
    ["0.0.0.0", 0, false],
    ["2001:db8::", 32, false],
    ["2001:db8:0:1::", 63, true],
    ["::ffff:192.0.2.0", 128, false],
  ])("knows whether %s/%d names a host", (address, prefix, expected) => {
    expect(hasHostBits(address, prefix)).toBe(expected);
  });
});

describe("a host", () => {
  it.each([
    [{ address: "192.0.2.7", port: 22 }, "ssh://alice@192.0.2.7"],
    [{ address: "pi.local", port: 2222 }, "ssh://alice@pi.local:2222"],
    [{ address: "2001:db8::7", port: 22 }, "ssh://alice@[2001:db8::7]"],
  ])("reached by SSH has an address for docker's client", (where, endpoint) => {
    const host = { kind: "ssh", user: "alice", arch: "amd64", ...where };
    expect(hostOf(configWith({ ...elsewhere, host }))).toMatchObject({ endpoint });
  });

  it("at Hetzner has the architecture and the size of its server type", () => {
    for (const [serverType, { architecture, memoryMb, cpus }] of serverTypes) {
      const host = { kind: "hetzner", serverType, location: "fsn1", dataVolumeGb: 10 };
      const config = configWith({ ...elsewhere, host });
      expect(hostOf(config).architecture).toBe<Architecture>(architecture);
      expect(config.sizing).toMatchObject({ memoryMb, cpus });
    }
  });

  it("has a name that is a host name and fits a label, however long its domain is", () => {
    const domain = `${"a".repeat(63)}.${"b".repeat(63)}.example.org`;
    const host = { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 10 };
    const spec = hostOf(configWith({ ...elsewhere, domain, host }));
    if (spec.kind !== "hetzner") throw new Error("it is of another kind");
    const texts = [spec.name, spec.dataVolume.name, ...Object.values(spec.labels)];
    for (const text of texts) expect(text).toMatch(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
  });

  it.each([
    ["x86_64", "amd64"],
    ["aarch64", "arm64"],
    ["arm64", "arm64"],
    ["armv7l", undefined],
    ["riscv64", undefined],
  ])("that says %s is %s", (name, architecture) => {
    expect(architectureOf(name)).toBe(architecture);
  });
});

describe("the way to a server", () => {
  const args = { name: "mastodon-example", address: "203.0.113.10", user: "mastodon" };

  it("is one that ssh reads as it is meant", () => {
    const text = sshConfig({ ...args, folder: "/home/a b/state" });
    writeFileSync(path.join(folder, "config"), text);
    const read = execFileSync("ssh", ["-G", "-F", path.join(folder, "config"), args.name], {
      encoding: "utf8",
    });
    const lines = read.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "hostname 203.0.113.10",
        "user mastodon",
        "hostkeyalias mastodon-example",
        "stricthostkeychecking true",
        "identityfile /home/a b/state/id_ed25519",
        "userknownhostsfile /home/a b/state/known_hosts",
        "batchmode yes",
      ]),
    );
  });

  it("knows the server by the key that was made for it", () => {
    expect(knownHost(args.name, "ssh-ed25519 AAAA\n")).toBe("mastodon-example ssh-ed25519 AAAA\n");
  });
});

describe("lifting the protection of what is about to be deleted", () => {
  let server: Server;
  const asked: string[] = [];
  let answers: { status: number; body: unknown }[];

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${text}`.trim());
        const { status, body } = answers.shift() ?? { status: 500, body: {} };
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function lift(kind: "servers" | "volumes"): Promise<{ code: number; stderr: string }> {
    const { port } = server.address() as AddressInfo;
    const { execFile } = await import("node:child_process");
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ["--input-type=module", "--eval", liftProtection(kind)],
        {
          env: {
            HCLOUD_TOKEN: "t",
            HCLOUD_ENDPOINT: `http://127.0.0.1:${port}/v1`,
            PROTECTED: "42",
          },
        },
        (error, _stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), stderr }),
      );
    });
  }

  const action = (status: string) => ({ status: 201, body: { action: { id: 7, status } } });

  it("asks until it is done", async () => {
    answers = [
      { status: 409, body: { error: { code: "conflict", message: "busy" } } },
      action("running"),
      { status: 200, body: { action: { id: 7, status: "success" } } },
    ];
    expect(await lift("servers")).toEqual({ code: 0, stderr: "" });
    expect(asked.at(-2)).toBe(
      'POST /v1/servers/42/actions/change_protection {"delete":false,"rebuild":false}',
    );
    expect(asked.at(-1)).toBe("GET /v1/actions/7");
  });

  it("is content where there is nothing any more", async () => {
    answers = [{ status: 404, body: { error: { code: "not_found", message: "gone" } } }];
    expect((await lift("volumes")).code).toBe(0);
    expect(asked).toEqual(['POST /v1/volumes/42/actions/change_protection {"delete":false}']);
  });

  it("says in a sentence why it could not", async () => {
    answers = [
      { status: 401, body: { error: { code: "unauthorized", message: "unable to authenticate" } } },
    ];
    const { code, stderr } = await lift("servers");
    expect(code).toBe(1);
    expect(stderr).toContain("did not lift the protection of servers/42: unable to authenticate");
  });
});
