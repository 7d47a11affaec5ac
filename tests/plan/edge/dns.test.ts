import { makePlan, type Config } from "../../../plan";
import { dnsSpec, mailHints, records } from "../../../plan/edge/dns";
import type { Zone } from "../../../plan/edge/zone";
import { configWith, tunnelled } from "../../support/fixtures";

const zone: Zone = { id: "z1", locked: {}, bots: "fightMode", foreign: [] };

const atCloudflare = (overrides: Readonly<Record<string, unknown>> = {}, known = zone): Config => ({
  ...configWith({ ...tunnelled, ...overrides }),
  zone: known,
});

const caddy = { edge: { kind: "caddy", email: "alice@example.edu" } };
const hetzner = {
  hardware: "vps",
  host: { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 40 },
  smtp: { server: "smtp.example.org", from: "Social <notifications@mail.example.org>" },
  admin: { username: "alice", email: "alice@example.org" },
};

it("leads every name of the instance into the tunnel, through Cloudflare", () => {
  const config = atCloudflare({ domain: "example.org", webDomain: "social.example.org" });
  expect(records(config)).toEqual(
    ["social.example.org", "example.org"].map((name) => ({
      part: name,
      name,
      type: "CNAME",
      target: { of: "tunnel" },
      proxied: true,
    })),
  );
});

it("leads the names to the server that the program makes, with nobody in between", () => {
  const dns = { kind: "cloudflare", zone: "example.org" };
  expect(records(atCloudflare({ ...hetzner, ...caddy, dns }))).toEqual([
    {
      part: "social.example.org",
      name: "social.example.org",
      type: "A",
      target: { of: "server" },
      proxied: false,
    },
    {
      part: "social.example.org-2",
      name: "social.example.org",
      type: "AAAA",
      target: { of: "serverIpv6" },
      proxied: false,
    },
  ]);
});

it("leads nobody to an address at which nothing listens", () => {
  const dns = { kind: "cloudflare", zone: "example.org" };
  const edge = { ...caddy.edge, ipv6: false };
  const none = { kind: "none", port: 3000 };
  for (const way of [edge, none]) {
    const found = records(atCloudflare({ ...hetzner, edge: way, dns }));
    expect(found.map(({ type }) => type)).toEqual(["A"]);
  }
});

it("leads the names to the addresses that the stack file gives", () => {
  const dns = {
    kind: "cloudflare",
    zone: "example.org",
    addresses: ["198.51.100.7", "2001:db8::7"],
  };
  const edge = { ...caddy.edge, ipv6: true };
  const found = records(atCloudflare({ edge, dns })).map(({ type, target }) => [type, target]);
  expect(found).toEqual([
    ["A", "198.51.100.7"],
    ["AAAA", "2001:db8::7"],
  ]);
});

it("leaves a name alone that the stack file keeps", () => {
  const dns = { kind: "cloudflare", zone: "example.org", keep: ["example.org"] };
  const names = { domain: "example.org", webDomain: "social.example.org" };
  expect(records(atCloudflare({ ...names, dns })).map(({ name }) => name)).toEqual([
    "social.example.org",
  ]);
});

it("keeps the identity of a name's record, whatever way in it leads to", () => {
  const dns = { kind: "cloudflare", zone: "example.org", addresses: ["198.51.100.7"] };
  const [tunnel] = records(atCloudflare());
  const [address] = records(atCloudflare({ ...caddy, dns }));
  expect(tunnel?.part).toBe(address?.part);
});

it("removes those records of others that the stack file names, and no other", () => {
  const foreign = ["social.example.org", "example.org"].map((name, index) => ({
    id: `r${index}`,
    name,
    type: "A",
    content: "203.0.113.9",
  }));
  const dns = { kind: "cloudflare", zone: "example.org", replace: ["social.example.org"] };
  const spec = dnsSpec(atCloudflare({ dns }, { ...zone, foreign }));
  expect(spec?.replaced.map(({ id }) => id)).toEqual(["r0"]);
});

it("sets what federation needs, and not what the account's plan forbids", () => {
  const ids = (known: Zone): string[] =>
    dnsSpec(atCloudflare({}, known))?.settings.map(({ id, value }) => `${id} ${value}`) ?? [];
  const all = ["browser_check off", "email_obfuscation off", "rocket_loader off", "websockets on"];
  expect(ids(zone)).toEqual(all);
  expect(ids({ ...zone, locked: { rocket_loader: "not on this plan" } })).toEqual(
    all.filter((one) => !one.startsWith("rocket_loader")),
  );
});

it("lets bots through by whatever fights them", () => {
  expect(dnsSpec(atCloudflare())?.bots).toEqual({ fightMode: false });
  expect(dnsSpec(atCloudflare({}, { ...zone, bots: "superBotFightMode" }))?.bots).toMatchObject({
    sbfmDefinitelyAutomated: "allow",
  });
  expect(dnsSpec(atCloudflare({}, { ...zone, bots: undefined }))).not.toHaveProperty("bots");
});

it("leaves the zone as it is where Cloudflare only answers for the name", () => {
  const dns = { kind: "cloudflare", zone: "example.org", addresses: ["198.51.100.7"] };
  const spec = dnsSpec(atCloudflare({ ...caddy, dns }));
  expect(spec).toMatchObject({ settings: [] });
  expect(spec).not.toHaveProperty("bots");
});

it("makes no record where they are entered by hand, says which, and still opens the zone to everybody", () => {
  const config = atCloudflare({ dns: { kind: "manual" } });
  expect(dnsSpec(config)).toMatchObject({ records: [], bots: { fightMode: false } });
  expect(dnsSpec(config)?.settings).toHaveLength(4);
  expect(makePlan(config).records).toHaveLength(1);
});

it("touches nothing at Cloudflare where it is neither in between nor asked", () => {
  expect(dnsSpec(configWith({ ...tunnelled, ...caddy }))).toBeUndefined();
});

it("needs no records for this machine alone", () => {
  expect(makePlan(configWith()).records).toEqual([]);
});

it("says what the sender's domain should say of its mail", () => {
  const hints = mailHints(configWith({ ...tunnelled, ...hetzner }));
  for (const word of ["v=spf1", "_domainkey.mail.example.org", "_dmarc.mail.example.org", "MX "])
    expect(hints.join("\n")).toContain(word);
  expect(mailHints(configWith())).toEqual([]);
});
