import { execFileSync } from "node:child_process";
import { mailTest, makePlan } from "../../plan";
import { mailCheck } from "../../plan/mailCheck";
import { mailEnvironment } from "../../plan/mail";
import { mailScript } from "../../plan/mailScript";
import { configWith } from "../support/fixtures";
import { code, Page } from "../support/page";

const smtp = { server: "smtp.example.org", login: "alice", from: "notifications@example.org" };
const config = configWith({ domain: "example.org", smtp });
const { sizing, checks } = makePlan(config);

it("asks nobody where mail stays on the machine", () => {
  expect(mailCheck(configWith(), sizing)).toEqual([]);
});

it("asks nobody where the stack file says so, and tells of that way past a refusal", () => {
  expect(mailCheck(configWith({ smtp: { ...smtp, check: false } }), sizing)).toEqual([]);
  expect(mailCheck(config, sizing)[0]?.script).toContain("set smtp.check: false");
});

it("is among what is asked before anything changes", () => {
  expect(checks.map(({ part }) => part)).toContain("mail");
});

it("does what was reviewed", () => {
  const [check] = mailCheck(config, sizing);
  expect(check?.script).toMatchSnapshot();
});

it("has all that Mastodon would send with, and nothing of the database", () => {
  const [check] = mailCheck(config, sizing);
  expect(check?.environment).toEqual({ ...mailEnvironment(config), MAIL_SCRIPT: mailScript });
  expect(check?.script).toContain("--network=mastodon-example.org-egress");
});

it("runs again for another image, as for another setting", () => {
  expect(mailCheck(config, sizing).map(({ followsImage }) => followsImage)).toEqual([true]);
});

it("sends a mail from where the instance runs, to whom the environment says", () => {
  const { script, environment } = mailTest(config, sizing);
  expect(script).toContain("--env=SEND_TO");
  expect(script).toContain("label=org.joinmastodon.part=web");
  expect(environment).toMatchObject({ SMTP_PASSWORD: { secret: "smtpPassword" }, SEND_TO: "" });
});

it.each([
  ["check", mailCheck(config, sizing)[0]?.script ?? ""],
  ["test", mailTest(config, sizing).script],
])("is understood by a shell, and holds no password: %s", (_name, script) => {
  execFileSync("/bin/sh", ["-n"], { input: script, stdio: ["pipe", "pipe", "pipe"] });
  expect(script).toMatch(/^set -eu\n/);
  expect(script).toContain("--env=SMTP_PASSWORD ");
  expect(script).not.toContain("SMTP_PASSWORD=");
});

it("never prints a password", () => {
  const uses = mailScript.split("\n").filter((line) => line.includes('set("PASSWORD")'));
  expect(uses.map((line) => line.trim())).toEqual([
    '@session.authenticate(login, set("PASSWORD"), wanted.to_sym)',
  ]);
  expect(mailScript).not.toContain("debug_output");
});

describe("the handbook", () => {
  const said = mailScript.replaceAll('\\"', '"');
  const quotes = new Page("docs/mail.md")
    .table("When the server refuses")
    .map(([quote = ""]) => code(quote));

  it.each(quotes)("quotes %s, which is said", (quote) => {
    expect(said).toContain(quote);
  });
});
