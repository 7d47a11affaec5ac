import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { docker, run } from "../../support/commands";
import { containersOf } from "../../support/inspection";
import { account, MailHost, mailPorts, mailServer, refusedSender } from "../../support/mailHost";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "mail");
const name = "mail";
const instance = `mastodon-${name}`;
const from = "notifications@example.org";

let host: MailHost;
let project: Project;
/** Settings by which the good server takes mail. */
let good: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  host = await MailHost.open(path.join(folder, "host"));
  good = {
    server: mailServer,
    port: mailPorts.good,
    login: account.login,
    from,
    ca: host.authority,
    startTls: "always",
  };
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    config: { name, edge: { kind: "local", port: 8447 }, images: testbed.images, smtp: good },
  });
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await host.close();
  await project.remove();
});

const setPassword = (value: string): Promise<unknown> =>
  project.pulumi(["config", "set", "--secret", "mastodon:smtpPassword", value]);

/** An `up` that has to fail. @returns what it said */
async function refused(): Promise<string> {
  const { code, stdout, stderr } = await project.up(true);
  expect(code).not.toBe(0);
  return stdout + stderr;
}

/** The running containers with what would tell that one was replaced or changed. */
const containers = async (): Promise<string[]> =>
  (await containersOf(testbed.endpoint, instance))
    .map(({ part, id, pid, health }) => `${part} ${id} ${pid} ${health}`)
    .sort();

/** The command lines of all processes, while something goes on, that hold a text. */
async function linesHolding(text: string, work: Promise<unknown>): Promise<string[]> {
  const found = new Set<string>();
  const state = { ended: false };
  const ended = work.finally(() => (state.ended = true));
  while (!state.ended) {
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (line.includes(text)) found.add(line);
    }
  }
  await ended;
  return [...found];
}

describe("the first up", () => {
  it("makes no container where the password is refused, and says so", async () => {
    await setPassword("wrong-guess");
    const said = await refused();
    expect(said).toContain(
      `mastodon:smtp.login: "${account.login}" and smtpPassword are refused: ${mailServer} says "535 5.7.8 Authentication credentials invalid"`,
    );
    expect(said).toContain("npm run pulumi -- config set --secret mastodon:smtpPassword");
    expect(said).not.toContain("wrong-guess");
    expect(await containers()).toEqual([]);
  });

  it("goes through once the password is right, and shows it to nobody", async () => {
    await setPassword(account.password);
    const shown = await linesHolding(account.password, project.up());
    expect(shown).toEqual([]);
    expect((await containers()).length).toBeGreaterThanOrEqual(6);
    expect(host.received).toEqual([]);
  });

  it("puts the authority where sidekiq looks for it", async () => {
    const [sidekiq] = await containersOf(testbed.endpoint, instance, "sidekiq-default");
    const { stdout } = await docker(testbed.endpoint, [
      ...["exec", sidekiq?.id ?? ""],
      ...["sh", "-c", 'cat "$SMTP_CA_FILE"'],
    ]);
    expect(stdout.trim()).toBe(host.authority.trim());
    expect(sidekiq?.health).toBe("healthy");
  });

  it("asks the server no second time when nothing has changed", async () => {
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });
});

