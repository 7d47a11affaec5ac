import { makePlan, type Config } from "../../plan";
import type { Finding, Printed, Subject } from "../../ops/checks/check";
import { mail } from "../../ops/checks/mail";
import { configWith } from "../support/fixtures";

const smtp = { server: "smtp.example.org", login: "alice", from: "notifications@example.org" };

interface Run {
  readonly findings: readonly Finding[];
  readonly environments: readonly Readonly<Record<string, string>>[];
}

/** Looks at an instance whose servers answer so. */
async function look(config: Config, recipient: string | undefined, printed: Printed): Promise<Run> {
  const environments: Readonly<Record<string, string>>[] = [];
  const subject: Subject = {
    config,
    plan: makePlan(config),
    outputs: {},
    secrets: { smtpPassword: "correct horse" },
    shell: (_script, environment) => {
      environments.push(environment);
      return Promise.resolve(printed);
    },
  };
  return { findings: await mail(recipient).run(subject), environments };
}

const printed = (code: number, stdout: string, stderr: string): Printed => ({
  code,
  stdout,
  stderr,
});

it("tells what each server answered", async () => {
  const { findings } = await look(
    configWith({ smtp }),
    "you@example.org",
    printed(0, "a took it\nb took it\n", ""),
  );
  expect(findings).toEqual([
    { state: "ok", text: "a took it" },
    { state: "ok", text: "b took it" },
  ]);
});

it.each([
  ["you@example.org", "you@example.org"],
  [undefined, ""],
])("given %s, sends to %j with the stack's password", async (recipient, sent) => {
  const { environments } = await look(configWith({ smtp }), recipient, printed(0, "ok", ""));
  expect(environments).toMatchObject([{ SEND_TO: sent, SMTP_PASSWORD: "correct horse" }]);
});

it("tells a refusal beside the answer of the other server", async () => {
  const refusal = "mastodon:smtp.bulk.port: 25 of bulk.example.org does not answer; use port 587";
  const { findings } = await look(
    configWith({ smtp }),
    undefined,
    printed(1, "a takes it\n", `${refusal}\n`),
  );
  expect(findings).toEqual([
    { state: "ok", text: "a takes it" },
    { state: "fault", text: refusal },
  ]);
});

it("says why nobody could be asked", async () => {
  const { findings } = await look(
    configWith({ smtp }),
    undefined,
    printed(1, "", "Error: No such object: \n"),
  );
  expect(findings).toEqual([
    {
      state: "fault",
      text: expect.stringMatching(/No such object.*npm run pulumi -- up/) as string,
    },
  ]);
});

it.each([
  [undefined, "ok"],
  ["you@example.org", "fault"],
])(
  "asks nobody where mail stays on the machine; wished to send to %s, that is %s",
  async (recipient, state) => {
    const { findings, environments } = await look(configWith(), recipient, printed(0, "", ""));
    expect(findings.map((finding) => finding.state)).toEqual([state]);
    expect(environments).toEqual([]);
  },
);
