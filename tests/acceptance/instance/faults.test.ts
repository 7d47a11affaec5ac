import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { docker, run } from "../../support/commands";
import { containersOf } from "../../support/inspection";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const instance = "mastodon-faults.localhost";
const config = {
  domain: "faults.localhost",
  edge: { kind: "local", port: 8445 },
  images: testbed.images,
};
const project = new Project({
  folder: path.join(testbed.folder, "faults"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config,
});

beforeAll(async () => {
  await project.create();
  await project.installProviders();
});

afterAll(() => project.remove());

/** Runs `npm start`, which must fail without having made anything. @returns what it said */
async function refused(
  env: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
): Promise<string> {
  const [program, ...args] = [...wrapper, process.execPath, "toolchain/start.mjs"];
  const { code, stdout, stderr } = await run(program, args, {
    cwd: project.clone,
    env: { ...project.env, ...env },
    mayFail: true,
    limitMs: 300_000,
  });
  expect(code).not.toBe(0);
  expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
  const said = stdout + stderr;
  expect(said).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  return said;
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

it("names every fault of the configuration at once", async () => {
  await project.configure({
    domain: "https://faults.localhost",
    registrations: "everybody",
    sidekick: {},
  });
  try {
    const said = await refused();
    expect(said).toContain("mastodon:domain");
    expect(said).toContain("mastodon:registrations");
    expect(said).toContain("mastodon:sidekick");
  } finally {
    await project.configure({ ...config, registrations: undefined, sidekick: undefined });
  }
});

it("says which port is taken by another program", async () => {
  const server = await occupy(8445);
  try {
    expect(await refused()).toMatch(/edge\.port: 8445 is taken by another program/);
  } finally {
    server.close();
  }
});

it("says which container has taken the port", async () => {
  const gateway = "stranger";
  const args = [
    "run",
    "--detach",
    `--name=${gateway}`,
    "--publish=127.0.0.1:8445:80",
    "--entrypoint=sleep",
  ];
  await docker(testbed.endpoint, [...args, testbed.images["redis"] ?? "", "600"]);
  try {
    expect(await refused()).toMatch(/edge\.port: 8445 is taken by the container stranger/);
  } finally {
    await docker(testbed.endpoint, ["rm", "--force", gateway]);
  }
});

it("says where no engine answers", async () => {
  const said = await refused({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
  expect(said).toContain("/nowhere/docker.sock");
});

it("says that the engine may not be used", async () => {
  const socket = testbed.endpoint.replace("unix://", "");
  const { uid, gid, mode } = await stat(socket);
  await chown(socket, 65534, 65534);
  await chmod(socket, 0o600);
  try {
    // Root without the right to overlook permissions is as anybody else, and still owns the clone.
    const ordinary = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    expect(await refused({}, ordinary)).toMatch(/may not use|[Pp]ermission|docker group/);
  } finally {
    await chown(socket, uid, gid);
    await chmod(socket, mode & 0o777);
  }
});

it("says which disk is full", async () => {
  const state = path.join(testbed.folder, "full");
  await mkdir(state);
  await run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", state]);
  try {
    expect(await refused({ MASTODON_STATE: state })).toContain(state);
  } finally {
    await run("umount", [state]);
  }
});

it("comes up once the faults are mended", async () => {
  await project.start();
  expect(await containersOf(testbed.endpoint, instance)).toHaveLength(6);
  await project.pulumi(["destroy", "--yes", "--remove-data"]);
});
