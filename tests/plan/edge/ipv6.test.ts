import { makePlan, type Plan } from "../../../plan";
import { caddyfile } from "../../../plan/edge/caddyfile";
import { configWith } from "../../support/fixtures";
import { edges } from "./edges";

const hetzner = {
  hardware: "vps",
  host: { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 40 },
  smtp: { server: "smtp.example.org", from: "notifications@example.org" },
  admin: { username: "alice", email: "alice@example.org" },
};

const withIpv6 = (ipv6: boolean | undefined, others: object = {}) =>
  configWith({
    ...others,
    ...edges.caddy,
    webDomain: "www.example.org",
    edge: { ...edges.caddy.edge, ...(ipv6 === undefined ? {} : { ipv6 }) },
  });

const addressesIn = ({ containers }: Plan): string[] => [
  ...new Set(containers.gateway.ports.map(({ address }) => address)),
];

const egressOf = ({ networks }: Plan) => networks.find(({ key }) => key === "egress");

it.each([
  ["a server that the program sets up", undefined, hetzner, true],
  ["a server whose owner wants none", false, hetzner, false],
  ["another machine", undefined, {}, false],
  ["another machine whose owner wants it", true, {}, true],
])("visitors of %s", (_name, ipv6, others, expected) => {
  const plan = makePlan(withIpv6(ipv6, others));
  expect(addressesIn(plan)).toEqual(expected ? ["0.0.0.0", "::"] : ["0.0.0.0"]);
});

it("the network of a server that the program sets up has it whatever way leads in, and need not be made anew", () => {
  for (const { edge } of Object.values(edges)) {
    const plan = makePlan(configWith({ ...edges.caddy, ...hetzner, edge }));
    expect(egressOf(plan)?.ipv6).toBe(true);
  }
  expect(egressOf(makePlan(withIpv6(false)))?.ipv6).toBeUndefined();
  expect(egressOf(makePlan(withIpv6(true)))?.ipv6).toBe(true);
});

it("none but public ports are reached by it", () => {
  for (const { edge } of [edges.local, edges.tunnel, edges.none]) {
    const plan = makePlan(configWith({ ...edges.caddy, ...hetzner, edge }));
    expect(addressesIn(plan)).not.toContain("::");
  }
});

it("no port inside is published twice, which the provider would take for a change each time", () => {
  const { ports } = makePlan(withIpv6(true)).containers.gateway;
  const inside = ports.map(({ internal, protocol = "tcp" }) => `${internal}/${protocol}`);
  expect(new Set(inside).size).toBe(inside.length);
  expect(inside).toEqual([...inside].sort((one, other) => parseInt(one, 10) - parseInt(other, 10)));
});

describe("the gateway's text", () => {
  const text = caddyfile(withIpv6(true));

  it.each([
    ["serves each name where those who come by IPv6 are led", "https://www.example.org:8443 {\n"],
    [
      "leads them to HTTPS, as Caddy does all others",
      "http://www.example.org:8080, http://social.example.org:8080 {\n\tredir https://{host}{uri} 308\n}",
    ],
    ["tells them of HTTP/3 where they find it", '\theader Alt-Svc ":8443" ":443"\n'],
    ["asks web where it listens", "versions ipv4\n"],
  ])("%s", (_name, line) => {
    expect(text).toContain(line);
  });

  it("has nothing of it where nobody comes by it", () => {
    expect(caddyfile(withIpv6(false))).not.toMatch(/:8443|:8080|Alt-Svc/);
  });
});
