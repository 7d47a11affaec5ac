import { mkdtempSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { callToolchain } from "../support/toolchain";

test.each([
  ["1.41", true],
  ["1.53", true],
  ["2.0", true],
  ["1.40", false],
  ["1.9", false],
  ["", false],
])("API version %j is enough: %j", (api, expected) => {
  expect(callToolchain("docker", "isApiEnough", [api])).toBe(expected);
});

test.each([
  ['{"currentContext":"colima"}', "colima"],
  ['{"auths":{}}', null],
  ["not JSON", null],
])("active context of %s", (text, expected) => {
  expect(callToolchain("docker", "activeContext", [text])).toBe(expected);
});

test.each([
  ['{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///c.sock"}}}', "unix:///c.sock"],
  ['{"Name":"empty","Endpoints":{}}', null],
  ["", null],
])("host of the context %s", (text, expected) => {
  expect(callToolchain("docker", "hostOfContext", [text])).toBe(expected);
});

describe("finding an engine", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "engine-"));
  const servers: Server[] = [];

  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const listen = (name: string, listener: RequestListener) =>
    new Promise<string>((resolve) => {
      const socket = path.join(folder, name);
      servers.push(createServer(listener).listen(socket, () => resolve(socket)));
    });

  // Not in this process, whose event loop must be free to answer.
  const findEngine = async (env: Record<string, string>) => {
    const file = path.join(__dirname, "../../toolchain/docker.mjs");
    const script = `import { findEngine } from ${JSON.stringify(file)};
      process.stdout.write(JSON.stringify(await findEngine(${JSON.stringify({ HOME: folder, ...env })})));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      script,
    ]);
    return JSON.parse(stdout) as unknown;
  };

  const answering =
    (status: number, api: string): RequestListener =>
    (_, response) =>
      response.writeHead(status, { "Api-Version": api }).end();

  test("DOCKER_HOST names it", async () => {
    const socket = await listen("good.sock", answering(200, "1.41"));
    const host = `unix://${socket}`;
    expect(await findEngine({ DOCKER_HOST: host })).toEqual({ engine: { host, socket } });
  });

  test("the active context names it", async () => {
    const socket = await listen("context.sock", answering(200, "1.51"));
    const meta = path.join(
      folder,
      ".docker/contexts/meta",
      createHash("sha256").update("mine").digest("hex"),
    );
    await mkdir(meta, { recursive: true });
    const host = `unix://${socket}`;
    await writeFile(
      path.join(meta, "meta.json"),
      JSON.stringify({ Endpoints: { docker: { Host: host } } }),
    );
    await writeFile(path.join(folder, ".docker/config.json"), '{"currentContext":"mine"}');
    expect(await findEngine({})).toEqual({ engine: { host, socket } });
  });

  test.each([
    ["old", answering(200, "1.40")],
    ["silent", answering(500, "1.41")],
  ])("an engine that is %s is told apart", async (kind, listener) => {
    const host = `unix://${await listen(`${kind}.sock`, listener)}`;
    expect(await findEngine({ DOCKER_HOST: host })).toMatchObject({
      fault: { kind, host, chosen: true },
    });
  });

  test("one that is absent and one whose socket nobody listens on are told apart", async () => {
    expect(await findEngine({ DOCKER_HOST: "unix:///nowhere.sock" })).toMatchObject({
      fault: { kind: "absent" },
    });
    const file = path.join(folder, "dead.sock");
    await writeFile(file, "");
    expect(await findEngine({ DOCKER_HOST: `unix://${file}` })).toMatchObject({
      fault: { kind: "stopped" },
    });
  });
});

describe("what to do without an engine", () => {
  const names = (text: string) => `ID=${text}`;

  test.each([
    ["darwin", false, "Docker Desktop"],
    ["win32", false, "docs.docker.com"],
  ])("on %s", (platform, installed, expected) => {
    expect(callToolchain("installDocker", "installationHint", [platform, [], installed])).toContain(
      expected,
    );
  });

  test("a system's relatives are known", () => {
    const script = 'ID=pop\nID_LIKE="ubuntu debian"\nVERSION_ID="22.04"\n';
    expect(callToolchain("installDocker", "systemNames", [script])).toEqual([
      "pop",
      "ubuntu",
      "debian",
    ]);
    expect(callToolchain("installDocker", "systemNames", [names("arch")])).toEqual(["arch"]);
  });

  test.each([
    ["debian", "apt-get install docker.io"],
    ["fedora", "dnf install moby-engine"],
    ["arch", "pacman -S docker"],
    ["gentoo", "docs.docker.com/engine/install"],
  ])("on %s", (name, expected) => {
    expect(callToolchain("installDocker", "installationHint", ["linux", [name], false])).toContain(
      expected,
    );
  });

  test("an engine that is only stopped is to be started", () => {
    expect(callToolchain("installDocker", "installationHint", ["linux", ["arch"], true])).toContain(
      "systemctl start",
    );
  });
});
