import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "../support/commands";
import { textOf } from "../support/page";
import { projectFolder } from "../support/projectFolder";
import { callToolchain } from "../support/toolchain";

const source = "github.com/rhysd/actionlint";
const folder = path.join(projectFolder, "tests/support/actionlint");
const [, version = ""] =
  new RegExp(`${source} (v\\S+)`).exec(textOf("tests/support/actionlint/go.mod")) ?? [];
const { cache } = callToolchain("folders", "foldersFor", [process.env]) as {
  readonly cache: string;
};
const linter = path.join(cache, "bin", `actionlint-${version}`);

/** Whether the linter is there, or can be made: a machine that has Go makes it once, in about a minute. */
function isToBeHad(): boolean {
  if (existsSync(linter)) return true;
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function make(): Promise<void> {
  if (existsSync(linter)) return;
  await mkdir(path.dirname(linter), { recursive: true });
  const goFolders = callToolchain("folders", "goFolders", [process.env]) as NodeJS.ProcessEnv;
  const draft = `${linter}.${process.pid}`;
  const flags = ["-trimpath", "-mod=readonly", "-buildvcs=false"];
  await run("go", ["build", ...flags, "-o", draft, `${source}/cmd/actionlint`], {
    cwd: folder,
    env: { ...process.env, ...goFolders },
    limitMs: 600_000,
  });
  renameSync(draft, linter);
}

/** What it finds in a repository. */
async function findings(repository: string): Promise<string> {
  // Scripts of shells are left alone: a linter of those that happens to be installed would find more on one machine.
  const args = ["-no-color", "-shellcheck=", "-pyflakes="];
  const { stdout } = await run(linter, args, { cwd: repository, mayFail: true });
  return stdout;
}

const required = process.env["ACCEPTANCE"] === "required";

// Where it cannot be had, the rules in workflows.test.ts hold all the same.
(required || isToBeHad() ? describe : describe.skip)(
  "actionlint, which needs Go to be built",
  () => {
    beforeAll(make, 600_000);

    it("finds nothing in the workflows", async () => {
      expect(await findings(projectFolder)).toBe("");
    });

    it("finds what is wrong in a workflow", async () => {
      const repository = mkdtempSync(path.join(tmpdir(), "repository-"));
      await mkdir(path.join(repository, ".github/workflows"), { recursive: true });
      await mkdir(path.join(repository, ".git"));
      const file = path.join(repository, ".github/workflows/check.yaml");
      const wrong = textOf(".github/workflows/check.yaml").replace(
        "timeout-minutes: 30",
        "time: 30",
      );
      await writeFile(file, wrong);
      expect(await findings(repository)).toContain('unexpected key "time"');
      rmSync(repository, { recursive: true });
    });
  },
);
