import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { docker, run } from "../../support/commands";
import { authorityOf, containersOf, type Inspected } from "../../support/inspection";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const port = 8451;
const origin = `https://localhost:${port}`;
const instance = "mastodon-search";
const project = new Project({
  folder: path.join(testbed.folder, "search"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    name: "search",
    images: testbed.images,
    edge: { kind: "local", port },
    sizing: { memoryMb: 8192, cpus: 2 },
    search: { kind: "container", engine: "elasticsearch" },
  },
});

async function container(part: string): Promise<Inspected> {
  const [found] = await containersOf(testbed.endpoint, instance, part);
  if (found === undefined) throw new Error(`no container is labelled ${part}`);
  return found;
}

/** How many documents an index holds, asked from where Mastodon asks. */
async function countOf(index: string): Promise<number> {
  const { id } = await container("web");
  const question = ["exec", id, "curl", "--silent", `http://search:9200/${index}/_count`];
  const { stdout } = await docker(testbed.endpoint, question);
  return (JSON.parse(stdout) as { readonly count: number }).count;
}

const inspect = async (part: string, format: string): Promise<unknown> => {
  const { id } = await container(part);
  const { stdout } = await docker(testbed.endpoint, [
    "inspect",
    "--format",
    `{{json ${format}}}`,
    id,
  ]);
  return JSON.parse(stdout) as unknown;
};

const isServed = async (): Promise<boolean> => {
  const visitor = new Visitor(origin, await authorityOf(testbed.endpoint, instance));
  return (await visitor.get("/api/v2/instance")).status === 200;
};

beforeAll(async () => {
  await project.create();
  await project.installProviders();
  await project.start();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

describe("the stand-in for Elasticsearch beside an instance", () => {
  it("is healthy, and nothing outside reaches it", async () => {
    expect((await container("search")).health).toBe("healthy");
    const networks = await inspect("search", ".NetworkSettings.Networks");
    expect(Object.keys(networks as object)).toEqual([`${instance}-internal`]);
    expect(await inspect("search", ".NetworkSettings.Ports")).not.toHaveProperty(["9200/tcp", 0]);
  });

  it("knows who is there, once npm start has ended", async () => {
    expect(await countOf("accounts")).toBeGreaterThanOrEqual(1);
    expect(await countOf("statuses")).toBe(0);
  });

  it("is asked of nothing more by an update that changes nothing", async () => {
    const changes = changesIn(await project.up());
    expect(changes).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });
});

describe("a variable that the stack file holds encrypted", () => {
  const secret = randomBytes(16).toString("hex");

  it("reaches Mastodon, and is to be read neither in the stack file nor in the state", async () => {
    const key = "mastodon:secretEnvironment.GITHUB_API_TOKEN";
    await project.pulumi(["config", "set", "--secret", "--path", key, secret]);
    await project.up();

    expect(await inspect("web", ".Config.Env")).toContain(`GITHUB_API_TOKEN=${secret}`);
    const stackFile = await readFile(path.join(project.clone, "Pulumi.dev.yaml"), "utf8");
    expect(stackFile).toMatch(/secretEnvironment:\s+GITHUB_API_TOKEN:\s+secure:/);
    const found = await run("grep", ["-rlF", secret, project.clone, project.state], {
      mayFail: true,
    });
    expect(found.stdout).toBe("");
  });
});

describe("a search server that does not answer", () => {
  it("fails the update in plain words, and leaves the instance as it serves", async () => {
    await project.configure({ search: { kind: "external", url: "http://192.0.2.1:9200" } });
    const { code, stdout, stderr } = await project.up(true);

    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("There was an issue connecting to the search server");
    expect(await inspect("web", ".Config.Env")).toContain("ES_HOST=192.0.2.1");
    expect(await isServed()).toBe(true);
  });

  it("is tried again by the next update, here with an engine of its own again", async () => {
    await project.configure({ search: { kind: "container", engine: "elasticsearch" } });
    await project.up();

    expect(await countOf("accounts")).toBeGreaterThanOrEqual(1);
    expect(await isServed()).toBe(true);
  });
});
