import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readPreview, type Values } from "../../../plan/review";
import { run, type Result } from "../../support/commands";
import { graphOf, previewOf } from "../../support/previews";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const domain = "review.localhost";
const base = {
  domain,
  name: domain,
  edge: { kind: "local", port: 8452 },
  images: testbed.images,
};
const project = new Project({
  folder: path.join(testbed.folder, "review"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: base,
});

const threads = (count: number): Values => ({
  sidekiq: {
    default: {
      queues: ["default", "push", "mailers", "scheduler", "fasp", "ingress", "pull"],
      threads: count,
    },
  },
});

/** `npm run review` */
const review = (format: string): Promise<Result> =>
  run(process.execPath, ["ops/review.mjs", "--stack", "dev", "--format", format], {
    cwd: project.clone,
    env: project.env,
    limitMs: 5 * 60_000,
    mayFail: true,
  });

/** The events that the engine tells of a preview. */
async function events(): Promise<Values[]> {
  const { stdout } = await run(
    process.execPath,
    ["toolchain/pulumi.mjs", "preview", "--json", "--non-interactive"],
    {
      cwd: project.clone,
      env: { ...project.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
      limitMs: 5 * 60_000,
    },
  );
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Values);
}

/** No secret of the instance, and no place of this machine. */
async function expectNothingHidden({ stdout }: Result): Promise<void> {
  for (const secret of Object.values(await project.secrets())) expect(stdout).not.toContain(secret);
  expect(stdout).not.toContain(testbed.folder);
  expect(stdout).not.toContain("[secret]");
}

beforeAll(async () => {
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await project.configure({ ...base, sidekiq: undefined });
  await project.pulumi(["destroy", "--yes", "--remove-data"]);
  await project.remove();
});

it("says of what is not there yet that everything is new", async () => {
  const { code, stdout } = await review("text");
  expect(stdout).toMatch(/^dev: Everything is new: \d+ resources\./);
  expect(code).toBe(0);
});

it("says that nothing changes", async () => {
  await project.configure(threads(5));
  await project.up();
  const result = await review("text");
  expect(result.stdout).toBe("dev: Nothing changes.\n");
  expect(result.code).toBe(0);
});

it("tells what one process is replaced for, as a comment on a pull request", async () => {
  await project.configure(threads(7));
  const result = await review("markdown");
  expect(result.stdout).toMatch(
    /^### Review of <code>dev<\/code>\n\n\*\*May go on: 1 replaced\.\*\* Interrupts nothing\.\n/,
  );
  expect(result.stdout).toContain(
    "| replaced | sidekiq default | command | <code>mastodon-app-sidekiq-default</code> |",
  );
  expect(result.code).toBe(0);
  await expectNothingHidden(result);
});

it("reads the engine's events as those that the prepared changes are told by", async () => {
  const told = readPreview(await events());
  const [before, after] = [
    await graphOf({ ...base, ...threads(5) }),
    await graphOf({ ...base, ...threads(7) }),
  ];
  const prepared = readPreview(previewOf(before, after));
  const shapes = ({ steps }: typeof told): string[] =>
    steps
      // A stack has a name of its own.
      .filter(({ type }) => type !== "pulumi:pulumi:Stack")
      .map(({ name, type, change, goesFirst, keys, ...states }) =>
        JSON.stringify([
          name,
          type,
          change,
          goesFirst,
          keys,
          [states.before, states.after].map((state) => state && [state.protect, state.retain]),
        ]),
      )
      .sort();
  expect(shapes(told)).toEqual(shapes(prepared));
  const place = ({ steps }: typeof told): unknown =>
    steps.find(({ name }) => name === "mastodon")?.before?.outputs["mediaPlace"];
  expect(place(told)).toBe(place(prepared));
});

it("refuses another domain, whatever is acknowledged, as up does before it changes anything", async () => {
  await project.configure({ ...threads(5), domain: "other.localhost", acknowledge: ["domain"] });
  const result = await review("markdown");
  expect(result.stdout).toContain("**REFUSED: domain.**");
  expect(result.stdout).toContain("review.localhost:8452 becomes other.localhost:8452");
  expect(result.code).toBe(1);
  await expectNothingHidden(result);
  const up = await project.pulumi(["up", "--yes", "--non-interactive"], true);
  const start = await project.start(true);
  expect(start.stderr).toContain("npm run review -- --stack dev");
  for (const { code, stdout } of [up, start]) {
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/mastodon-domain"?\s.*marked for protection/);
    expect(stdout).not.toContain("Updating");
  }
});

it("refuses another major version of Postgres, and says that up does so too", async () => {
  const postgres = (testbed.images["postgres"] ?? "").replace(/^postgres:\d+/, "postgres:99");
  await project.configure({
    ...base,
    acknowledge: undefined,
    images: { ...testbed.images, postgres },
  });
  const result = await review("text");
  expect(result.stdout).toMatch(
    /^dev: REFUSED: volume postgres\.\nInterrupts everything for at most 7 minutes\./,
  );
  expect(result.stdout).toContain("So does up: the protection in Pulumi's state.");
  expect(result.code).toBe(1);
  await expectNothingHidden(result);
  const { stdout } = await project.up(true);
  expect(stdout).toContain("marked for protection");
});

it("refuses another encryption key", async () => {
  await project.configure({ ...base, ...threads(5) });
  const file = path.join(project.clone, "plan/secrets.ts");
  const text = await readFile(file, "utf8");
  const key = '"activeRecordPrimaryKey", kind: "text", length: 32';
  expect(text).toContain(key);
  await writeFile(file, text.replace(key, key.replace("32", "33")));
  const result = await review("text");
  await writeFile(file, text);
  expect(result.stdout).toMatch(/^dev: REFUSED: secret activeRecordPrimaryKey\.\n/);
  expect(result.code).toBe(1);
  await expectNothingHidden(result);
});

it("says what is wrong with a stack file of which there can be no preview", async () => {
  await project.configure({ registrations: "sometimes" });
  const { code, stdout } = await review("text");
  expect(stdout).toMatch(/^dev: FAILED/);
  expect(stdout).toContain("mastodon:registrations");
  expect(code).toBe(1);
  await project.configure({ registrations: undefined });
});
