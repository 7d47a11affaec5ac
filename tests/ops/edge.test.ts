import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finding, Subject } from "../../ops/checks/check";
import { containers } from "../../ops/checks/containers";
import { dns } from "../../ops/checks/dns";
import { edge } from "../../ops/checks/edge";
import { explainContainers, makePlan, type Config } from "../../plan";
import { Authority } from "../support/certificates";
import { configWith, tunnelled } from "../support/fixtures";

/** What the instance answers: path → status, text and further headers. */
type Answers = Readonly<Record<string, readonly [status: number, text: string, location?: string]>>;

const sound: Answers = {
  "/health": [200, "OK"],
  "/api/v2/instance": [200, '{"domain":"localhost","version":"4.7.2"}'],
  "/api/v1/streaming/health": [200, "OK"],
  "/.well-known/webfinger": [200, "{}"],
};

let folder: string;
let authority: Authority;
let server: Server;
let answers: Answers = sound;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "edge-"));
  authority = await Authority.create(folder);
  server = createServer(await authority.issue(["localhost"]), (request, response) => {
    const [status, text, location] = answers[(request.url ?? "").replace(/\?.*/, "")] ?? [404, ""];
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const subjectOf = (
  overrides: Readonly<Record<string, unknown>>,
  printed: Partial<Awaited<ReturnType<Subject["shell"]>>> = {},
): Subject => {
  const config = configWith(overrides);
  return {
    config,
    plan: makePlan(config),
    outputs: { dnsRecords: ["CNAME social.example.invalid → t.cfargotunnel.com (proxied)"] },
    secrets: {},
    shell: () => Promise.resolve({ code: 0, stdout: "", stderr: "", ...printed }),
  };
};

const look = (given: Answers, root = authority.root): Promise<readonly Finding[]> => {
  answers = given;
  const { port } = server.address() as AddressInfo;
  return edge.run(subjectOf({ edge: { kind: "local", port } }, { stdout: root }));
};

const faultsOf = (findings: readonly Finding[]): string[] =>
  findings.filter(({ state }) => state === "fault").map(({ text }) => text);

describe("the way in", () => {
  it("is well where everything answers, and says which instance that is", async () => {
    const findings = await look(sound);
    expect(faultsOf(findings)).toEqual([]);
    expect(findings.map(({ text }) => text).join("\n")).toContain("is localhost, Mastodon 4.7.2");
  });

  it.each<[string, Answers, RegExp]>([
    ["web is down", { "/health": [503, ""] }, /answers 503; web does not answer/],
    [
      "it is led elsewhere",
      { "/health": [301, "", "https://else.example/"] },
      /leads to https:\/\/else/,
    ],
    ["Cloudflare has nobody to lead to", { "/health": [530, ""] }, /no connector/],
  ])("tells once that %s", async (_name, given, text) => {
    const faults = faultsOf(await look(given));
    expect(faults).toEqual([expect.stringMatching(text)]);
  });

  it("tells that sockets and people are not found", async () => {
    const faults = faultsOf(
      await look({
        ...sound,
        "/api/v1/streaming/health": [404, ""],
        "/.well-known/webfinger": [404, ""],
      }),
    );
    expect(faults).toEqual([
      expect.stringContaining("/api/v1/streaming"),
      expect.stringContaining("find nobody at localhost"),
    ]);
  });

  it("tells a certificate that nobody takes", async () => {
    const [fault] = faultsOf(await look(sound, ""));
    expect(fault).toContain("its certificate is not one that browsers take");
  });
});

describe("containers", () => {
  const subject = subjectOf(tunnelled);
  const rows = (status: (part: string) => string): string =>
    explainContainers(subject.plan)
      .map(({ name }) => `${name} ${status(name)}\n`)
      .join("");
  const lookAt = (stdout: string): Promise<readonly Finding[]> =>
    containers.run({ ...subject, shell: () => Promise.resolve({ code: 0, stdout, stderr: "" }) });

  it("are well where all of them are healthy", async () => {
    const findings = await lookAt(rows(() => "running Up 3 hours (healthy)"));
    expect(findings).toEqual([
      { state: "ok", text: expect.stringMatching(/^7 containers/) as unknown },
    ]);
  });

  it("are told by their parts where they are not", async () => {
    const stdout = rows((part) =>
      part === "cloudflared" ? "running Up 3 hours (unhealthy)" : "running Up 3 hours (healthy)",
    ).replace(/^web .*\n/m, "");
    expect(faultsOf(await lookAt(stdout))).toEqual([
      expect.stringMatching(/^web is not there/),
      expect.stringMatching(/^cloudflared is not well: running Up 3 hours \(unhealthy\)/),
    ]);
  });
});

describe("dns", () => {
  it("needs nothing for this machine alone", async () => {
    expect(faultsOf(await dns.run(subjectOf({})))).toEqual([]);
  });

  it("says which record a name lacks", async () => {
    const subject = subjectOf({
      domain: "social.example.invalid",
      edge: { ...(tunnelled["edge"] as object), zone: "example.invalid" },
    });
    expect(faultsOf(await dns.run(subject))).toEqual([
      expect.stringContaining("leads nowhere; enter CNAME social.example.invalid → t.cfargotunnel"),
    ]);
  });

  it("says where a name leads that should lead elsewhere", async () => {
    const subject = subjectOf({
      domain: "localhost.localdomain",
      edge: { kind: "none", port: 3000 },
      dns: { kind: "manual" },
    });
    const config = { ...subject.config, domain: "localhost" };
    const at: Config["dns"] = {
      kind: "cloudflare",
      zone: "org",
      addresses: ["203.0.113.7"],
      replace: [],
      keep: [],
    };
    const found = await dns.run({ ...subject, config: { ...config, dns: at } });
    expect(faultsOf(found)).toEqual([expect.stringMatching(/leads to .* and not to 203.0.113.7/)]);
  });
});
