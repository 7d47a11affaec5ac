import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { makePlan, type Environment } from "../../plan";
import { authorityFiles, mailEnvironment, withAuthorities } from "../../plan/mail";
import { configWith } from "../support/fixtures";

const sender = { server: "smtp.example.org", from: "notifications@example.org" };
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const other = certificate.replace("MIIB", "MIIC");

const environmentOf = (smtp: object, further: object = {}): Environment =>
  mailEnvironment(configWith({ domain: "example.org", smtp: { ...sender, ...smtp }, ...further }));

const smallest = {
  SMTP_SERVER: "smtp.example.org",
  SMTP_PORT: "587",
  SMTP_DOMAIN: "example.org",
  SMTP_AUTH_METHOD: "none",
  SMTP_ENABLE_STARTTLS: "auto",
  SMTP_FROM_ADDRESS: "notifications@example.org",
};

it("keeps mail on a machine whose stack file knows no server", () => {
  expect(mailEnvironment(configWith())).toEqual({ SMTP_DELIVERY_METHOD: "file" });
});

it.each([
  ["nothing more", {}, {}],
  [
    "a login",
    { login: "alice" },
    { SMTP_LOGIN: "alice", SMTP_PASSWORD: { secret: "smtpPassword" }, SMTP_AUTH_METHOD: "plain" },
  ],
  [
    "a way to log in",
    { login: "alice", authMethod: "cram_md5" },
    {
      SMTP_LOGIN: "alice",
      SMTP_PASSWORD: { secret: "smtpPassword" },
      SMTP_AUTH_METHOD: "cram_md5",
    },
  ],
  ["no login", { authMethod: "none" }, {}],
  ["STARTTLS in any case", { startTls: "always" }, { SMTP_ENABLE_STARTTLS: "always" }],
  ["no STARTTLS", { startTls: "never" }, { SMTP_ENABLE_STARTTLS: "never" }],
  [
    "TLS from the first byte, which the library takes for a contradiction of STARTTLS",
    { port: 465, tls: true },
    { SMTP_PORT: "465", SMTP_TLS: "true", SMTP_ENABLE_STARTTLS: "never" },
  ],
  ["nobody to be verified", { verify: "none" }, { SMTP_OPENSSL_VERIFY_MODE: "none" }],
  ["a server that is verified", { verify: "peer" }, {}],
  [
    "an authority",
    { ca: certificate },
    { SMTP_CA_FILE: "/tmp/usual-mail-authorities.pem", SMTP_CA_CERTIFICATES: certificate },
  ],
  ["an address for replies", { replyTo: "a@example.org" }, { SMTP_REPLY_TO: "a@example.org" }],
  ["a return path", { returnPath: "b@example.org" }, { SMTP_RETURN_PATH: "b@example.org" }],
  ["a greeting", { heloDomain: "mail.example.org" }, { SMTP_DOMAIN: "mail.example.org" }],
  [
    "a server for announcements",
    { bulk: { server: "bulk.example.org", port: 2525, login: "bob", startTls: "always" } },
    {
      BULK_SMTP_SERVER: "bulk.example.org",
      BULK_SMTP_PORT: "2525",
      BULK_SMTP_DOMAIN: "example.org",
      BULK_SMTP_AUTH_METHOD: "plain",
      BULK_SMTP_ENABLE_STARTTLS: "always",
      BULK_SMTP_LOGIN: "bob",
      BULK_SMTP_PASSWORD: { secret: "bulkSmtpPassword" },
    },
  ],
])("says, with %s, what Mastodon reads", (_name, smtp, expected) => {
  expect(environmentOf(smtp)).toEqual({ ...smallest, ...expected });
});

it("greets by a name without a port, also where the domain has one", () => {
  expect(mailEnvironment(configWith({ smtp: sender }))["SMTP_DOMAIN"]).toBe("localhost");
});

describe("authorities of the stack file", () => {
  const config = configWith({
    smtp: { ...sender, ca: certificate, bulk: { server: "bulk.example.org", ca: other } },
  });
  const files = authorityFiles(config);

  it("are where Mastodon is told to look for them, each server's for itself", () => {
    expect(mailEnvironment(config)).toMatchObject({
      SMTP_CA_FILE: "/tmp/usual-mail-authorities.pem",
      BULK_SMTP_CA_FILE: "/tmp/bulk-mail-authorities.pem",
    });
    expect(files).toEqual({
      "/tmp/usual-mail-authorities.pem": certificate,
      "/tmp/bulk-mail-authorities.pem": other,
    });
  });

  it("are put there before the process starts, which then has the place of the shell", () => {
    const [program = "", ...args] = withAuthorities(config, ["sh", "-c", 'echo "$$ $1"', "x", "y"]);
    const values = mailEnvironment(config) as Record<string, string>;
    try {
      const output = execFileSync(program, args, { env: { ...process.env, ...values } });
      expect(output.toString()).toMatch(/^\d+ y\n$/);
      for (const [file, content] of Object.entries(files))
        expect(readFileSync(file, "utf8")).toBe(content);
    } finally {
      for (const file of Object.keys(files)) if (existsSync(file)) rmSync(file);
    }
  });

  it("come with every sidekiq, and change no command where there are none", () => {
    const [sidekiq] = makePlan(config).containers.sidekiq;
    expect(sidekiq?.command.slice(0, 2)).toEqual(["sh", "-c"]);
    expect(sidekiq?.command).toContain("sidekiq");
    const [plain] = makePlan(configWith({ smtp: sender })).containers.sidekiq;
    expect(plain?.command.slice(0, 3)).toEqual(["bundle", "exec", "sidekiq"]);
  });

  it("are files of the LinuxServer image, whose root can be written", () => {
    const { containers } = makePlan(
      configWith({
        image: { flavour: "linuxserver", version: "4.7.2" },
        smtp: { ...sender, ca: certificate },
      }),
    );
    expect(containers.web.files).toMatchObject({
      "/tmp/usual-mail-authorities.pem": certificate,
    });
    expect(containers.web.tmpfs).not.toHaveProperty("/tmp");
  });
});
