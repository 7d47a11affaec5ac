import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findCommit } from "../../components/findCommit";
import { ConfigError } from "../../plan";

const folder = mkdtempSync(path.join(tmpdir(), "find-commit-"));

const git = (...args: string[]): string =>
  execFileSync(
    "git",
    ["-C", folder, "-c", "user.name=Test", "-c", "user.email=test@example.org", ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  )
    .toString()
    .trim();

const commit = (): string => {
  git("commit", "--quiet", "--no-gpg-sign", "--allow-empty", "--message=x");
  return git("rev-parse", "HEAD");
};

let released = "";
let newest = "";

beforeAll(() => {
  git("init", "--quiet", "--initial-branch=main");
  released = commit();
  git("tag", "--annotate", "--no-sign", "--message=x", "v4.7.2");
  newest = commit();
  git("branch", "feature/x");
});

afterAll(() => rmSync(folder, { recursive: true }));

const refusal = async (repository: string, ref: string): Promise<[string, string]> => {
  const error: unknown = await findCommit(repository, ref).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw error;
  const [fault] = error.faults;
  return [fault?.path ?? "", fault?.message ?? ""];
};

it("finds branches and, of an annotated tag, the commit that it stands for", async () => {
  expect(await findCommit(folder, "main")).toBe(newest);
  expect(await findCommit(folder, "feature/x")).toBe(newest);
  expect(await findCommit(folder, "v4.7.2")).toBe(released);
});

it("names the nearest to one that is not there", async () => {
  const [place, message] = await refusal(folder, "v4.7.3");
  expect(place).toBe("image.ref");
  expect(message).toContain('"v4.7.3" is neither a branch nor a tag');
  expect(message).toContain("did you mean v4.7.2?");
});

it("names some where none is near", async () => {
  const [, message] = await refusal(folder, "something-else");
  expect(message).toContain("there is, for example, feature/x, main, v4.7.2");
});

it("asks for the whole of a commit", async () => {
  const [, message] = await refusal(folder, released.slice(0, 12));
  expect(message).toContain("write all 40 digits of a commit");
});

it("says why a repository cannot be read", async () => {
  const [place, message] = await refusal(`${folder}/missing`, "main");
  expect(place).toBe("image.repository");
  expect(message).toMatch(/missing cannot be read: .*does not appear to be a git repository/);
});

it("asks for git where there is none", async () => {
  const { PATH } = process.env;
  process.env["PATH"] = "/nowhere";
  try {
    expect(await refusal(folder, "main")).toEqual([
      "image.repository",
      "needs git, which is not on the PATH of this machine: install it, and repeat",
    ]);
  } finally {
    process.env["PATH"] = PATH;
  }
});
