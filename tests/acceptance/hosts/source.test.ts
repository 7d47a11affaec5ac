import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { useBuildKit } from "../../support/buildKit";
import { flavourOf } from "../../../plan";
import { docker, run } from "../../support/commands";
import { authorityOf, containersOf } from "../../support/inspection";
import { Project } from "../../support/project";
import { SourceRepository } from "../../support/sourceRepository";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const origin = "https://localhost:8448";
const instance = "mastodon-source";
const folder = path.join(testbed.folder, "source");
const repository = new SourceRepository(path.join(folder, "repository"));
const project = new Project({
  folder,
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    name: "source",
    image: { flavour: "source", repository: repository.folder, ref: "main" },
    images: testbed.images,
    edge: { kind: "local", port: 8448 },
  },
});

const visitor = async (): Promise<Visitor> =>
  new Visitor(origin, await authorityOf(testbed.endpoint, instance));

/** The name of the commit that serves pages. */
const served = async (): Promise<string> => (await (await visitor()).get("/commit.txt")).text;

async function ids(): Promise<Readonly<Record<string, string>>> {
  const found = await containersOf(testbed.endpoint, instance);
  return Object.fromEntries(found.map(({ part, id }) => [part, id]));
}

const lockFile = path.join(project.clone, "Pulumi.dev.lock.json");
const readLock = async (): Promise<Readonly<Record<string, string>>> =>
  JSON.parse(await readFile(lockFile, "utf8")) as Record<string, string>;

/** As a person does who wants the newest commit of the branch. */
const unlock = (): Promise<void> => writeFile(lockFile, "{}\n");

let first = "";

/** A docker client's settings in which the testbed's engine is the client's own, as an operator's is. */
async function operatorEnv(): Promise<NodeJS.ProcessEnv> {
  const { DOCKER_HOST: _, ...env } = process.env;
  const own = { ...env, DOCKER_CONFIG: path.join(folder, "operator") };
  const address = `host=${testbed.endpoint}`;
  await run("docker", ["context", "create", "operator", "--docker", address], { env: own });
  await run("docker", ["context", "use", "operator"], { env: own });
  return own;
}

beforeAll(async () => {
  await useBuildKit(path.join(folder, "bin"));
  // An old BuildKit asks registries over HTTPS alone, and the engine's own store first.
  for (const base of repository.bases) await docker(testbed.endpoint, ["pull", "--quiet", base]);
  await repository.create();
  first = await repository.commit("first");
  await project.create();
  await project.installProviders();
  await project.start();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

describe("an instance built from source", () => {
  it("comes up healthy, of the commit that the branch named", async () => {
    const containers = await containersOf(testbed.endpoint, instance);
    expect(containers.map(({ health }) => health)).toEqual(Array(6).fill("healthy"));
    expect(await served()).toBe("first");
    expect(await readLock()).toEqual({ [`${repository.folder}#main`]: first });
    expect((await project.outputs())["images"]).toMatchObject({
      mastodon: `mastodon-source/mastodon:${first}`,
      streaming: `mastodon-source/streaming:${first}`,
    });
    expect(containers.find(({ part }) => part === "web")?.text).toContain(`SOURCE_COMMIT=${first}`);
  });

  it("takes a post from the owner, through sidekiq, to an open socket", async () => {
    const person = await visitor();
    const { adminPassword } = await project.outputs();
    await person.signIn("owner@localhost", String(adminPassword));
    const token = await person.authorize();
    const socket = await person.listen(token);
    await person.publish(token, "hello from source");
    await socket.receive("hello from source");
    socket.close();
  });

  it("stays what it is when the branch moves", async () => {
    const before = await ids();
    await repository.write(
      "Dockerfile",
      "FROM scratch\nRUN --mount=type=bind,target=/source false\n",
    );
    await repository.commit("broken");
    const { stdout } = await project.start();
    expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    expect(await ids()).toEqual(before);
  });

  it("goes on serving when another commit cannot be built", async () => {
    const before = await ids();
    await unlock();
    const { code, stdout, stderr } = await project.pulumi(["up", "--yes", "--skip-preview"], true);
    expect(code).not.toBe(0);
    // What the build said is shown.
    expect(stdout + stderr).toContain("type=bind,target=/source false");
    expect(await ids()).toEqual(before);
    expect(await served()).toBe("first");
  });

  it("can be built on the engine of the operator, and sent to the host", async () => {
    const image = { flavour: "source", repository: repository.folder, ref: first } as const;
    const { build } = flavourOf({ ...image, build: "operator" });
    if (build === undefined) throw new Error("the flavour builds nothing");
    const elsewhere = { ...build.environment, MASTODON: "elsewhere:1", STREAMING: "elsewhere:2" };
    const { stdout } = await run("sh", ["-c", build.script], {
      env: { ...(await operatorEnv()), ...elsewhere, DOCKER_HOST: testbed.endpoint },
    });
    expect(stdout).toContain("Loaded image: elsewhere:1");
    expect(stdout).toContain("Loaded image: elsewhere:2");
  });

  it("is replaced once another commit is built", async () => {
    const before = await ids();
    await repository.git("checkout", "--quiet", first, "--", "Dockerfile");
    const repaired = await repository.commit("repaired");
    await unlock();
    await project.start();
    expect(await served()).toBe("repaired");
    expect(Object.values(await readLock())).toEqual([repaired]);
    const after = await ids();
    const same = Object.keys(after).filter((part) => after[part] === before[part]);
    expect(same.sort()).toEqual(["gateway", "postgres", "redis"]);
  });
});
