import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dockerEngineVersion, hostSetup } from "../../../plan/hosts/hostSetup";
import { readinessScript } from "../../../plan/hosts/readiness";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "readiness-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What the server answers to each command; a count is kept in a file, for answers that change. */
interface Answers {
  readonly true?: string;
  readonly "cloud-init"?: string;
  readonly tail?: string;
  /** Takes the set-up, and carries it out. */
  readonly "sudo*cat*"?: string;
  readonly "sudo*bash*"?: string;
  readonly docker?: string;
}

const fine: Answers = {
  true: "exit 0",
  "cloud-init": "exit 0",
  tail: "echo 'cc_users_groups.py: failed to create the user'",
  "sudo*cat*": 'cat > "$folder/received"',
  "sudo*bash*": "exit 0",
  docker: 'case "$*" in *version*) echo 29.8.2 ;; esac',
};

const spec = {
  name: "mastodon-example",
  label: "org.joinmastodon.instance=x",
  setup: {
    user: "mastodon",
    swapMb: 2048,
    docker: { version: dockerEngineVersion },
    rebootTime: "04:30",
  },
};

/** Waits for a server that a test double of `ssh` plays: the script is a real shell's. */
function wait(answers: Answers, seconds = 30): { code: number | null; output: string } {
  const cases = Object.entries({ ...fine, ...answers }).map(
    ([command, script]) => `  ${command}) ${script} ;;`,
  );
  const lines = [
    ...["#!/bin/sh", "shift", `folder=${folder}`, "count=$folder/count"],
    ...['case "$1" in', ...cases, "esac"],
  ];
  writeFileSync(path.join(folder, "ssh"), `${lines.join("\n")}\n`);
  writeFileSync(path.join(folder, "sleep"), "#!/bin/sh\n");
  for (const name of ["ssh", "sleep"]) chmodSync(path.join(folder, name), 0o755);
  const script = readinessScript({ ...spec, seconds }, "4711");
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], {
    encoding: "utf8",
    env: { PATH: `${folder}:/usr/bin:/bin` },
    timeout: 20_000,
  });
  return { code: status, output: `${stdout}${stderr}` };
}

it("ends when the server has set itself up, and says what it waits for", () => {
  const { code, output } = wait({});
  expect(code).toBe(0);
  expect(output).toContain("to answer on SSH");
  expect(output).toContain("Docker 29.8.2 is ready.");
});

it("hands over the set-up, whole and unchanged", () => {
  expect(wait({}).code).toBe(0);
  expect(readFileSync(path.join(folder, "received"), "utf8")).toBe(hostSetup(spec.setup, "4711"));
});

it.each([
  ["taken", { "sudo*cat*": "echo 'sudo: a password is required' >&2; exit 1" }, "a password is"],
  ["carried out", { "sudo*bash*": "echo 'mastodon-host: no volume'; exit 1" }, "host: no volume"],
])("says why the set-up was not %s, and where it left the rest", (_, answers, reason) => {
  const { code, output } = wait(answers);
  expect(code).toBe(1);
  expect(output).toContain(reason);
  expect(output).toContain("/var/log/mastodon-host.log");
  expect(output).not.toContain("is ready");
});

it("waits while SSH does not answer yet, and while the first boot restarts it", () => {
  const later =
    'echo >> "$count"; [ $(wc -l < "$count") -gt 3 ] || { echo refused >&2; exit 255; }';
  expect(wait({ true: later }).code).toBe(0);
  rmSync(path.join(folder, "count"));
  expect(wait({ "cloud-init": later }).code).toBe(0);
});

it("takes a first boot that is done with complaints for done", () => {
  expect(wait({ "cloud-init": "exit 2" }).code).toBe(0);
});

it("tells a first boot that failed by its log, and what then helps", () => {
  const { code, output } = wait({ "cloud-init": "exit 1" });
  expect(code).toBe(1);
  expect(output).toContain("failed to create the user");
  expect(output).not.toContain("Setting the server up");
  expect(output).toContain("up --replace");
});

it("sends nothing to a machine that is not the one that was made", () => {
  const { code, output } = wait({ true: "echo 'Host key verification failed.' >&2; exit 255" });
  expect(code).toBe(1);
  expect(output).toContain("Another machine answers");
});

it("says so when the time is up, with what ssh says and where to look", () => {
  const { code, output } = wait({ true: "echo 'Connection timed out' >&2; exit 255" }, 0);
  expect(code).toBe(1);
  expect(output).toContain("does not answer on SSH after 0 seconds");
  expect(output).toContain("host.adminIps");
  expect(output).toContain("ssh says: Connection timed out");
});

it("says so when Docker does not answer in time", () => {
  const { code, output } = wait({ docker: "echo 'Cannot connect' >&2; exit 1" }, 0);
  expect(code).toBe(1);
  expect(output).toContain("Docker does not answer on the server");
  expect(output).toContain("Cannot connect");
});

it("waits for the containers that it finds to be healthy again", () => {
  const starting =
    'case "$*" in *version*) echo 29.8.2 ;; *starting*) echo >> "$count"; [ $(wc -l < "$count") -gt 2 ] || echo abc ;; esac';
  expect(wait({ docker: starting }).code).toBe(0);
});
