import { callScript } from "../support/toolchain";

const call = (module: string, name: string, ...args: unknown[]): unknown =>
  callScript(module, name, args);

describe("the stacks that a change touches", () => {
  it.each([
    [["Pulumi.prod.yaml"], ["prod"]],
    [["Pulumi.prod.lock.json", "docs/vps.md"], ["prod"]],
    [["Pulumi.dev.yaml"], []],
    [["plan/images.ts"], ["prod", "pi"]],
    [["Pulumi.yaml"], ["prod", "pi"]],
    [
      ["package-lock.json", "Pulumi.pi.yaml"],
      ["prod", "pi"],
    ],
    [["something-new/file"], ["prod", "pi"]],
    [["README.md", "tests/run.mjs", ".github/workflows/check.yaml", "renovate.json"], []],
    [["docs.ts"], ["prod", "pi"]],
    [["nested/README.md"], ["prod", "pi"]],
    [[], []],
  ])("by %j are %j", (files, expected) => {
    expect(call("stacks", "touchedBy", files, ["prod", "pi"])).toEqual(expected);
  });

  it("are among those that the repository names", () => {
    expect(call("stacks", "stacksIn", " prod  pi\n")).toEqual(["prod", "pi"]);
    expect(call("stacks", "stacksIn", "")).toEqual([]);
    expect(() => call("stacks", "stacksIn", "prod; rm")).toThrow(/which is no stack/);
  });
});

describe("printed text in Markdown", () => {
  it("cannot leave its fence", () => {
    expect(call("markdown", "verbatim", "a\n````\n# b\n")).toBe("`````text\na\n````\n# b\n`````");
  });

  it("is cut where it is too long", () => {
    expect(call("markdown", "verbatim", "abcdef", 3)).toBe("```text\nabc\n…\n```");
  });
});

describe("the text of a review", () => {
  const about = { commit: "abc123", page: "https://github.example/run" };
  const review = { stack: "prod", code: 0, report: "### prod\n\n<details>much</details>" };

  it("has a part for each stack, under a marker", () => {
    const pi = { ...review, stack: "pi", report: "### pi\n" };
    const text = call("reviewText", "reviewText", [review, pi], about);
    expect(text).toBe(
      [
        "<!-- review of the stacks -->",
        review.report,
        "### pi",
        "Of commit abc123, by [this run](https://github.example/run).",
      ].join("\n\n"),
    );
  });

  it("says of a stack without a report that there is none", () => {
    const failed = { stack: "pi", code: 1, report: "\n" };
    expect(call("reviewText", "reviewText", [failed], about)).toContain(
      "### Review of `pi`\n\nIt could not be made (exit code 1)",
    );
  });

  it("tells what a lock file is to hold", () => {
    const text = call("reviewText", "reviewText", [{ ...review, lock: '{ "a": "b" }\n' }], about);
    expect(text).toContain("`Pulumi.prod.lock.json` is to hold this");
    expect(text).toContain('```text\n{ "a": "b" }\n```');
  });

  it("leaves out first what is folded away, then everything", () => {
    const long = { ...review, report: `**Goes on.**\n\n<details>${"x".repeat(2000)}</details>` };
    const short = call("reviewText", "reviewText", [long], { ...about, most: 1000 });
    expect(short).toContain("**Goes on.**");
    expect(short).toContain("The rest is too long for here");
    expect(short).not.toContain("<details");
    const longer = { ...review, report: "x".repeat(2000) };
    expect(call("reviewText", "reviewText", [longer], { ...about, most: 1000 })).toBe(
      "<!-- review of the stacks -->\n\nThe review is too long for here: [read it there](https://github.example/run).",
    );
  });
});

describe("what Pulumi's preview means", () => {
  const drift = (code: number, stdout: string, stderr = ""): unknown =>
    call("driftText", "driftIn", "prod", { code, stdout, stderr });

  it("is no drift where it ends well", () => {
    expect(drift(0, "Resources:\n    41 unchanged")).toMatchObject({ state: "none" });
  });

  it("is drift where it says that it expected no change", () => {
    const said = "error: no changes were expected for preview but changes were proposed";
    expect(drift(7, "~ 1 to update", said)).toMatchObject({ state: "drift" });
    // By a Pulumi of before 2026.
    const former = "error: no changes were expected but changes were proposed";
    expect(drift(255, "~ 1 to update", former)).toMatchObject({ state: "drift" });
  });

  it("is neither where it failed for another reason", () => {
    expect(drift(255, "", "error: could not reach the host")).toMatchObject({ state: "unknown" });
    expect(drift(1, "a container whose log says: no changes were expected")).toMatchObject({
      state: "unknown",
    });
  });
});
