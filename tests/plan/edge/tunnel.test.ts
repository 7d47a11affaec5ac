import { makePlan } from "../../../plan";
import { ingressRules } from "../../../plan/edge/tunnel";
import { ingressFault, ruleFor } from "../../support/cloudflared/ingress";
import { configWith, tunnelled } from "../../support/fixtures";

const tunnelOf = (overrides: Readonly<Record<string, unknown>> = {}) => {
  const { tunnel } = makePlan(configWith({ ...tunnelled, ...overrides }));
  if (tunnel === undefined) throw new Error("there is no tunnel");
  return tunnel;
};

/** Where cloudflared would lead a request. */
const serviceFor = (hostname: string, path: string, overrides = {}): string | undefined =>
  ruleFor(ingressRules(configWith({ ...tunnelled, ...overrides })), hostname, path)?.service;

it.each([
  ["one name", {}],
  ["two names", { domain: "example.org", webDomain: "social.example.org" }],
  ["the LinuxServer image", { image: { flavour: "linuxserver" } }],
])("has rules for %s that cloudflared takes", (_name, overrides) => {
  expect(ingressFault(ingressRules(configWith({ ...tunnelled, ...overrides })))).toBeUndefined();
});

it("leads sockets first, then everything else, and what has another name nowhere", () => {
  expect(ingressRules(configWith(tunnelled))).toEqual([
    {
      hostname: "social.example.org",
      path: "^/api/v1/streaming",
      service: "http://streaming:4000",
    },
    { hostname: "social.example.org", service: "http://gateway:8080" },
    { service: "http_status:404" },
  ]);
});

it.each([
  ["social.example.org", "/api/v1/streaming/health", "http://streaming:4000"],
  ["social.example.org", "/api/v1/streaming?stream=user", "http://streaming:4000"],
  ["social.example.org", "/@alice", "http://gateway:8080"],
  ["social.example.org", "/@alice/api/v1/streaming", "http://gateway:8080"],
  ["example.org", "/.well-known/webfinger", "http_status:404"],
])("leads %s%s to %s", (hostname, path, service) => {
  expect(serviceFor(hostname, path)).toBe(service);
});

it("leads the apex to the gateway, which knows what is asked of it, where people browse another name", () => {
  const overrides = { domain: "example.org", webDomain: "social.example.org" };
  expect(serviceFor("example.org", "/.well-known/webfinger", overrides)).toBe(
    "http://gateway:8080",
  );
  expect(serviceFor("other.example.org", "/", overrides)).toBe("http_status:404");
});

it("leads sockets through the gateway where streaming has no container of its own", () => {
  const image = { flavour: "linuxserver" };
  expect(serviceFor("social.example.org", "/api/v1/streaming", { image })).toBe(
    "http://gateway:8080",
  );
});

it.each([
  ["official", {}],
  ["linuxserver", { image: { flavour: "linuxserver" } }],
])("switches no check of certificates off, whichever the image: %s", (_flavour, overrides) => {
  expect(JSON.stringify(tunnelOf(overrides).ingress)).not.toMatch(/noTlsVerify|httpHostHeader/);
});

it.each([
  ["dev", {}, 1],
  ["pi", { hardware: "pi" }, 1],
  ["vps", { hardware: "vps" }, 2],
  ["macmini", { hardware: "macmini" }, 2],
])("has as many connectors as %s bears", (_hardware, overrides, count) => {
  const smtp = { server: "smtp.example.org", from: "notifications@example.org" };
  const admin = { username: "alice", email: "alice@example.org" };
  expect(tunnelOf({ ...overrides, smtp, admin }).replicas).toHaveLength(count);
});

it("has as many connectors as the stack file says, each with a name of its own", () => {
  const edge = { ...(tunnelled["edge"] as object), replicas: 3 };
  const parts = tunnelOf({ edge }).replicas.map(({ part }) => part);
  expect(parts).toEqual(["cloudflared", "cloudflared-2", "cloudflared-3"]);
});

it("gives a connector its token and nothing else that is secret", () => {
  const [connector] = tunnelOf().replicas;
  const secrets = Object.entries(connector?.environment ?? {}).filter(
    ([, value]) => typeof value !== "string",
  );
  expect(secrets).toEqual([["TUNNEL_TOKEN", { secret: "tunnelToken" }]]);
  expect(connector?.command.join(" ")).not.toMatch(/token/i);
});

it("publishes no port, and opens the firewall for nobody but SSH", () => {
  const { containers, tunnel, host } = makePlan(
    configWith({
      ...tunnelled,
      hardware: "vps",
      host: { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 40 },
      smtp: { server: "smtp.example.org", from: "notifications@example.org" },
      admin: { username: "alice", email: "alice@example.org" },
    }),
  );
  const { sidekiq, streaming, ...single } = containers;
  const all = [...Object.values(single), ...sidekiq, ...(tunnel?.replicas ?? [])].flat();
  expect(all.flatMap((spec) => ("ports" in spec ? spec.ports : []))).toEqual([]);
  expect(streaming?.ports).toEqual([]);
  expect("firewall" in host && host.firewall.map(({ port }) => port)).toEqual(["22"]);
});
