import { listenersOf, makePlan, type Plan } from "../../../plan";
import { configWith } from "../../support/fixtures";
import { edges, everyEdge } from "./edges";

const planOf = (raw: Readonly<Record<string, unknown>>): Plan => makePlan(configWith(raw));

it.each([
  ["local", ["127.0.0.1:8443→8443/tcp"]],
  ["caddy", ["0.0.0.0:80→80/tcp", "0.0.0.0:443→443/tcp", "0.0.0.0:443→443/udp"]],
  ["tunnel", []],
  ["none", ["127.0.0.1:3000→8080/tcp"]],
] as const)("%s publishes %j", (kind, expected) => {
  const { ports } = planOf(edges[kind]).containers.gateway;
  expect(
    ports.map(
      ({ address, external, internal, protocol = "tcp" }) =>
        `${address}:${external}→${internal}/${protocol}`,
    ),
  ).toEqual(expected);
});

it("publishes where the reverse proxy looks for it", () => {
  const edge = { ...edges.none.edge, address: "192.168.1.20" };
  expect(planOf({ ...edges.none, edge }).containers.gateway.ports).toEqual([
    { internal: 8080, external: 3000, address: "192.168.1.20" },
  ]);
});

it("lets no other container publish a port, whichever way leads in", () => {
  for (const [, raw] of everyEdge) {
    const { tunnel, containers } = planOf(raw);
    const { sidekiq, gateway: _gateway, ...others } = containers;
    const specs = [...Object.values(others), ...sidekiq, ...(tunnel?.replicas ?? [])];
    expect(specs.flatMap(({ ports }) => ports)).toEqual([]);
  }
});

it.each(everyEdge)("asks for its health where it says so, by no port of the site: %s", (_, raw) => {
  const { containers, jobs } = planOf(raw);
  const asked = new URL(containers.gateway.health.test.at(-1) ?? "");
  expect(jobs.caddyfile.environment["CADDYFILE"]).toContain(`http://${asked.host} {`);
  expect(containers.gateway.ports.map(({ internal }) => String(internal))).not.toContain(
    asked.port,
  );
});

it("is replaced without a gap behind a tunnel, and found there only when it is configured", () => {
  const { containers, publications } = planOf(edges.tunnel);
  expect(containers.gateway).toMatchObject({ oldGoes: "last", networks: ["egress"] });
  expect(containers.gateway.name).toBeUndefined();
  expect(publications.gateway?.publish).toContain(
    "docker network connect --alias gateway mastodon-social.example.org-front",
  );
  expect(planOf(edges.caddy).publications.gateway).toBeUndefined();
});

describe("the text that it works by", () => {
  it("is no reason to make the container anew", () => {
    const [one, other] = [
      planOf(edges.caddy),
      planOf({ ...edges.caddy, edge: { ...edges.caddy.edge, email: "alice@mastodon.social" } }),
    ];
    expect(other.containers.gateway).toEqual(one.containers.gateway);
    expect(other.jobs.caddyfile).not.toEqual(one.jobs.caddyfile);
  });

  it("is lost with the stack, while the certificates stay", () => {
    const { volumes } = planOf(edges.caddy);
    const of = (key: string) => volumes.find((volume) => volume.key === key);
    expect(of("caddyfile")).toMatchObject({ protect: false, retain: false });
    expect(of("gateway")).toMatchObject({ protect: true, retain: true });
  });

  it("is refused before the gateway sees it", () => {
    const { script } = planOf(edges.local).jobs.caddyfile;
    const steps = ["caddy validate", "docker start", "Caddyfile.new", "kill -USR1 1"].map((step) =>
      script.lastIndexOf(step),
    );
    expect(steps).not.toContain(-1);
    expect(script.indexOf("caddy validate")).toBeLessThan(script.indexOf("docker start"));
    expect(script.indexOf("docker start")).toBeLessThan(script.indexOf("kill -USR1 1"));
  });

  it("comes from the environment, never from the script", () => {
    for (const [, raw] of everyEdge) {
      const { script, environment } = planOf(raw).jobs.caddyfile;
      expect(script).not.toContain("reverse_proxy");
      expect(environment["CADDYFILE"]).toContain("reverse_proxy");
    }
  });
});

it("hands the key of an account at an authority over as a secret, to nothing else", () => {
  const edge = {
    ...edges.caddy.edge,
    acmeDirectory: "https://acme.zerossl.com/v2/DV90",
    acmeKeyId: "kid",
  };
  const plan = planOf({ ...edges.caddy, edge });
  const reference = { secret: "acmeHmacKey" };
  expect(plan.containers.gateway.environment["ACME_HMAC_KEY"]).toEqual(reference);
  expect(plan.jobs.caddyfile.environment["ACME_HMAC_KEY"]).toEqual(reference);
  expect(JSON.stringify(plan).split("acmeHmacKey")).toHaveLength(3);
  expect(JSON.stringify(planOf(edges.caddy))).not.toContain("acmeHmacKey");
});

it("tells of a certificate that cannot be had only where it asks for one", () => {
  for (const [kind, raw] of everyEdge) {
    const { script, progress } = planOf(raw).jobs.caddyfile;
    expect(script.includes("There is no certificate for")).toBe(kind === "caddy");
    expect(progress).toBe(kind === "caddy");
  }
});

it("takes the ports that it is said to take", () => {
  for (const [, raw] of everyEdge) {
    const config = configWith(raw);
    const published = makePlan(config).containers.gateway.ports;
    const taken = listenersOf(config).flatMap(({ port, protocol, addresses }) =>
      addresses.map((address) => `${protocol} ${address} ${port}`),
    );
    expect(taken.sort()).toEqual(
      published
        .map(({ protocol = "tcp", address, external }) => `${protocol} ${address} ${external}`)
        .sort(),
    );
  }
});
