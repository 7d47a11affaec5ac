import { badMail } from "./badMail";
import { expectFaults, faultsOf } from "../support/refusals";

it("has each bad configuration once, and enough of them", () => {
  expect(new Set(badMail.map(({ name }) => name)).size).toBe(badMail.length);
  expect(badMail.length).toBeGreaterThanOrEqual(15);
});

it.each(badMail)("refuses $name", ({ raw, setSecrets, faults: expected }) => {
  const found = faultsOf(raw, setSecrets);
  expectFaults(found, expected);
});

it.each(badMail)("says what to do: $name", ({ raw, setSecrets }) => {
  for (const { message } of faultsOf(raw, setSecrets)) {
    expect(message).toMatch(/\b(must|write|use|remove|leave|give|set|add|known are)\b/);
    expect(message).not.toMatch(/undefined|\[object|\.$/);
  }
});

const mail = { server: "smtp.example.org", from: "notifications@example.org" };
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

it.each([
  ["the smallest", mail, []],
  ["TLS from the first byte", { ...mail, port: 465, tls: true }, []],
  ["TLS from the first byte on a port of its own", { ...mail, port: 2465, tls: true }, []],
  ["a relay of one's own network", { ...mail, port: 25, startTls: "never" }, []],
  ["a login", { ...mail, login: "alice" }, ["smtpPassword"]],
  [
    "a login, encrypted in any case",
    { ...mail, login: "alice", startTls: "always" },
    ["smtpPassword"],
  ],
  ["an authority of one's own", { ...mail, ca: certificate }, []],
  ["nobody verified", { ...mail, verify: "none" }, []],
  [
    "the same server for announcements, on another port",
    { ...mail, bulk: { server: mail.server, port: 2525 } },
    [],
  ],
  [
    "a login for announcements alone",
    { ...mail, bulk: { server: "bulk.example.org", login: "bob" } },
    ["bulkSmtpPassword"],
  ],
] as const)("takes %s", (_name, smtp, setSecrets) => {
  expect(faultsOf({ smtp }, setSecrets)).toEqual([]);
});
