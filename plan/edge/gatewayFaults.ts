import type { ParsedConfig, SecretKey } from "../configSchema";
import type { Fault } from "../faults";
import { quoted } from "../shapes";
import { publicNames } from "./names";

type Fronted = Pick<ParsedConfig, "edge" | "domain" | "webDomain" | "host">;
type EdgeOf<Kind extends ParsedConfig["edge"]["kind"]> = Extract<
  ParsedConfig["edge"],
  { kind: Kind }
>;

const when = (broken: boolean, path: string, message: string): Fault[] =>
  broken ? [{ path, message }] : [];

/** What the gateway could not do, or would do to nobody's good, and can be told from the stack file alone. */
export function gatewayFaults(
  config: Fronted,
  setSecrets: readonly SecretKey[] | undefined,
): Fault[] {
  const { edge } = config;
  return [
    ...(edge.kind === "caddy" ? certificateFaults(edge, config) : []),
    ...(edge.kind === "none" ? proxyFaults(edge, config) : []),
    ...keyFaults(edge, setSecrets),
  ];
}

/** Names for which no public authority makes a certificate: https://www.iana.org/assignments/special-use-domain-names/ */
const isPrivateName = (name: string): boolean =>
  !name.includes(".") ||
  /\.(alt|example|home\.arpa|internal|invalid|lan|local|localhost|onion|test)$/.test(name);

/** Let's Encrypt refuses an account with an address of these; those without a dot lead nowhere. */
const isNobodysAddress = (email: string): boolean => {
  const host = email.slice(email.indexOf("@") + 1).toLowerCase();
  return isPrivateName(host) || /(^|\.)example\.(com|net|org)$/.test(host);
};

function certificateFaults(edge: EdgeOf<"caddy">, { domain, webDomain }: Fronted): Fault[] {
  const { acmeDirectory, acmeRoots, acmeKeyId, email } = edge;
  const isOwn = acmeDirectory !== undefined;
  const names = domain === undefined ? [] : publicNames({ domain, webDomain });
  return [
    ...names
      .filter((name) => !isOwn && isPrivateName(name))
      .map((name) => ({
        path: name === webDomain ? "webDomain" : "domain",
        message: `${quoted(name)} is a name for which no public authority makes a certificate; use a registered one, give an acmeDirectory of your own, or use edge: {kind: local}`,
      })),
    ...when(
      !isOwn && isNobodysAddress(email),
      "edge.email",
      `${quoted(email)} is nobody's address, and Let's Encrypt refuses it: write one of yours, which is how the authority reaches you`,
    ),
    ...when(
      acmeDirectory !== undefined && new URL(acmeDirectory).pathname === "/",
      "edge.acmeDirectory",
      `${quoted(acmeDirectory)} has no path: write the whole address of the directory, for example https://acme.zerossl.com/v2/DV90`,
    ),
    ...when(
      acmeRoots !== undefined && !isOwn,
      "edge.acmeRoots",
      "says whom to trust at a directory of one's own, and edge.acmeDirectory is missing: give it, or leave acmeRoots out",
    ),
    ...when(
      acmeKeyId !== undefined && !isOwn,
      "edge.acmeKeyId",
      `${quoted(acmeKeyId)} is an account at some authority, and Let's Encrypt has none: give the authority's edge.acmeDirectory, or leave acmeKeyId out`,
    ),
  ];
}

/** The id and the key of an account belong together, and to nothing else. */
function keyFaults(
  edge: ParsedConfig["edge"],
  setSecrets: readonly SecretKey[] | undefined,
): Fault[] {
  if (setSecrets === undefined) return [];
  const needs = edge.kind === "caddy" && edge.acmeKeyId !== undefined;
  const isSet = setSecrets.includes("acmeHmacKey");
  return [
    ...when(
      needs && !isSet,
      "acmeHmacKey",
      "is missing: edge.acmeKeyId needs it; set it with `npm run pulumi -- config set --secret mastodon:acmeHmacKey`",
    ),
    ...when(
      isSet && !needs,
      edge.kind === "caddy" ? "edge.acmeKeyId" : "acmeHmacKey",
      edge.kind === "caddy"
        ? "is missing, although acmeHmacKey is set: give it, or remove the secret with `npm run pulumi -- config rm mastodon:acmeHmacKey`"
        : `is set, and edge.kind: ${edge.kind} asks no authority for certificates; remove the secret with \`npm run pulumi -- config rm mastodon:acmeHmacKey\``,
    ),
  ];
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
const isEvery = (address: string): boolean => address === "0.0.0.0" || address === "::";

function proxyFaults(edge: EdgeOf<"none">, { host }: Fronted): Fault[] {
  const { port, address, trustedProxies = [] } = edge;
  const sshPort = host.kind === "ssh" ? host.port : host.kind === "hetzner" ? 22 : undefined;
  return [
    ...when(
      [80, 443].includes(port) && (isLoopback(address) || isEvery(address)),
      "edge.port",
      `${port} is where the reverse proxy itself listens: choose another one for the gateway behind it, for example 3000`,
    ),
    ...when(
      port === sshPort && !isLoopback(address),
      "edge.port",
      `${port} is where the host's SSH server listens: choose another one, for example 3000`,
    ),
    ...when(
      host.kind === "hetzner" && !isLoopback(address),
      "edge.address",
      `${quoted(address)} is reached by nobody: the server's firewall lets in SSH alone; leave address out and run the reverse proxy on the server, or use edge.kind: caddy`,
    ),
    ...trustedProxies
      .filter((network) => network.endsWith("/0"))
      .map((network) => ({
        path: "edge.trustedProxies",
        message: `${quoted(network)} is everybody: each visitor could claim any address, and lock others out by it; write the reverse proxy's own address`,
      })),
    ...trustedProxies
      .filter((network, index) => trustedProxies.indexOf(network) !== index)
      .map((network) => ({
        path: "edge.trustedProxies",
        message: `names ${network} twice: name each once`,
      })),
  ];
}
