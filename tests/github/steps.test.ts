import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { GithubApi } from "../support/github/api";
import { projectFolder } from "../support/projectFolder";

let api: GithubApi;
let folder: string;

beforeEach(async () => {
  api = await GithubApi.start();
  folder = mkdtempSync(path.join(tmpdir(), "runner-"));
});

afterEach(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly stderr: string;
}

/** Runs a script as a step of a workflow does. */
async function step(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const file = path.join(projectFolder, ".github/scripts", `${script}.mjs`);
  const runner = {
    PATH: process.env["PATH"],
    HOME: folder,
    RUNNER_TEMP: folder,
    GITHUB_OUTPUT: path.join(folder, "output"),
    GITHUB_STEP_SUMMARY: path.join(folder, "summary"),
  };
  try {
    const { stderr } = await promisify(execFile)(process.execPath, [file], {
      env: { ...runner, ...api.environment, ...env },
    });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { readonly code: number; readonly stderr: string };
    return { code, stderr };
  }
}

const written = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const keep = (name: string, value: unknown): void =>
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(value));

const reviewed = { stack: "prod", code: 0, report: "Nothing changes." };

describe("finding the stacks of a pull request", () => {
  const pull = { PULL_REQUEST: "7", STACKS: "prod pi" };

  it("reads all pages of its files, and the former names of what was moved", async () => {
    api.files = [
      ...Array.from({ length: 150 }, (_, index) => ({ filename: `docs/${index}.md` })),
      { filename: "docs/old.yaml", previous_filename: "Pulumi.pi.yaml" },
    ];
    expect(await step("findTouched", pull)).toMatchObject({ code: 0 });
    expect(written("output")).toBe("stacks=pi\n");
  });

  it("finds none where only tests change", async () => {
    api.files = [{ filename: "tests/a.test.ts" }];
    await step("findTouched", pull);
    expect(written("output")).toBe("stacks=\n");
  });

  it("fails where GitHub refuses, and says so", async () => {
    const { code, stderr } = await step("findTouched", { ...pull, GITHUB_TOKEN: "another" });
    expect(code).toBe(1);
    expect(stderr).toContain("GitHub refuses GET /pulls/7/files");
    expect(stderr).toContain("401");
  });
});

describe("publishing reviews", () => {
  const pull = { PULL_REQUEST: "7", TOUCHED: "prod", COMMIT: "abc" };

  it("makes one comment and edits it from then on", async () => {
    api.addComment("<!-- review of the stacks -->\nmine, says a person", "mallory");
    keep("reviews", [reviewed]);
    expect(await step("publishReviews", pull)).toMatchObject({ code: 0 });
    keep("reviews", [{ ...reviewed, report: "Something changes." }]);
    expect(await step("publishReviews", pull)).toMatchObject({ code: 0 });
    expect(api.changes).toEqual(["POST /issues/7/comments", "PATCH /issues/comments/2"]);
    expect(api.comments).toHaveLength(2);
    expect(api.comments[0]?.body).toContain("says a person");
    expect(api.comments[1]?.body).toContain("Something changes.");
    expect(api.comments[1]?.body).toContain(
      "https://github.example/alice/instance/actions/runs/17",
    );
    expect(written("summary")).toContain("Something changes.");
  });

  it("finds its comment on a later page", async () => {
    for (let index = 0; index < 120; index += 1) api.addComment("hm", "bob");
    const own = api.addComment("<!-- review of the stacks -->\nold");
    keep("reviews", [reviewed]);
    await step("publishReviews", pull);
    expect(api.changes).toEqual([`PATCH /issues/comments/${own.id}`]);
  });

  it("fails after saying what is refused, or could not be reviewed", async () => {
    const refused = { stack: "pi", code: 1, report: "REFUSED: the domain changes" };
    keep("reviews", [reviewed, refused, { stack: "mac", code: 1, report: "" }]);
    const { code, stderr } = await step("publishReviews", pull);
    expect(code).toBe(1);
    expect(stderr).toContain("pi, mac");
    expect(api.comments[0]?.body).toContain("REFUSED: the domain changes");
    expect(api.comments[0]?.body).toContain("could not be made");
  });

  it("takes back what it said once a change touches no stack, and says nothing before", async () => {
    const untouched = { ...pull, TOUCHED: "" };
    expect(await step("publishReviews", untouched)).toMatchObject({ code: 0 });
    expect(api.changes).toEqual([]);
    api.addComment("<!-- review of the stacks -->\nold");
    await step("publishReviews", untouched);
    expect(api.comments[0]?.body).toContain("This change touches no stack.");
  });

  it("shows it on the page of the run alone where there is no pull request", async () => {
    keep("reviews", [reviewed]);
    expect(await step("publishReviews", { COMMIT: "abc" })).toMatchObject({ code: 0 });
    expect(written("summary")).toContain("Nothing changes.");
    expect(api.changes).toEqual([]);
  });

  it("keeps to what a comment can hold", async () => {
    keep("reviews", [{ ...reviewed, report: `Much.\n<details>${"x".repeat(100_000)}</details>` }]);
    expect(await step("publishReviews", pull)).toMatchObject({ code: 0 });
    expect(api.comments[0]?.body).toContain("Much.");
    expect(written("summary").length).toBeGreaterThan(100_000);
  });
});