describe("a running instance stays as it is, and the person is told,", () => {
  let before: string[];
  let settings: Record<string, Readonly<Record<string, unknown>>>;

  beforeAll(async () => {
    before = await containers();
    const { ca: _, ...stranger } = good;
    const { login: __, ...anonymous } = good;
    settings = {
      "a name that is nobody's": { ...good, server: "smtp.nobody.example" },
      "a closed port": { ...good, port: mailPorts.closed },
      "a blocked port": { ...good, port: mailPorts.blocked },
      "a silent server": { ...good, port: mailPorts.silent },
      "a certificate that has expired": { ...good, port: mailPorts.expired },
      "a certificate for another name": { ...good, port: mailPorts.otherName },
      "an unknown authority": stranger,
      "no STARTTLS": { ...good, port: mailPorts.clear },
      "a password in clear": { ...good, port: mailPorts.clear, startTls: "auto" },
      "no TLS on the port": { ...good, port: mailPorts.clear, startTls: "auto", tls: true },
      "no login at the server": { ...good, port: mailPorts.loginless },
      "no way to log in": { ...good, port: mailPorts.tokens },
      "a sender that is refused": { ...good, from: refusedSender },
      "announcements alone": {
        ...good,
        bulk: { server: mailServer, port: mailPorts.closed },
      },
      "a login that is missing": anonymous,
    };
  });

  afterAll(async () => {
    await project.configure({ smtp: good, timezone: undefined });
  });

  it.each([
    ["a name that is nobody's", 'smtp.server: "smtp.nobody.example" is a name that no name server'],
    ["a closed port", `smtp.port: ${mailPorts.closed} is closed at ${mailServer}`],
    [
      "a blocked port",
      "smtp.port: 25 of smtp.example.org does not answer within 5 seconds; Hetzner and most providers of home connections block ports 25 and 465: use port 587",
    ],
    ["a silent server", "takes the connection and then says nothing for 20 seconds"],
    ["a certificate that has expired", "shows a certificate that expired on"],
    ["a certificate for another name", "shows a certificate for another name (mx.example.net)"],
    [
      "an unknown authority",
      "no known authority vouches for (issued by CN=Authority of the tests); give that authority's certificate as smtp.ca",
    ],
    ["no STARTTLS", 'smtp.startTls: "always" is not possible: smtp.example.org offers no STARTTLS'],
    ["a password in clear", 'smtp.login: "alice" would be sent with its password in clear'],
    ["no TLS on the port", "smtp.tls: true is not possible: smtp.example.org does not speak TLS"],
    [
      "no login at the server",
      'smtp.login: "alice" is of no use: smtp.example.org offers no login',
    ],
    [
      "no way to log in",
      'smtp.authMethod: "plain" is not offered by smtp.example.org, which offers XOAUTH2',
    ],
    [
      "a sender that is refused",
      `smtp.from: "${refusedSender}" is refused as sender: smtp.example.org says "550 5.7.1 Sender not verified"`,
    ],
    ["announcements alone", `smtp.bulk.port: ${mailPorts.closed} is closed`],
  ])("of %s", async (what, sentence) => {
    // Something else is changed at once, which must not come to pass.
    await project.configure({ smtp: settings[what], timezone: "Europe/Berlin" });
    expect(await refused()).toContain(sentence);
    expect(await containers()).toEqual(before);
  });

  it("of a login that is missing, before any resource", async () => {
    await project.configure({ smtp: settings["a login that is missing"] });
    expect(await refused()).toContain("smtp.login: is missing, although smtpPassword is set");
    expect(await containers()).toEqual(before);
  });

  it("and changes once the settings are right again", async () => {
    await project.configure({
      smtp: { ...good, port: mailPorts.tls, tls: true, startTls: "auto", authMethod: "cram_md5" },
      timezone: "Europe/Berlin",
    });
    await project.up();
    const after = await containers();
    expect(after).toHaveLength(before.length);
    expect(after).not.toEqual(before);
    expect(after.every((line) => line.endsWith(" healthy"))).toBe(true);
    expect(host.received).toEqual([]);
  });
});

describe("npm run doctor", () => {
  const doctor = (...args: readonly string[]) =>
    run(process.execPath, ["ops/doctor.mjs", ...args], {
      cwd: project.clone,
      env: project.env,
      mayFail: true,
    });

  it("asks the server, and sends nothing unless told to whom", async () => {
    const { code, stdout, stderr } = await doctor();
    expect([code, stdout, stderr]).toEqual([0, stdout, ""]);
    expect(stdout).toMatch(
      /^ok +mail +smtp\.example\.org:587 takes mail from notifications@example\.org, encrypted, as alice$/m,
    );
    expect(host.received).toEqual([]);
  });

  it("sends one mail, which arrives", async () => {
    const shown = await linesHolding(
      account.password,
      doctor("--mail", "you@example.net").then(({ code, stdout }) => {
        expect([code, stdout]).toEqual([0, stdout]);
        expect(stdout).toContain(
          'took a mail to you@example.net, encrypted, as alice: it says "250',
        );
        expect(stdout).not.toContain(account.password);
      }),
    );
    expect(shown).toEqual([]);
    expect(host.received).toHaveLength(1);
    expect(host.received[0]?.recipients).toEqual(["you@example.net"]);
    expect(host.received[0]?.text).toMatch(/^From: notifications@example\.org\r?$/m);
    expect(host.received[0]?.text).toMatch(/^To: you@example\.net\r?$/m);
  });

  it("says what is wrong, and ends with a failure", async () => {
    await project.configure({ smtp: { ...good, port: mailPorts.closed } });
    try {
      const { code, stdout } = await doctor("--mail", "you@example.net");
      expect(code).toBe(1);
      expect(stdout).toMatch(/^fault +mail +mastodon:smtp\.port: 3007 is closed/m);
    } finally {
      await project.configure({ smtp: good });
    }
  });

  it.each([
    [["--mail", "nobody"], "--mail needs the address"],
    [["--mails", "you@example.net"], "--mails you@example.net is not known here"],
    [["--stack", "nope"], "There is no Pulumi.nope.yaml"],
  ])("refuses %j", async (args, sentence) => {
    const { code, stderr } = await doctor(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  });
});

it("keeps the password in no clear text: state, preview, stack file", async () => {
  const state = await run("sh", ["-c", `cat ${project.state}/.pulumi/stacks/mastodon/*.json*`]);
  const preview = await project.pulumi(["preview", "--diff", "--non-interactive"]);
  const file = await readFile(path.join(project.clone, "Pulumi.dev.yaml"), "utf8");
  for (const text of [state.stdout, preview.stdout, file]) {
    expect(text).not.toBe("");
    expect(text).not.toContain(account.password);
  }
});
