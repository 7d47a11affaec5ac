import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, makePlan, type Plan } from "../../../plan";
import { flavourOf } from "../../../plan/flavours/flavourOf";
import { run, type Result } from "../../support/commands";
import { withDockerClientDouble, type Answer } from "../../support/dockerClientDouble";
import { configWith } from "../../support/fixtures";

const repository = "https://github.com/glitch-soc/mastodon.git";
const commit = "0123456789abcdef0123456789abcdef01234567";
const image = { flavour: "source", repository, ref: commit };

const planWith = (overrides: Readonly<Record<string, unknown>> = {}): Plan =>
  makePlan(configWith({ image: { ...image, ...overrides } }));

function refusalOf(overrides: Readonly<Record<string, unknown>>): ConfigError {
  try {
    configWith(overrides);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

it("tags what it builds with the commit", () => {
  const { images, build } = planWith();
  expect([images.mastodon, images.streaming]).toEqual([
    `mastodon-source/mastodon:${commit}`,
    `mastodon-source/streaming:${commit}`,
  ]);
  expect(build?.images).toEqual([images.mastodon, images.streaming]);
});

it("runs as Mastodon's own images do, but for the link to its code", () => {
  const official = makePlan(configWith());
  const { containers, jobs, publications } = planWith();
  expect(jobs).toEqual(official.jobs);
  expect(publications).toEqual(official.publications);
  expect(containers.gateway).toEqual(official.containers.gateway);
  const link = {
    SOURCE_BASE_URL: "https://github.com/glitch-soc/mastodon",
    SOURCE_TAG: commit,
  };
  const { web } = official.containers;
  expect(containers.web).toEqual({ ...web, environment: { ...web.environment, ...link } });
});

it("leaves the link to whoever sets it", () => {
  const environment = { SOURCE_BASE_URL: "https://example.org/code" };
  const { web } = makePlan(configWith({ image, environment })).containers;
  expect(web.environment["SOURCE_BASE_URL"]).toBe("https://example.org/code");
});

it.each(["/srv/mastodon.git", "ssh://git@example.org/mastodon.git", "git@example.org:mastodon"])(
  "links to no address that a browser cannot open: %s",
  (address) => {
    expect(planWith({ repository: address }).containers.web.environment).not.toHaveProperty(
      "SOURCE_BASE_URL",
    );
  },
);

describe("a branch or tag", () => {
  const choice = configWith({ image: { ...image, ref: "feature/x" } }).image;

  it("is left to be settled, and then stands for one commit", () => {
    const { unsettled } = flavourOf(choice);
    expect(unsettled).toMatchObject({ repository, ref: "feature/x" });
    expect(unsettled?.at(commit)).toEqual(configWith({ image }).image);
  });

  it("is settled where it is a whole commit", () => {
    expect(flavourOf(configWith({ image }).image).unsettled).toBeUndefined();
  });

  it("makes a tag that Docker accepts in the meantime", () => {
    expect(flavourOf(choice).images.mastodon).toBe("mastodon-source/mastodon:feature-x");
  });
});

it.each([
  "https://hunter2@example.org/mastodon.git",
  "https://alice:hunter2@example.org/mastodon.git",
  "ssh://git:hunter2@example.org/mastodon.git",
])("refuses credentials, and does not repeat them: %s", (address) => {
  const error = refusalOf({ image: { ...image, repository: address } });
  expect(error.faults).toEqual([
    { path: "image.repository", message: expect.stringContaining("credential helper") as string },
  ]);
  expect(error.message).not.toContain("hunter2");
});

describe("the build", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "source-build-"));
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", folder, ...args])
      .toString()
      .trim();
  let head = "";

  beforeAll(() => {
    git("init", "--quiet");
    writeFileSync(path.join(folder, "Dockerfile"), "FROM scratch\n");
    git("add", "--all");
    git(
      ...["-c", "user.name=Test", "-c", "user.email=test@example.org"],
      ...["commit", "--quiet", "--no-gpg-sign", "--message=x"],
    );
    head = git("rev-parse", "HEAD");
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const runWith = (answers: Readonly<Record<string, Answer>>): Promise<Result> => {
    const { script = "", environment = {} } =
      planWith({ repository: folder, ref: head }).build ?? {};
    return withDockerClientDouble(answers, () =>
      run("/bin/sh", ["-c", script], {
        env: { ...process.env, ...environment },
        limitMs: 20_000,
        mayFail: true,
      }),
    );
  };
  const inspect = (name: string): string => `image inspect mastodon-source/${name}:${head}`;
  const clientVersion = "version --format {{.Client.Version}}";
  const missing = { [inspect("mastodon")]: { code: 1 }, [inspect("streaming")]: { code: 1 } };

  it("does nothing where both images are there", async () => {
    const answers = { [inspect("mastodon")]: {}, [inspect("streaming")]: {} };
    expect(await runWith(answers)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("asks for buildx where the client has no BuildKit", async () => {
    const answers = {
      ...missing,
      [clientVersion]: { stdout: "28.2.2" },
      "buildx version": { code: 1 },
    };
    const { code, stderr } = await runWith(answers);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Mastodon's Dockerfile needs BuildKit, .* install the package/);
  });

  it("says which Dockerfile a repository lacks", async () => {
    const { code, stderr } = await runWith({ ...missing, [clientVersion]: { stdout: "20.10.24" } });
    expect(code).toBe(1);
    expect(stderr).toContain(`image.repository ${folder} has no streaming/Dockerfile at ${head}`);
  });
});

describe.each(["host", "operator"])("the build on the %s", (build) => {
  const { script, environment } = planWith({ build }).build ?? { script: "", environment: {} };

  it("does what was reviewed", () => {
    expect({ script, environment }).toMatchSnapshot();
  });

  it("is understood by a shell", () => {
    expect(() => execFileSync("/bin/sh", ["-n"], { input: script })).not.toThrow();
  });

  it("takes values from its environment, never from its text", () => {
    for (const value of Object.values(environment)) expect(script).not.toContain(value);
    for (const name of Object.keys(environment)) expect(script).toContain(`$${name}`);
  });
});