describe("publishing drift", () => {
  const none = { stack: "prod", state: "none", text: "" };
  const drift = { stack: "pi", state: "drift", text: "~ docker:index/container:Container" };
  const unknown = { stack: "mac", state: "unknown", text: "error: no route to host" };

  it("opens one issue, edits it, and closes it once there is no difference", async () => {
    keep("drift", [none, drift]);
    expect(await step("publishDrift")).toMatchObject({ code: 0 });
    expect(await step("publishDrift")).toMatchObject({ code: 0 });
    expect(api.issues).toHaveLength(1);
    expect(api.issues[0]).toMatchObject({ state: "open", labels: ["drift"] });
    expect(api.issues[0]?.body).toContain("Stack `pi`");
    expect(api.issues[0]?.body).not.toContain("Stack `prod`");
    keep("drift", [none]);
    expect(await step("publishDrift")).toMatchObject({ code: 0 });
    expect(api.issues[0]).toMatchObject({ state: "closed" });
    keep("drift", [drift]);
    await step("publishDrift");
    expect(api.issues.map(({ state }) => state)).toEqual(["closed", "open"]);
  });

  it("leaves the issue as it is while a stack cannot be compared, and fails", async () => {
    const issue = api.addIssue("<!-- drift of the stacks -->\nold", ["drift"]);
    keep("drift", [none, unknown]);
    const { code, stderr } = await step("publishDrift");
    expect(code).toBe(1);
    expect(stderr).toContain("mac");
    expect(issue).toMatchObject({ state: "open", body: "<!-- drift of the stacks -->\nold" });
  });

  it("does not touch what a person has opened under the label", async () => {
    const theirs = api.addIssue("<!-- drift of the stacks -->", ["drift"], "mallory");
    keep("drift", [drift]);
    await step("publishDrift");
    expect(theirs.body).toBe("<!-- drift of the stacks -->");
    expect(api.issues).toHaveLength(2);
  });
});

describe("the approval of a deployment", () => {
  const reviewers = [{ type: "User", reviewer: { login: "alice" } }];
  const asked = (event: string) => ({ ENVIRONMENT: "production", EVENT: event });

  it.each([
    ["an environment that somebody looks after", { type: "required_reviewers", reviewers }, "true"],
    ["one that only waits", { type: "wait_timer", wait_timer: 5 }, "false"],
    ["one whose reviewers are gone", { type: "required_reviewers", reviewers: [] }, "false"],
  ])("after a merge, with %s: %s", async (_name, rule, approved) => {
    api.environments.set("production", { protection_rules: [rule] });
    expect(await step("checkApproval", asked("push"))).toMatchObject({ code: 0 });
    expect(written("output")).toBe(`approved=${approved}\n`);
  });

  it("is missing where there is no such environment, and the page of the run says what to do", async () => {
    await step("checkApproval", asked("push"));
    expect(written("output")).toBe("approved=false\n");
    expect(written("summary")).toContain("Run workflow");
  });

  it("is given by whoever starts it by hand", async () => {
    await step("checkApproval", asked("workflow_dispatch"));
    expect(written("output")).toBe("approved=true\n");
  });
});

describe("the key for hosts", () => {
  const keys = {
    SSH_PRIVATE_KEY: "-----BEGIN\nkey\n-----END",
    SSH_KNOWN_HOSTS: "pi ssh-ed25519 A",
  };
  const file = (name: string): string => path.join(folder, ".ssh", name);

  it("is written where ssh finds it, for nobody else to read", async () => {
    expect(await step("writeSshKey", keys)).toMatchObject({ code: 0 });
    expect(readFileSync(file("id_ed25519"), "utf8")).toBe(`${keys.SSH_PRIVATE_KEY}\n`);
    expect(statSync(file("id_ed25519")).mode & 0o777).toBe(0o600);
    expect(readFileSync(file("known_hosts"), "utf8")).toBe(`${keys.SSH_KNOWN_HOSTS}\n`);
  });

  it("never takes the place of one that a runner has", async () => {
    await step("writeSshKey", keys);
    const { code, stderr } = await step("writeSshKey", { ...keys, SSH_PRIVATE_KEY: "another" });
    expect(code).toBe(1);
    expect(stderr).toContain("is there already");
    expect(readFileSync(file("id_ed25519"), "utf8")).toBe(`${keys.SSH_PRIVATE_KEY}\n`);
  });

  it("is of no use without the hosts that it is for, and not asked for where there is none", async () => {
    expect((await step("writeSshKey", { ...keys, SSH_KNOWN_HOSTS: "" })).stderr).toContain(
      "SSH_KNOWN_HOSTS",
    );
    expect(await step("writeSshKey", { SSH_PRIVATE_KEY: "" })).toMatchObject({ code: 0 });
  });
});
