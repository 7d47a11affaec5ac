import { writeFile } from "node:fs/promises";
import path from "node:path";
import { rules } from "../../../policies/rules";
import type { Result } from "../../support/commands";
import { containersOf, listedOf } from "../../support/inspection";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const instance = "mastodon-policies.localhost";
const project = new Project({
  folder: path.join(testbed.folder, "policies"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    domain: "policies.localhost",
    edge: { kind: "local", port: 8450 },
    images: testbed.images,
  },
});

beforeAll(async () => {
  await project.create();
  await project.installProviders();
});

afterAll(() => project.remove());

/** Runs a command with the rules set as they are by default, but for what is said here. */
async function judged(command: readonly string[], configuration: object): Promise<Result> {
  const file = path.join(project.clone, "policies.dev.json");
  await writeFile(file, JSON.stringify(configuration));
  return project.pulumi([...command, "--non-interactive", "--policy-pack-config", file], true);
}

/** Each refusal that Pulumi prints: by which rule, and of what. */
const refusalsIn = ({ stdout }: Result): string[] =>
  [...stdout.matchAll(/\[(\w+)\] \[severity: \w+\] +(\S+) +\(\S+: (\S+)\)/g)].map(
    ([, level = "", rule = "", name = ""]) => `${level} ${rule}: ${name}`,
  );

async function expectNothingMade(): Promise<void> {
  expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
  expect(await listedOf(testbed.endpoint, instance, "volume")).toEqual([]);
}

it("finds nothing to refuse in a preview of what does not exist yet", async () => {
  const result = await project.pulumi(["preview", "--non-interactive"]);
  expect(result.stdout).toMatch(/Policies:\s+✅ mastodon@v/);
  expect(refusalsIn(result)).toEqual([]);
});

it("refuses in the preview, by the rule and with the remedy, before anything is changed", async () => {
  const result = await judged(["preview"], {
    "limit-memory": { mostMb: 64 },
    "mark-secrets": { names: ["PGDATA"] },
    "fit-memory": { memoryMb: 64 },
    "rotate-logs": "disabled",
  });
  expect(result.code).not.toBe(0);
  const refusals = refusalsIn(result);
  expect(refusals).toContain("mandatory limit-memory: mastodon-app-web");
  // Marks are shown: what has none is seen.
  expect(refusals).toContain("mandatory mark-secrets: mastodon-database-postgres");
  expect(refusals.join("\n")).toContain("fit-memory");
  for (const { name, remediationSteps = "none" } of rules) {
    if (refusals.some((refusal) => refusal.includes(` ${name}:`)))
      expect(result.stdout).toContain(remediationSteps);
  }
  await expectNothingMade();
});

it("stops an update that nobody has previewed before it makes what is refused", async () => {
  const up = ["up", "--yes", "--skip-preview"];
  const result = await judged(up, { "limit-memory": { mostMb: 64 } });
  expect(result.code).not.toBe(0);
  expect(refusalsIn(result).join("\n")).toContain("limit-memory");
  expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
  await project.pulumi(["destroy", "--yes", "--remove-data"]);
});

it("only warns where it is told to", async () => {
  const result = await judged(["preview"], {
    "limit-memory": { enforcementLevel: "advisory", mostMb: 64 },
  });
  expect(result.code).toBe(0);
  expect(refusalsIn(result)).toContain("advisory limit-memory: mastodon-app-web");
});
