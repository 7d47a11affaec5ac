import { existsSync } from "node:fs";
import path from "node:path";
import { docker, run } from "../../support/commands";
import { authorityOf, containersOf } from "../../support/inspection";
import { MailHost, mailPorts, mailServer } from "../../support/mailHost";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const { architecture, images, emulation } = testbed.foreign;
const domain = "pi.example.org";
const instance = `mastodon-${domain}`;
const origin = `https://${domain}:8449`;
const register = "/proc/sys/fs/binfmt_misc";
const parts = ["gateway", "postgres", "redis", "sidekiq-default", "streaming", "web"];

const project = new Project({
  folder: path.join(testbed.folder, "pi"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  stack: "pi",
  config: {
    domain,
    host: { kind: "local" },
    sizing: { memoryMb: 4096, cpus: 4 },
    edge: { kind: "local", port: 8449 },
    images: {
      postgres: images["postgres"],
      redis: images["redis"],
      caddy: images["caddy"],
      mastodon: images["mastodon-4.7.2"],
      streaming: images["streaming-4.7.2"],
      binfmt: emulation,
    },
    smtp: { server: mailServer, port: mailPorts.relay, from: "notifications@pi.example.org" },
    admin: { username: "alice", email: "alice@example.org" },
  },
});

let mail: MailHost;

const limitOf = async (id: string): Promise<number> =>
  Number(
    (await docker(testbed.endpoint, ["inspect", "--format", "{{.HostConfig.Memory}}", id])).stdout,
  );

beforeAll(async () => {
  mail = await MailHost.open(path.join(testbed.folder, "pi-mail"));
  // The kernel's register, as systemd mounts it on a machine of one's own.
  if (!existsSync(path.join(register, "register")))
    await run("mount", ["-t", "binfmt_misc", "binfmt_misc", register]);
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
  await mail.close();
});

describe("the stack pi, with images that this machine cannot run by itself", () => {
  it("is refused, with the way out, before anything is made", async () => {
    const { code, stdout, stderr } = await project.pulumi(["preview", "--non-interactive"], true);
    expect(code).not.toBe(0);
    for (const key of ["postgres", "redis", "caddy", "mastodon", "streaming"])
      expect(stdout + stderr).toContain(`mastodon:images.${key}: `);
    expect(stdout + stderr).toContain(`but for ${architecture}`);
    expect(stdout + stderr).toContain("emulation: true");
    expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
  });

  it("comes up by emulation where that is asked for, and says what it costs", async () => {
    await project.configure({ host: { kind: "local", emulation: true } });
    const { stdout, stderr } = await project.up();
    expect(stdout + stderr).toContain("ten times the processor's time");
    const found = await containersOf(testbed.endpoint, instance);
    expect(found.map(({ part, health }) => `${part} ${health}`).sort()).toEqual(
      parts.map((part) => `${part} healthy`),
    );
  });

  it("runs every program as one of the other architecture", async () => {
    for (const { id } of await containersOf(testbed.endpoint, instance)) {
      const { stdout } = await docker(testbed.endpoint, ["exec", id, "uname", "-m"]);
      expect(stdout.trim()).toBe(architecture === "arm64" ? "aarch64" : "x86_64");
    }
  });

  it("answers", async () => {
    const visitor = new Visitor(origin, await authorityOf(testbed.endpoint, instance));
    const { status, text } = await visitor.get("/api/v2/instance");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ domain });
  });

  it("holds every container to its memory, and all of them to the machine's", async () => {
    const found = await containersOf(testbed.endpoint, instance);
    const limits = await Promise.all(found.map(({ id }) => limitOf(id)));
    expect(Math.min(...limits)).toBeGreaterThan(0);
    expect(limits.reduce((sum, limit) => sum + limit, 0)).toBeLessThan(4096 * 1024 ** 2);
    const [redis] = await containersOf(testbed.endpoint, instance, "redis");
    const greedy = ["exec", redis?.id ?? "", "sh", "-c", "head -c 600m /dev/zero | tail -c 600m"];
    expect((await docker(testbed.endpoint, greedy, { mayFail: true })).code).not.toBe(0);
  });

  it("changes nothing the second time", async () => {
    const { stdout } = await project.up();
    expect(stdout).toMatch(/Resources:\n\s+\d+ unchanged\n/);
  });
});
