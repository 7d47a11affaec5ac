import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { docker, run, type Result } from "../../support/commands";
import { containersOf } from "../../support/inspection";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const instance = "mastodon-review.localhost";
const folder = path.join(testbed.folder, "reviewInCi");
const backend = path.join(folder, "backend");
const runner = path.join(folder, "runner");
const options = {
  folder,
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    domain: "review.localhost",
    edge: { kind: "local", port: 8452 },
    images: testbed.images,
  },
};

/** As its owner begins: with the state on the own machine. */
const own = new Project(options);

/** What the workflows set, and the passphrase. */
const elsewhere = {
  PULUMI_BACKEND_URL: `file://${backend}`,
  PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
  PULUMI_CONFIG_PASSPHRASE_FILE: path.join(own.state, "passphrase"),
  // The plugins are there, and there is no place to look for others.
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
};

/** The same stack from a backend that GitHub's runners reach, for which a folder stands. */
const moved = new Project({ ...options, env: elsewhere });

/** Runs a script of the workflows on the stack. */
const step = (script: string): Promise<Result> =>
  run(process.execPath, [`.github/scripts/${script}.mjs`], {
    cwd: moved.clone,
    env: { ...moved.env, STACKS: "dev", RUNNER_TEMP: runner },
    limitMs: 10 * 60_000,
  });

const keptBy = async (name: string): Promise<Readonly<Record<string, unknown>>[]> =>
  JSON.parse(await readFile(path.join(runner, `${name}.json`), "utf8")) as Readonly<
    Record<string, unknown>
  >[];

beforeAll(async () => {
  await own.create();
  await own.installProviders();
  await mkdir(backend);
  await mkdir(runner);
  await own.up();
});

afterAll(async () => {
  await moved.pulumi(["destroy", "--yes", "--remove-data"]);
  await own.remove();
});

it("goes on in another backend, to which its state is moved as docs/review-in-ci.md has it", async () => {
  const secrets = await own.secrets();
  const file = path.join(folder, "state.json");
  await own.pulumi(["stack", "export", "--file", file]);
  await moved.pulumi(["stack", "init", "dev"]);
  await moved.pulumi(["stack", "import", "--file", file]);
  await rm(file);
  expect(changesIn(await moved.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  expect(await moved.secrets()).toEqual(secrets);
});

it("is reviewed, without a secret in what is said", async () => {
  await moved.configure({ registrations: "approval" });
  await step("reviewStacks").finally(() => moved.configure({ registrations: undefined }));
  const [review, ...others] = await keptBy("reviews");
  expect(others).toEqual([]);
  expect(review).toMatchObject({ stack: "dev", code: 0 });
  expect(review?.["report"]).toMatch(/\S/);
  for (const secret of Object.values(await moved.secrets()))
    expect(review?.["report"]).not.toContain(secret);
});

it("has no drift until something is changed by hand", async () => {
  await step("findDrift");
  expect(await keptBy("drift")).toMatchObject([{ stack: "dev", state: "none" }]);
  const [streaming] = await containersOf(testbed.endpoint, instance, "streaming");
  await docker(testbed.endpoint, ["rm", "--force", streaming?.id ?? ""]);
  await step("findDrift");
  const [drift] = await keptBy("drift");
  expect(drift).toMatchObject({ stack: "dev", state: "drift" });
  expect(drift?.["text"]).toContain("mastodon-app-streaming");
  for (const secret of Object.values(await moved.secrets()))
    expect(drift?.["text"]).not.toContain(secret);
});

it("cannot be compared while its engine does not answer, and that is no drift", async () => {
  await run(process.execPath, [".github/scripts/findDrift.mjs"], {
    cwd: moved.clone,
    env: {
      ...moved.env,
      STACKS: "dev",
      RUNNER_TEMP: runner,
      DOCKER_HOST: `unix://${path.join(folder, "none.sock")}`,
    },
    limitMs: 10 * 60_000,
  });
  expect(await keptBy("drift")).toMatchObject([{ stack: "dev", state: "unknown" }]);
});
