import { CloudflareApi } from "../support/cloudflare/api";
import type { Result } from "../support/commands";
import { removeLeft } from "../support/removal";

let api: CloudflareApi;

beforeEach(async () => {
  api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
});

afterEach(() => api.close());

const tunnelName = "mastodon-social.example.org-tunnel";
const comment = "Pulumi: social.example.org";
const variables = { CLOUDFLARE_API_TOKEN: "", CLOUDFLARE_BASE_URL: "" };

/** A run that was killed while it made a tunnel and a record. @param inputs of the provider that was to make them */
const killed = (inputs: object) => ({
  resources: [{ urn: "a", id: "p", type: "pulumi:providers:cloudflare", inputs }],
  pending_operations: [
    {
      type: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
      inputs: { accountId: api.account.id, name: tunnelName },
    },
    {
      type: "cloudflare:index/dnsRecord:DnsRecord",
      inputs: {
        zoneId: api.zone("example.org").id,
        name: "social.example.org",
        type: "CNAME",
        comment,
      },
    },
  ].map((resource) => ({
    type: "creating",
    resource: { urn: "u", provider: "a::p", ...resource },
  })),
});

const access = (): object => ({
  apiToken: { plaintext: JSON.stringify(api.token) },
  baseUrl: api.url,
});

const remove = (deployment: object, env: NodeJS.ProcessEnv = {}): Promise<Result> =>
  removeLeft("cloudflare.mjs", "removeFromCloudflare", deployment, { ...variables, ...env });

const makeRecord = (given = comment) =>
  api.addRecord("example.org", {
    name: "social",
    type: "CNAME",
    content: "x.cfargotunnel.com",
    ttl: 1,
    proxied: true,
    comment: given,
  });

const left = (): unknown[] => [
  api.account.tunnels.filter(({ deleted }) => deleted === null).length,
  api.zone("example.org").records.length,
];

const removed = (what: string): string =>
  `Removed the ${what} at Cloudflare, which the last run made and did not get to record.\n`;

it("removes both, and says so", async () => {
  api.addTunnel(tunnelName);
  makeRecord();
  const { stdout, stderr } = await remove(killed(access()));
  expect(left()).toEqual([0, 0]);
  expect([stdout, stderr]).toEqual([
    removed(`tunnel ${tunnelName}`) + removed("record CNAME social.example.org"),
    "",
  ]);
});

it("says nothing where Cloudflare had not made them", async () => {
  const { stdout, stderr } = await remove(killed(access()));
  expect(stdout + stderr).toBe("");
  expect(new Set(api.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
});

it("goes by the variables where the stack file has no token, and bears a Cloudflare that is ill", async () => {
  api.addTunnel(tunnelName);
  makeRecord();
  api.failNext({ method: "GET", status: 503 });
  // Asked once more, it does not find what it has removed already.
  api.failNext({ method: "DELETE", path: /dns_records/, status: 502, code: null, afterWork: true });
  const env = { CLOUDFLARE_API_TOKEN: api.token, CLOUDFLARE_BASE_URL: api.url };
  const { stderr } = await remove(killed({}), env);
  expect([left(), stderr]).toEqual([[0, 0], ""]);
});

it("leaves a tunnel that somebody has opened, and a record of somebody else", async () => {
  api.addTunnel(tunnelName);
  makeRecord("mine");
  api.disconnect(api.connect(api.tunnelToken(tunnelName)));
  const { stdout, stderr } = await remove(killed(access()));
  expect(left()).toEqual([1, 1]);
  expect([stdout, stderr]).toEqual([
    "",
    `Warning: The tunnel ${tunnelName} at Cloudflare was opened by somebody, so it stays. Should it stand in the way, delete it in Cloudflare's dashboard (Networks, Connectors).\n`,
  ]);
});

it.each([
  ["has no token", {}, "there is no token to ask with"],
  ["has one that is none", { apiToken: "none\n" }, "there is no token to ask with"],
  ["has another's", { apiToken: "x".repeat(40) }, "Invalid access token"],
  ["reaches nobody", { baseUrl: "http://127.0.0.1:65535/client/v4" }, "ECONNREFUSED"],
])("says what to look at, and goes on, where it %s", async (_name, inputs, reason) => {
  api.addTunnel(tunnelName);
  makeRecord();
  const usual = reason.includes("no token") ? { baseUrl: api.url } : access();
  const { stdout, stderr } = await remove(killed({ ...usual, ...inputs }));
  expect(stdout).toBe("");
  const [first = "", second = ""] = stderr.split("\n");
  expect(first).toContain(`left the tunnel ${tunnelName} at Cloudflare could not be seen to: `);
  expect(first).toContain(reason);
  expect(first).toContain("dashboard (Networks, Connectors).");
  expect(second).toContain("left the record CNAME social.example.org at Cloudflare could not");
  expect(second).toContain("dashboard (DNS, Records).");
  expect(stderr).not.toContain("x".repeat(40));
  expect(left()).toEqual([1, 1]);
});
