import { readFile } from "node:fs/promises";
import path from "node:path";
import { docker } from "../../support/commands";
import { authorityOf, containersOf, type Inspected } from "../../support/inspection";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const origin = "https://localhost:8447";
const instance = "mastodon-linuxserver";
const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"];
const project = new Project({
  folder: path.join(testbed.folder, "linuxserver"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: {
    name: "linuxserver",
    image: { flavour: "linuxserver", version: "4.7.1" },
    images: testbed.images,
    edge: { kind: "local", port: 8447 },
    sidekiq: { all: { queues, threads: 3 }, push: { queues: ["push"], threads: 2 } },
    environment: { MASTODON_PROMETHEUS_EXPORTER_ENABLED: "true" },
  },
});

async function container(part: string): Promise<Inspected> {
  const [found] = await containersOf(testbed.endpoint, instance, part);
  if (found === undefined) throw new Error(`no container is labelled ${part}`);
  return found;
}

const logsOf = async (part: string): Promise<string> => {
  const { stdout, stderr } = await docker(testbed.endpoint, ["logs", (await container(part)).id]);
  return stdout + stderr;
};

const within = async (part: string, ...command: string[]): Promise<string> =>
  (await docker(testbed.endpoint, ["exec", (await container(part)).id, ...command])).stdout;

const visitor = async (): Promise<Visitor> =>
  new Visitor(origin, await authorityOf(testbed.endpoint, instance));

async function ids(): Promise<Readonly<Record<string, string>>> {
  const found = await containersOf(testbed.endpoint, instance);
  return Object.fromEntries(found.map(({ part, id }) => [part, id]));
}

async function postsArrive(): Promise<void> {
  const person = await visitor();
  const { adminPassword } = await project.outputs();
  await person.signIn("owner@localhost", String(adminPassword));
  const token = await person.authorize();
  const socket = await person.listen(token);
  try {
    const text = `hello ${Math.random().toString(36).slice(2)}`;
    await person.publish(token, text);
    await socket.receive(text);
  } finally {
    socket.close();
  }
}

beforeAll(async () => {
  await project.create();
  await project.installProviders();
  await project.start();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

describe("an instance of the LinuxServer image", () => {
  it("comes up healthy, with one container for all but the stores, the gateway and one queue", async () => {
    const containers = await containersOf(testbed.endpoint, instance);
    expect(containers.map(({ part, health }) => `${part} ${health}`).sort()).toEqual(
      ["gateway", "postgres", "redis", "sidekiq-push", "web"].map((part) => `${part} healthy`),
    );
  });

  it("keeps the digest of its tag", async () => {
    const lock = await readFile(path.join(project.clone, "Pulumi.dev.lock.json"), "utf8");
    expect(Object.keys(JSON.parse(lock) as object)).toEqual(["lscr.io/linuxserver/mastodon:4.7.1"]);
  });

  it("takes a post from the owner, through sidekiq, to an open socket", async () => {
    await postsArrive();
  });

  it("divides the queues as its image can", async () => {
    expect(await logsOf("web")).toContain(`3 threads, queues: ${queues.join(", ")}`);
    expect(await logsOf("sidekiq-push")).toContain("2 threads, queues: push\n");
  });

  it("works under the ids that it is given", async () => {
    const owner = await within("web", "stat", "--format=%u:%g", "/config/mastodon/public/system");
    expect(owner.trim()).toBe("991:991");
    const status = await within("web", "sh", "-c", "cat /proc/$(pgrep -xf 'sidekiq .*')/status");
    expect(status).toMatch(/^Uid:\t991\t991/m);
  });

  it("has its media served by the gateway", async () => {
    const file = "/config/mastodon/public/system/probe.txt";
    await within("web", "sh", "-c", `echo seen > ${file}`);
    const { text, headers } = await (await visitor()).get("/system/probe.txt");
    expect(text).toBe("seen\n");
    expect(headers["cache-control"]).toContain("immutable");
  });

  it("is told by plain HTTP to use HTTPS, for ever", async () => {
    const answer = await within(
      "web",
      ...["curl", "--silent", "--head", "--header", "Host: localhost"],
      ...["--header", "X-Forwarded-Proto: https", "http://127.0.0.1/about"],
    );
    expect(answer).toMatch(/^HTTP\/1.1 301/);
    expect(answer).toMatch(/location: https:\/\/localhost\/about/i);
  });

  it("answers to tootctl and counts for Prometheus, on no published port", async () => {
    expect(await within("web", "/tootctl", "version")).toMatch(/^4\.7\.1/);
    const counted = await within("web", "curl", "--silent", "http://127.0.0.1:9394/metrics");
    expect(counted).toContain("ruby_collector_working 1");
    expect((await container("web")).ports).toEqual([]);
  });

  it("tells its secrets neither to who inspects it nor in its logs", async () => {
    const { databaseSuperuserPassword: _, adminPassword, ...secrets } = await project.secrets();
    for (const part of ["web", "sidekiq-push"]) {
      const told = (await container(part)).text + (await logsOf(part));
      expect(told).toContain("FILE__SECRET_KEY_BASE");
      for (const [name, value] of Object.entries({ ...secrets, adminPassword }))
        expect({ name, told: told.includes(value ?? "") }).toEqual({ name, told: false });
    }
  });

  it("changes nothing the second time", async () => {
    const before = await ids();
    const { stdout } = await project.start();
    expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    expect(await ids()).toEqual(before);
  });

  it("migrates as it starts with another version, and keeps what was there", async () => {
    const before = await ids();
    await project.configure({ image: { flavour: "linuxserver", version: "4.7.2" } });
    await project.start();
    const after = await ids();
    const same = Object.keys(after).filter((part) => after[part] === before[part]);
    expect(same.sort()).toEqual(["gateway", "postgres", "redis"]);
    expect(await within("web", "/tootctl", "version")).toMatch(/^4\.7\.2/);
    await postsArrive();
  });
});
