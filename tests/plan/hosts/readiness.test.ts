import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
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
  readonly docker?: string;
}

const fine: Answers = {
  true: "exit 0",
  "cloud-init": "exit 0",
  tail: "echo 'mastodon-host: the volume has another file system'",
  docker: 'case "$*" in *version*) echo 29.8.2 ;; esac',
};

/** Waits for a server that a test double of `ssh` plays: the script is a real shell's. */
function wait(answers: Answers, seconds = 30): { code: number | null; output: string } {
  const cases = Object.entries({ ...fine, ...answers }).map(
    ([command, script]) => `  ${command}) ${script} ;;`,
  );
  const lines = ["#!/bin/sh", "shift", `count=${folder}/count`, 'case "$1" in', ...cases, "esac"];
  writeFileSync(path.join(folder, "ssh"), `${lines.join("\n")}\n`);
  writeFileSync(path.join(folder, "sleep"), "#!/bin/sh\n");
  for (const name of ["ssh", "sleep"]) chmodSync(path.join(folder, name), 0o755);
  const script = readinessScript("mastodon-example", "org.joinmastodon.instance=x", seconds);
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

it("waits while SSH does not answer yet, and while the set-up restarts it", () => {
  const later =
    'echo >> "$count"; [ $(wc -l < "$count") -gt 3 ] || { echo refused >&2; exit 255; }';
  expect(wait({ true: later }).code).toBe(0);
  rmSync(path.join(folder, "count"));
  expect(wait({ "cloud-init": later }).code).toBe(0);
});

it("takes a set-up that is done with complaints for done", () => {
  expect(wait({ "cloud-init": "exit 2" }).code).toBe(0);
});

it("tells a set-up that failed by its log, and what then helps", () => {
  const { code, output } = wait({ "cloud-init": "exit 1" });
  expect(code).toBe(1);
  expect(output).toContain("mastodon-host: the volume has another file system");
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
