import type { SecretKey } from "../../plan";
import type { BadConfiguration } from "./badConfigurations";

const server = { server: "smtp.example.org" };
const mail = { ...server, from: "notifications@example.org" };
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

type Expected = readonly [path: string, ...words: string[]];

/** Faults of the usual server, by what is added to a good one. */
const bad = (name: string, smtp: object, ...faults: readonly Expected[]): BadConfiguration => ({
  name: `smtp: ${name}`,
  raw: { smtp: { ...mail, ...smtp } },
  faults,
});

/** Faults of the server for announcements. */
const badBulk = (name: string, bulk: object, ...faults: readonly Expected[]): BadConfiguration => ({
  name: `smtp.bulk: ${name}`,
  raw: { smtp: { ...mail, bulk: { server: "bulk.example.org", ...bulk } } },
  faults,
});

const badSecrets = (
  name: string,
  raw: object,
  setSecrets: readonly SecretKey[],
  ...faults: readonly Expected[]
): BadConfiguration => ({ name, raw, setSecrets, faults });

/** Configurations of mail that must be refused, and how. */
export const badMail: readonly BadConfiguration[] = [
  ...[25, 587, 2525].map((port) =>
    bad(`tls on port ${port}`, { port, tls: true }, [
      "smtp.tls",
      `true contradicts port ${port}`,
      "leave tls out",
    ]),
  ),
  ...[110, 143, 993, 995].map((port) =>
    bad(`port ${port}, of a mailbox`, { port }, ["smtp.port", String(port), "587"]),
  ),
  bad("port 993 with tls", { port: 993, tls: true }, ["smtp.port", "993", "fetching"]),
  bad("a login in clear", { login: "alice", startTls: "never" }, [
    "smtp.startTls",
    '"never"',
    "smtpPassword in clear",
    "tls: true",
  ]),
  bad("a login in clear on port 25", { port: 25, login: "alice", startTls: "never" }, [
    "smtp.startTls",
    "in clear",
  ]),
  bad("nobody verified, by an authority", { verify: "none", ca: certificate }, [
    "smtp.verify",
    '"none" contradicts ca',
  ]),
  bad("an authority without TLS", { startTls: "never", ca: certificate }, [
    "smtp.ca",
    "has no use",
    "startTls: never",
  ]),
  bad("nobody verified, without TLS", { startTls: "never", verify: "none" }, [
    "smtp.verify",
    "has no use",
  ]),
  bad("a way to verify that does not exist", { verify: "client_once" }, [
    "smtp.verify",
    '"client_once"',
    "peer or none",
  ]),
  bad("an authority that is a path", { ca: "/etc/ssl/certs/ca-certificates.crt" }, [
    "smtp.ca",
    "BEGIN CERTIFICATE",
  ]),
  bad("a private key in place of an authority", { ca: "-----BEGIN PRIVATE KEY-----" }, [
    "smtp.ca",
    "BEGIN CERTIFICATE",
  ]),
  bad("a sender on this machine", { from: "mastodon@localhost" }, [
    "smtp.from",
    "localhost",
    "your own domain",
  ]),
  bad("a sender with a name, on a host without a domain", { from: "Example <mail@server>" }, [
    "smtp.from",
    "an address on server",
  ]),
  bad("a return path on this machine", { returnPath: "bounces@localhost" }, [
    "smtp.returnPath",
    "localhost",
  ]),
  bad("a return path with a name", { returnPath: "Bounces <bounces@example.org>" }, [
    "smtp.returnPath",
    "must be an address",
  ]),
  bad("replies to this machine", { replyTo: "owner@localhost" }, ["smtp.replyTo", "localhost"]),
  bad("a greeting without a domain", { heloDomain: "localhost" }, [
    "smtp.heloDomain",
    '"localhost"',
    "leave it out",
  ]),
  bad("a greeting with a scheme", { heloDomain: "https://social.example.org" }, [
    "smtp.heloDomain",
    "has a scheme",
  ]),
  bad(
    "several things at once",
    { port: 465, startTls: "never", login: "alice" },
    ["smtp.tls", "port 465"],
    ["smtp.startTls", "in clear"],
  ),
  bad("no map for announcements", { bulk: "bulk.example.org" }, ["smtp.bulk", "a map"]),
  badBulk("the container itself", { server: "localhost" }, [
    "smtp.bulk.server",
    "the container itself",
  ]),
  badBulk("a sender of its own", { from: "news@example.org" }, ["smtp.bulk.from", "is no key"]),
  badBulk("port 465 without tls", { port: 465 }, ["smtp.bulk.tls", "port 465"]),
  badBulk("tls on port 587", { tls: true }, ["smtp.bulk.tls", "port 587"]),
  badBulk("tls with startTls always", { port: 465, tls: true, startTls: "always" }, [
    "smtp.bulk.startTls",
    '"always"',
  ]),
  badBulk("a login in clear", { login: "alice", startTls: "never" }, [
    "smtp.bulk.startTls",
    "bulkSmtpPassword in clear",
  ]),
  badBulk("a way to log in for nobody", { authMethod: "login" }, [
    "smtp.bulk.login",
    "is missing",
    "authMethod: login",
  ]),
  badBulk("the same as all other mail", server, ["smtp.bulk.server", "leave bulk out"]),
  badSecrets(
    "smtp.bulk: a login without its password",
    { smtp: { ...mail, bulk: { server: "bulk.example.org", login: "alice" } } },
    [],
    ["bulkSmtpPassword", "smtp.bulk.login needs it", "--secret mastodon:bulkSmtpPassword"],
  ),
  badSecrets(
    "smtp.bulk: the password of the other server alone",
    { smtp: { ...mail, login: "alice", bulk: { server: "bulk.example.org", login: "bob" } } },
    ["smtpPassword"],
    ["bulkSmtpPassword", "is missing"],
  ),
  badSecrets(
    "smtp.bulk: a password without its login",
    { smtp: { ...mail, bulk: { server: "bulk.example.org" } } },
    ["bulkSmtpPassword"],
    ["smtp.bulk.login", "is missing", "config rm mastodon:bulkSmtpPassword"],
  ),
  badSecrets(
    "a password of announcements without a server for them",
    { smtp: mail },
    ["bulkSmtpPassword"],
    ["smtp.bulk", "bulkSmtpPassword is set"],
  ),
  badSecrets(
    "a password of announcements without mail",
    {},
    ["bulkSmtpPassword"],
    ["smtp", "bulkSmtpPassword is set"],
  ),
];
