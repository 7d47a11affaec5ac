import { readFile } from "node:fs/promises";
import path from "node:path";
import { docker, until, type Result } from "../../support/commands";
import { engineUnder } from "../../support/engineUnder";
import { containersOf, listedOf } from "../../support/inspection";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const instance = "mastodon-interrupted.localhost";
const project = new Project({
  folder: path.join(testbed.folder, "interrupted"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    domain: "interrupted.localhost",
    edge: { kind: "local", port: 8444 },
    images: testbed.images,
  },
});

/** What the engine tells of how a container was made. */
interface DockerInspect {
  readonly Config: {
    readonly Image: string;
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
  };
}

/** How many resources are in the state when the engine is killed, spread over the 50 or so of a first `up`. */
const points = [1, 6, 12, 17, 21, 25, 28, 30, 33, 36, 39, 42];

interface Checkpoint {
  readonly resources?: readonly unknown[];
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

/** Begins an `up` and kills its engine once so many resources are in the state. */
async function interruptAt(resources: number): Promise<void> {
  const running = project.begin();
  const ended = new Promise((resolve) => running.once("exit", resolve));
  let engine: number | undefined;
  await until(
    `an engine at ${resources} resources`,
    300_000,
    async () => {
      if (running.exitCode !== null) throw new Error(`the up ended before ${resources} resources`);
      engine = await engineUnder(running.pid ?? 0);
      const { resources: made = [] } = await checkpoint();
      return engine !== undefined && made.length >= resources;
    },
    20,
  );
  process.kill(engine ?? 0, "SIGKILL");
  await ended;
}

beforeAll(async () => {
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

it("comes up whole and with the same secrets, although the engine was killed at each of twelve points", async () => {
  let seen: Readonly<Record<string, string>> = {};
  for (const point of points) {
    await interruptAt(point);
    const secrets = await project.secrets();
    expect(secrets).toMatchObject(seen);
    seen = secrets;
  }
  await project.start();
  const containers = await containersOf(testbed.endpoint, instance);
  expect(containers.map(({ part }) => part).sort()).toEqual([
    "gateway",
    "postgres",
    "redis",
    "sidekiq-default",
    "streaming",
    "web",
  ]);
  expect(containers.map(({ health }) => health)).toEqual(Array(6).fill("healthy"));
  expect(Object.keys(seen)).toHaveLength(9);
  expect(await project.secrets()).toEqual(seen);
  expect(await listedOf(testbed.endpoint, instance, "network")).toHaveLength(2);
  expect(await listedOf(testbed.endpoint, instance, "volume")).toHaveLength(5);
});

it("has nothing left to do afterwards", async () => {
  const { stdout } = await project.start();
  expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
});

describe("a first start of Postgres that is cut short", () => {
  const name = "first-start";
  const folder = "/var/lib/postgresql/data";
  let start: readonly string[] = [];

  const within = (...command: readonly string[]): Promise<Result> =>
    docker(testbed.endpoint, ["exec", name, ...command], { mayFail: true });

  beforeAll(async () => {
    const [container] = await containersOf(testbed.endpoint, instance, "postgres");
    const { Image, User, Env, Entrypoint, Cmd } = (
      JSON.parse(container?.text ?? "{}") as DockerInspect
    ).Config;
    const [program = "", ...words] = Entrypoint;
    start = [
      ...["run", "--detach", `--name=${name}`, "--network=none", `--user=${User}`],
      ...["--tmpfs=/run/postgresql:mode=1777", `--volume=${name}:${folder}`],
      ...Env.map((entry) => `--env=${entry}`),
      ...[`--entrypoint=${program}`, Image, ...words, ...Cmd],
    ];
  });

  afterEach(async () => {
    await docker(testbed.endpoint, ["rm", "--force", name], { mayFail: true });
    await docker(testbed.endpoint, ["volume", "rm", "--force", name]);
  });

  // What initdb writes first; its first database, and its last one; what a server writes that runs on it.
  it.each(["PG_VERSION", "base/1/PG_VERSION", "base/5/PG_VERSION", "postmaster.opts"])(
    "once there is its %s, leaves nothing that the next one trips over",
    async (file) => {
      await docker(testbed.endpoint, start);
      await within("sh", "-c", `until ls ${folder}/*/${file}; do :; done`);
      await docker(testbed.endpoint, ["kill", name]);
      await docker(testbed.endpoint, ["start", name]);
      await until("Postgres is ready", 120_000, async () => {
        const { code } = await within("pg_isready", "--host=127.0.0.1", "--username=postgres");
        return code === 0;
      });
      const ask = ["psql", "--username=postgres", "--tuples-only", "--no-align", "--command"];
      const { stdout } = await within(...ask, "SHOW data_checksums");
      expect(stdout.trim()).toBe("on");
    },
  );
});

it("comes back whole where the network is made anew by which all go out, and containers are found", async () => {
  const urn =
    "urn:pulumi:dev::mastodon::mastodon:index:Instance$mastodon:index:Foundation$docker:index/network:Network::mastodon-foundation-network-egress";
  const before = await containersOf(testbed.endpoint, instance);
  await project.pulumi(["up", "--yes", "--skip-preview", "--non-interactive", "--replace", urn]);
  const after = await containersOf(testbed.endpoint, instance);
  expect(after.map(({ part, health }) => `${part} ${health}`).sort()).toEqual(
    before.map(({ part }) => `${part} healthy`).sort(),
  );
  const { stdout } = await project.start();
  expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
});
