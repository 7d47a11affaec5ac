import { tunnelled } from "../../support/fixtures";
import { faultsOf } from "../../support/refusals";

const accountId = "0123456789abcdef0123456789abcdef";
const tunnel = { kind: "tunnel", accountId, zone: "example.org" };
const caddy = { kind: "caddy", email: "alice@example.edu" };
const names = { domain: "example.org", webDomain: "social.example.org" };
const cloudflare = (more: object = {}): object => ({
  dns: { kind: "cloudflare", zone: "example.org", ...more },
});

type Bad = [
  name: string,
  raw: Readonly<Record<string, unknown>>,
  ...faults: [path: string, ...words: string[]][],
];

const bad: readonly Bad[] = [
  ["a tunnel without a domain", { edge: tunnel }, ["domain", "is missing", "tunnel"]],
  ["public ports without a domain", { edge: caddy }, ["domain", "is missing", "caddy"]],
  [
    "somebody's own proxy without a domain",
    { edge: { kind: "none", port: 3000 } },
    ["domain", "is missing", "none"],
  ],
  [
    "an account by its name",
    { ...tunnelled, edge: { ...tunnel, accountId: "alice" } },
    ["edge.accountId", '"alice"', "32 digits"],
  ],
  [
    "a tunnel without its zone",
    { ...tunnelled, edge: { kind: "tunnel", accountId } },
    ["edge.zone", "is missing"],
  ],
  [
    "a zone of another domain",
    { ...tunnelled, edge: { ...tunnel, zone: "example.net" } },
    ["edge.zone", '"example.net"', "does not hold social.example.org", "example.org"],
  ],
  [
    "a zone that only ends alike",
    { domain: "social.notexample.org", edge: tunnel },
    ["edge.zone", "does not hold social.notexample.org", "notexample.org"],
  ],
  [
    "a zone that holds only one of two names",
    { ...tunnelled, webDomain: "social.example.net" },
    ["edge.zone", "does not hold social.example.net"],
  ],
  [
    "a zone with a scheme",
    { ...tunnelled, edge: { ...tunnel, zone: "https://example.org" } },
    ["edge.zone", "has a scheme"],
  ],
  [
    "no connector at all",
    { ...tunnelled, edge: { ...tunnel, replicas: 0 } },
    ["edge.replicas", "0", "at least 1"],
  ],
  [
    "too many connectors",
    { ...tunnelled, edge: { ...tunnel, replicas: 25 } },
    ["edge.replicas", "25", "at most 4"],
  ],
  [
    "a port for a tunnel",
    { ...tunnelled, edge: { ...tunnel, port: 443 } },
    ["edge.port", "is no key of `edge`"],
  ],
  [
    "records of another zone than the tunnel's",
    { ...tunnelled, dns: { kind: "cloudflare", zone: "org" } },
    ["dns.zone", "is not edge.zone"],
  ],
  [
    "records for this machine alone",
    { domain: "social.example.org", ...cloudflare() },
    ["dns.kind", "contradicts edge.kind: local"],
  ],
  [
    "addresses beside a tunnel",
    { ...tunnelled, ...cloudflare({ addresses: ["198.51.100.7"] }) },
    ["dns.addresses", "contradicts edge.kind: tunnel"],
  ],
  [
    "records that lead nowhere",
    { domain: "social.example.org", edge: caddy, ...cloudflare() },
    ["dns.addresses", "is missing", "local"],
  ],
  ...[
    "192.168.1.20",
    "10.0.0.5",
    "172.20.0.1",
    "100.64.1.1",
    "127.0.0.1",
    "fd00::1",
    "fe80::1",
  ].map((address): Bad => [
    `an address that nobody outside reaches: ${address}`,
    { domain: "social.example.org", edge: caddy, ...cloudflare({ addresses: [address] }) },
    ["dns.addresses", address, "is no public address"],
  ]),
  [
    "an address that is none",
    { domain: "social.example.org", edge: caddy, ...cloudflare({ addresses: ["198.51.100"] }) },
    ["dns.addresses.0", "is no IP address"],
  ],
  [
    "an address at which the gateway does not listen",
    {
      domain: "social.example.org",
      edge: caddy,
      ...cloudflare({ addresses: ["198.51.100.7", "2001:db8::7"] }),
    },
    ["dns.addresses", "2001:db8::7", "ipv6: true"],
  ],
  [
    "an address twice",
    {
      domain: "social.example.org",
      edge: caddy,
      ...cloudflare({ addresses: ["198.51.100.7", "198.51.100.7"] }),
    },
    ["dns.addresses", "twice"],
  ],
  [
    "a foreign name to be replaced",
    { ...tunnelled, ...cloudflare({ replace: ["www.example.org"] }) },
    ["dns.replace", "www.example.org", "is no name of this instance", "social.example.org"],
  ],
  [
    "a foreign name to be kept",
    { ...tunnelled, ...cloudflare({ keep: ["www.example.org"] }) },
    ["dns.keep", "www.example.org", "is no name of this instance"],
  ],
  [
    "a name to be replaced and kept",
    { ...names, edge: tunnel, ...cloudflare({ replace: ["example.org"], keep: ["example.org"] }) },
    ["dns.keep", "example.org", "remove one of them"],
  ],
  [
    "a name to be kept twice",
    { ...names, edge: tunnel, ...cloudflare({ keep: ["example.org", "example.org"] }) },
    ["dns.keep", "twice"],
  ],
  ["a kind of edge that is none", { edge: { kind: "ngrok" } }, ["edge.kind", "ngrok"]],
  ["a kind of DNS that is none", { dns: { kind: "route53" } }, ["dns.kind", "route53"]],
  [
    "a wrong account, zone and number of connectors at once",
    { ...tunnelled, edge: { kind: "tunnel", accountId: "a", zone: "Example.org", replicas: "2" } },
    ["edge.accountId", "32 digits"],
    ["edge.zone", "upper case"],
    ["edge.replicas", "without quotes"],
  ],
];

it.each(bad)("refuses %s", (_name, raw, ...expected) => {
  const found = faultsOf(raw);
  expect([...new Set(found.map(({ path }) => path))].sort()).toEqual(
    expected.map(([path]) => path).sort(),
  );
  for (const [path, ...words] of expected) {
    const messages = found.filter((fault) => fault.path === path).map(({ message }) => message);
    for (const word of words) expect(messages.join("\n")).toContain(word);
  }
});

it.each([
  ["a tunnel", tunnelled],
  ["a tunnel for two names", { ...tunnelled, ...names }],
  ["a name that is kept", { ...tunnelled, ...names, ...cloudflare({ keep: ["example.org"] }) }],
  ["public ports", { domain: "social.example.org", edge: caddy }],
  [
    "public ports and their records",
    {
      domain: "social.example.org",
      edge: { ...caddy, ipv6: true },
      ...cloudflare({ addresses: ["198.51.100.7", "2001:db8::7"] }),
    },
  ],
  ["an own proxy", { domain: "social.example.org", edge: { kind: "none", port: 3000 } }],
])("takes %s", (_name, raw) => {
  expect(faultsOf(raw)).toEqual([]);
});
