import type { ParsedConfig, SecretKey } from "./configSchema";
import type { Fault } from "./faults";
import { quoted } from "./shapes";

type Smtp = NonNullable<ParsedConfig["smtp"]>;
type Server = NonNullable<Smtp["bulk"]>;

/** A server with the key that it stands under, and the one of its password. */
interface Place {
  readonly path: string;
  readonly password: "smtpPassword" | "bulkSmtpPassword";
}

const usual: Place = { path: "smtp", password: "smtpPassword" };
const bulk: Place = { path: "smtp.bulk", password: "bulkSmtpPassword" };

/** Ports on which a server begins in clear, and offers STARTTLS. */
const plainPorts = [25, 587, 2525];

/** Ports on which mail is fetched, by POP3 or IMAP. */
const fetchingPorts = [110, 143, 993, 995];

const when = (broken: boolean, path: string, message: string): Fault[] =>
  broken ? [{ path, message }] : [];

/** Everything that keeps mail from being sent and can be told from the stack file alone. */
export function mailFaults(
  smtp: ParsedConfig["smtp"],
  setSecrets: readonly SecretKey[] | undefined,
): Fault[] {
  return [
    ...(smtp === undefined ? [] : [...serverFaults(usual, smtp), ...addressFaults(smtp)]),
    ...(smtp?.bulk === undefined ? [] : bulkFaults(smtp, smtp.bulk)),
    ...passwordFaults(usual, smtp, setSecrets),
    ...passwordFaults(
      smtp === undefined ? { ...bulk, path: "smtp" } : bulk,
      smtp?.bulk,
      setSecrets,
    ),
  ];
}

function serverFaults({ path, password }: Place, server: Server): Fault[] {
  const { port, login, authMethod, startTls, tls, verify, ca } = server;
  const encrypts = tls || startTls !== "never";
  return [
    ...when(
      port === 465 && !tls,
      `${path}.tls`,
      "false contradicts port 465, where servers expect TLS from the first byte; set tls: true, or use port 587",
    ),
    ...when(
      plainPorts.includes(port) && tls,
      `${path}.tls`,
      `true contradicts port ${port}, where servers begin in clear and switch to TLS; leave tls out, or use port 465`,
    ),
    ...when(
      fetchingPorts.includes(port),
      `${path}.port`,
      `${port} is for fetching mail, not for sending it; use port 587, or 465 with tls: true`,
    ),
    ...when(
      tls && startTls === "always",
      `${path}.startTls`,
      '"always" contradicts tls: true: a connection that is TLS from the start cannot switch to it; leave one of them out',
    ),
    ...when(
      login !== undefined && !encrypts,
      `${path}.startTls`,
      `"never" would send ${password} in clear, for everybody on the way to read; leave startTls out, or use port 465 with tls: true`,
    ),
    ...when(
      verify === "none" && ca !== undefined,
      `${path}.verify`,
      '"none" contradicts ca: whom nobody verifies needs no authority; leave one of them out',
    ),
    ...when(
      ca !== undefined && !encrypts,
      `${path}.ca`,
      "has no use: startTls: never leaves no certificate to be verified; leave one of them out",
    ),
    ...when(
      verify === "none" && !encrypts,
      `${path}.verify`,
      '"none" has no use: startTls: never leaves no certificate to be verified; leave one of them out',
    ),
    ...when(
      authMethod === "none" && login !== undefined,
      `${path}.login`,
      `${quoted(login)} contradicts authMethod: none; leave one of them out`,
    ),
    ...when(
      authMethod !== undefined && authMethod !== "none" && login === undefined,
      `${path}.login`,
      `is missing: authMethod: ${String(authMethod)} needs it; give it, or leave authMethod out`,
    ),
  ];
}

function bulkFaults(smtp: Smtp, server: Server): Fault[] {
  const same =
    server.server === smtp.server && server.port === smtp.port && server.login === smtp.login;
  return [
    ...serverFaults(bulk, server),
    ...when(
      same,
      "smtp.bulk.server",
      `${quoted(server.server)} is that of all other mail, with the same port and login; leave bulk out`,
    ),
  ];
}

/** Whom a server would not take for anybody on the internet. */
function addressFaults({ from, replyTo, returnPath, heloDomain }: Smtp): Fault[] {
  const senders = { from, replyTo, returnPath };
  return [
    ...Object.entries(senders).flatMap(([key, address]) =>
      when(
        address !== undefined && !domainOf(address).includes("."),
        `smtp.${key}`,
        `${quoted(address)} is an address on ${domainOf(address ?? "")}, which other servers do not know; use one of your own domain, for example notifications@example.org`,
      ),
    ),
    ...when(
      heloDomain !== undefined && !heloDomain.includes("."),
      "smtp.heloDomain",
      `${quoted(heloDomain)} has no dot, and servers refuse such a greeting; leave it out, or write a whole name, for example social.example.org`,
    ),
  ];
}

/** Of an address, or of a name with the address in angle brackets. */
const domainOf = (sender: string): string =>
  sender.slice(sender.lastIndexOf("@") + 1).replace(">", "");

function passwordFaults(
  { path, password }: Place,
  server: Server | undefined,
  setSecrets: readonly SecretKey[] | undefined,
): Fault[] {
  if (setSecrets === undefined) return [];
  const isSet = setSecrets.includes(password);
  return [
    ...when(
      server?.login !== undefined && !isSet,
      password,
      `is missing: ${path}.login needs it; set it with \`npm run pulumi -- config set --secret mastodon:${password}\``,
    ),
    ...when(
      server?.login === undefined && isSet,
      server === undefined ? path : `${path}.login`,
      `is missing, although ${password} is set; give it, or remove the secret with \`npm run pulumi -- config rm mastodon:${password}\``,
    ),
  ];
}
