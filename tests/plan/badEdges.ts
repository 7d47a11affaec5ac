import type { SecretKey } from "../../plan";
import type { BadConfiguration } from "./badConfigurations";
import { certificate, edges } from "./edge/edges";

type Expected = readonly [path: string, ...words: string[]];

/** Faults of public ports, by what is added to what is good. */
const badCaddy = (
  name: string,
  edge: object,
  ...faults: readonly Expected[]
): BadConfiguration => ({
  name: `caddy: ${name}`,
  raw: { ...edges.caddy, edge: { ...edges.caddy.edge, ...edge } },
  faults,
});

/** Faults of a gateway behind a reverse proxy of one's own. */
const badNone = (
  name: string,
  edge: object,
  others: object,
  ...faults: readonly Expected[]
): BadConfiguration => ({
  name: `none: ${name}`,
  raw: { ...edges.none, ...others, edge: { kind: "none", port: 3000, ...edge } },
  faults,
});

const badSecrets = (
  name: string,
  raw: object,
  setSecrets: readonly SecretKey[],
  ...faults: readonly Expected[]
): BadConfiguration => ({ name, raw, setSecrets, faults });

const acmeDirectory = "https://acme.example.org/dir";
const withAccount = {
  ...edges.caddy,
  edge: { ...edges.caddy.edge, acmeDirectory, acmeKeyId: "kid" },
};

const ssh = { kind: "ssh", address: "pi.local", user: "pi", arch: "arm64" };
const hetzner = {
  kind: "hetzner",
  serverType: "cx22",
  location: "fsn1",
  dataVolumeGb: 40,
};

/** What the gateway cannot be told to do, and how it is refused. */
export const badEdges: readonly BadConfiguration[] = [
  ...["localhost", "social.local", "social.test", "social.internal", "home.arpa.lan"].map(
    (domain): BadConfiguration => ({
      name: `caddy: the domain ${domain}`,
      raw: { ...edges.caddy, domain },
      faults: [["domain", `"${domain}"`, "no public authority"]],
    }),
  ),
  {
    name: "caddy: a private name for pages",
    raw: { ...edges.caddy, webDomain: "web.social.lan" },
    faults: [["webDomain", '"web.social.lan"', "no public authority"]],
  },
  {
    name: "caddy: no domain",
    raw: { edge: edges.caddy.edge },
    faults: [["domain", "is missing", "edge.kind: caddy"]],
  },
  ...["owner@example.org", "owner@mail.example.com", "owner@localhost", "root@server.local"].map(
    (email) =>
      badCaddy(`the address ${email}`, { email }, ["edge.email", `"${email}"`, "Let's Encrypt"]),
  ),
  badCaddy("no address", { email: undefined }, ["edge.email", "is missing"]),
  badCaddy("a directory in clear", { acmeDirectory: "http://acme.example.org/dir" }, [
    "edge.acmeDirectory",
    "http://",
  ]),
  badCaddy("a directory without a path", { acmeDirectory: "https://acme.zerossl.com" }, [
    "edge.acmeDirectory",
    "has no path",
    "DV90",
  ]),
  badCaddy("authorities without a directory", { acmeRoots: certificate("MIIB") }, [
    "edge.acmeRoots",
    "edge.acmeDirectory is missing",
  ]),
  badCaddy("authorities that are none", { acmeDirectory, acmeRoots: "/etc/ssl/root.pem" }, [
    "edge.acmeRoots",
    "PEM",
  ]),
  badCaddy("an account without a directory", { acmeKeyId: "kid" }, [
    "edge.acmeKeyId",
    '"kid"',
    "edge.acmeDirectory",
  ]),
  badCaddy("a port", { port: 8443 }, ["edge.port"]),
  badSecrets(
    "caddy: an account without its key",
    withAccount,
    [],
    ["acmeHmacKey", "edge.acmeKeyId needs it"],
  ),
  badSecrets(
    "caddy: a key without its account",
    edges.caddy,
    ["acmeHmacKey"],
    ["edge.acmeKeyId", "acmeHmacKey is set"],
  ),
  badSecrets(
    "a key of an account for a local gateway",
    edges.local,
    ["acmeHmacKey"],
    ["acmeHmacKey", "edge.kind: local"],
  ),
  ...[80, 443].map((port) =>
    badNone(`port ${port} beside the reverse proxy`, { port }, {}, [
      "edge.port",
      String(port),
      "reverse proxy itself",
    ]),
  ),
  badNone("port 443 on all addresses", { port: 443, address: "0.0.0.0" }, {}, [
    "edge.port",
    "reverse proxy itself",
  ]),
  badNone("no port", { port: undefined }, {}, ["edge.port", "is missing"]),
  badNone("an address that is a name", { address: "gateway.lan" }, {}, [
    "edge.address",
    '"gateway.lan" is no IP address',
  ]),
  badNone(
    "SSH's port",
    { port: 22, address: "192.168.1.20" },
    { hardware: "pi", host: ssh, ...mandatory() },
    ["edge.port", "SSH"],
  ),
  badNone(
    "an address behind a firewall",
    { address: "0.0.0.0" },
    { hardware: "vps", host: hetzner, ...mandatory() },
    ["edge.address", '"0.0.0.0"', "firewall"],
  ),
  ...["0.0.0.0/0", "::/0"].map((network) =>
    badNone(`trust in ${network}`, { trustedProxies: [network] }, {}, [
      "edge.trustedProxies",
      `"${network}" is everybody`,
    ]),
  ),
  badNone("trust in the same twice", { trustedProxies: ["198.51.100.7", "198.51.100.7"] }, {}, [
    "edge.trustedProxies",
    "198.51.100.7 twice",
  ]),
  badNone("trust in nobody", { trustedProxies: [] }, {}, [
    "edge.trustedProxies",
    "at least one network",
  ]),
  badNone("trust in a name", { trustedProxies: ["proxy.lan"] }, {}, [
    "edge.trustedProxies.0",
    "no IP address",
  ]),
];

/** What hardware of one's own needs beside its way in. */
function mandatory(): object {
  return {
    smtp: { server: "smtp.example.org", from: "notifications@example.org" },
    admin: { username: "alice", email: "alice@example.org" },
  };
}
