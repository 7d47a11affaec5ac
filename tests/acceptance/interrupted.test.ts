import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { docker, until } from "../support/commands";
import { containersOf } from "../support/inspection";
import { Project } from "../support/project";
import { installProviders } from "../support/providers/install";
import { currentSite } from "../support/site";

const site = currentSite();
const instance = "mastodon-interrupted.localhost";
const project = new Project({
  folder: path.join(site.folder, "interrupted"),
  endpoint: site.endpoint,
  cache: site.cache,
  config: {
    domain: "interrupted.localhost",
    edge: { kind: "local", port: 8444 },
    images: site.images,
  },
});

/** How many resources are in the state when the engine is killed, spread over the 50 or so of a first `up`. */
const points = [1, 6, 12, 17, 21, 25, 28, 30, 33, 36, 39, 42];

interface Checkpoint {
  readonly resources?: readonly {
    readonly urn: string;
    readonly id?: string;
    readonly outputs?: unknown;
  }[];
}

async function checkpoint(): Promise<Checkpoint> {
  const file = path.join(project.state, ".pulumi/stacks/mastodon/dev.json");
  const text = await readFile(file, "utf8").catch(() => "{}");
  try {
    return (JSON.parse(text) as { checkpoint?: { latest?: Checkpoint } }).checkpoint?.latest ?? {};
  } catch {
    // Read in the middle of a write.
    return {};
  }
}

/** The Pulumi engine that a command of the project started, by its place among the processes. */
async function enginesUnder(ancestor: number): Promise<number[]> {
  const entries = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = new Map<number, { parent: number; name: string }>();
  for (const entry of entries) {
    const text = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const match = /^(\d+) \((.*)\) \S+ (\d+)/s.exec(text);
    if (match !== null)
      parents.set(Number(match[1]), { name: match[2] ?? "", parent: Number(match[3]) });
  }
  const isUnder = (pid: number): boolean => {
    const found = parents.get(pid);
    return found !== undefined && (found.parent === ancestor || isUnder(found.parent));
  };
  return [...parents]
    .filter(([pid, { name }]) => name === "pulumi" && isUnder(pid))
    .map(([pid]) => pid);
}

/** Begins an `up` and kills the engine once so many resources are in the state. */
async function interruptAt(resources: number): Promise<void> {
  const running = project.begin();
  const ended = new Promise((resolve) => running.once("exit", resolve));
  await until(
    `${resources} resources`,
    300_000,
    async () => {
      if (running.exitCode !== null) return true;
      return ((await checkpoint()).resources?.length ?? 0) >= resources;
    },
    50,
  );
  for (const pid of await enginesUnder(running.pid ?? 0)) process.kill(pid, "SIGKILL");
  await ended;
}

/** The encrypted values of the generated secrets that are in the state: another text is another secret. */
async function secretIds(): Promise<Map<string, string>> {
  const { resources = [] } = await checkpoint();
  return new Map(
    resources
      .filter(({ urn }) => urn.includes("::random:index/"))
      .map(({ urn, outputs }) => [urn, JSON.stringify(outputs)]),
  );
}

beforeAll(async () => {
  await project.create();
  await installProviders({
    pulumi: "pulumi",
    env: { ...process.env, PULUMI_HOME: project.pulumiHome },
  });
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

it("comes up whole and with the same secrets, although the engine was killed at each of twelve points", async () => {
  const seen = new Map<string, string>();
  for (const point of points) {
    await interruptAt(point);
    for (const [urn, value] of await secretIds()) {
      expect(seen.get(urn) ?? value).toBe(value);
      seen.set(urn, value);
    }
  }
  await project.start();
  const containers = await containersOf(site.endpoint, instance);
  expect(containers.map(({ part }) => part).sort()).toEqual([
    "gateway",
    "postgres",
    "redis",
    "sidekiq-default",
    "streaming",
    "web",
  ]);
  expect(containers.map(({ health }) => health)).toEqual(Array(6).fill("healthy"));
  expect(seen.size).toBe(9);
  expect(Object.fromEntries(await secretIds())).toEqual(Object.fromEntries(seen));
  const filter = `label=org.joinmastodon.instance=${instance}`;
  const count = async (kind: string): Promise<number> => {
    const { stdout } = await docker(site.endpoint, [kind, "ls", "--quiet", "--filter", filter]);
    return stdout.split("\n").filter((line) => line !== "").length;
  };
  expect(await count("network")).toBe(2);
  expect(await count("volume")).toBe(4);
});

it("has nothing left to do afterwards", async () => {
  const { stdout } = await project.start();
  expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
});
