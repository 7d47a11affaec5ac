import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, linesOf, run, until } from "../../support/commands";
import { DockerEngine } from "../../support/dockerEngine";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";
import { authorityOf, containersOf, listedOf, type Inspected } from "../../support/inspection";

const testbed = currentTestbed();
const origin = "https://localhost:8443";
const instance = "mastodon-localhost";
const project = new Project({
  folder: path.join(testbed.folder, "instance"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: { images: testbed.images },
});

/** What `npm start` printed on its first run. */
let firstRun = "";

/** The arguments of every process that was seen during it. */
let seenArguments = "";

/** The value behind a label in the closing lines of `npm start`. */
function printed(label: string, output: string): string {
  return new RegExp(`^\\s*${label}\\s+(\\S+)$`, "m").exec(output)?.[1] ?? "";
}

async function container(part: string): Promise<Inspected> {
  const [found] = await containersOf(testbed.endpoint, instance, part);
  if (found === undefined) throw new Error(`no container is labelled ${part}`);
  return found;
}

const visitor = async (): Promise<Visitor> =>
  new Visitor(origin, await authorityOf(testbed.endpoint, instance));

async function signedIn(): Promise<{ visitor: Visitor; token: string }> {
  const person = await visitor();
  await person.signIn("owner@localhost", printed("password", firstRun));
  return { visitor: person, token: await person.authorize() };
}

async function isHealthy(): Promise<boolean> {
  const containers = await containersOf(testbed.endpoint, instance);
  return containers.length === 6 && containers.every(({ health }) => health === "healthy");
}

/** Posts through the gateway and waits for the post on the socket: every part has to do its work for that. */
async function postsArrive(): Promise<void> {
  const { visitor: person, token } = await signedIn();
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
  const { stdout, commandLines } = await watched(() => project.start());
  firstRun = stdout;
  seenArguments = commandLines;
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

describe("the first npm start", () => {
  it("ends with the address, the user and the password", () => {
    expect(printed("URL", firstRun)).toBe(origin);
    expect(printed("user", firstRun)).toBe("owner");
    expect(printed("password", firstRun)).toMatch(/^[A-Za-z0-9]{24}$/);
  });

  it("leaves every container healthy", async () => {
    expect(await isHealthy()).toBe(true);
  });

  it("pulls each image by its digest, and keeps those that it looked up", async () => {
    const lock = JSON.parse(
      await readFile(path.join(project.clone, "Pulumi.dev.lock.json"), "utf8"),
    ) as Record<string, string>;
    expect(Object.keys(lock)).toEqual([
      "ghcr.io/mastodon/mastodon-streaming:v4.7.2",
      "ghcr.io/mastodon/mastodon:v4.7.2",
    ]);
    const images = (await project.outputs())["images"] as Record<string, string>;
    for (const reference of Object.values(images)) {
      expect(reference).toMatch(/@sha256:[0-9a-f]{64}$/);
      await docker(testbed.endpoint, ["image", "inspect", reference]);
    }
  });

  it("keeps the state and its passphrase from everybody else", async () => {
    const modeOf = async (place: string): Promise<number> => (await stat(place)).mode & 0o777;
    expect(await modeOf(project.state)).toBe(0o700);
    expect(await modeOf(path.join(project.state, "passphrase"))).toBe(0o600);
  });

  it("writes nothing into the files of the clone", async () => {
    await expect(changedFiles()).resolves.toEqual([]);
  });
});

describe("through the gateway, with its own authority trusted", () => {
  it("answers for its health", async () => {
    await expect((await visitor()).get("/health")).resolves.toMatchObject({
      status: 200,
      text: "OK",
    });
  });

  it("is not trusted by anybody else", async () => {
    await expect(new Visitor(origin, "").get("/health")).rejects.toThrow(/certificate/);
  });

  it("describes the instance", async () => {
    const { text } = await (await visitor()).get("/api/v2/instance");
    expect(JSON.parse(text)).toMatchObject({
      domain: "localhost:8443",
      registrations: { enabled: false },
    });
  });

  it("refuses a wrong password", async () => {
    await expect((await visitor()).signIn("owner@localhost", "wrong")).rejects.toThrow(/422/);
  });

  it("takes a post from the person who signed in, through sidekiq, to an open socket", async () => {
    await postsArrive();
  });

  it("does not deliver while sidekiq is stopped", async () => {
    const { id } = await container("sidekiq-default");
    const { visitor: person, token } = await signedIn();
    const socket = await person.listen(token);
    await docker(testbed.endpoint, ["pause", id]);
    try {
      await person.publish(token, "waits for sidekiq");
      await expect(socket.receive("waits for sidekiq", 3000)).rejects.toThrow(/nothing/);
    } finally {
      await docker(testbed.endpoint, ["unpause", id]);
    }
    await socket.receive("waits for sidekiq");
    socket.close();
  });
});

describe("a further npm start", () => {
  it("changes nothing", async () => {
    const before = await ids();
    const { stdout } = await project.start();
    expect(await ids()).toEqual(before);
    expect(stdout).toMatch(/\d+ unchanged/);
    expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    expect(printed("password", stdout)).toBe(printed("password", firstRun));
  });

  it("replaces only sidekiq when its threads are changed", async () => {
    const before = await ids();
    await project.configure({
      sidekiq: {
        default: {
          queues: ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"],
          threads: 7,
        },
      },
    });
    await project.start();
    const after = await ids();
    const changed = Object.keys(after).filter((part) => after[part] !== before[part]);
    expect(changed).toEqual(["sidekiq-default"]);
    expect((await container("sidekiq-default")).command).toContain("7");
    await postsArrive();
  });

  it("brings back a container that was removed by hand", async () => {
    const { id } = await container("streaming");
    await docker(testbed.endpoint, ["rm", "--force", id]);
    await project.start();
    expect(await isHealthy()).toBe(true);
    await postsArrive();
  });
});

describe("secrets", () => {
  it("are in clear neither in the state nor in a preview", async () => {
    const secrets = await secretValues();
    const state = (await run("sh", ["-c", `cat ${project.state}/.pulumi/stacks/mastodon/*.json`]))
      .stdout;
    await project.configure({ timezone: "Europe/Berlin" });
    const preview = (await project.pulumi(["preview", "--diff"])).stdout;
    await project.configure({ timezone: undefined });
    expect(preview).toContain("Europe/Berlin");
    expect(revealed(secrets, { state, preview })).toEqual([]);
  });

  it("are in clear neither in the logs of containers nor in the arguments of processes", async () => {
    const secrets = await secretValues();
    const containers = await containersOf(testbed.endpoint, instance);
    const logs = await Promise.all(
      containers.map(async ({ id }) => {
        const { stdout, stderr } = await docker(testbed.endpoint, ["logs", id]);
        return stdout + stderr;
      }),
    );
    expect(seenArguments).toContain("docker\0run");
    expect(revealed(secrets, { logs: logs.join("\n"), arguments: seenArguments })).toEqual([]);
  });

  it("are in clear in what npm start prints only where the first password is handed over", async () => {
    expect(revealed(await secretValues(), { output: firstRun })).toEqual([
      "adminPassword in output",
    ]);
    expect(firstRun.split(printed("password", firstRun))).toHaveLength(2);
  });

  it("are known only to the containers that need them", async () => {
    const secrets = await secretValues();
    const stores = ["databasePassword", "redisPassword"];
    const application = [
      ...stores,
      "secretKeyBase",
      "activeRecordPrimaryKey",
      "activeRecordDeterministicKey",
      "activeRecordKeyDerivationSalt",
    ];
    // The scalar behind the push keys is told to nobody: web and sidekiq get the pair that follows from it.
    const needs: Record<string, readonly string[]> = {
      postgres: ["databaseSuperuserPassword"],
      redis: ["redisPassword"],
      streaming: stores,
      web: application,
      "sidekiq-default": application,
      gateway: [],
    };
    for (const [part, allowed] of Object.entries(needs)) {
      const { text } = await container(part);
      const found = Object.keys(secrets).filter((name) => text.includes(secrets[name] ?? ""));
      expect({ part, found: found.sort() }).toEqual({ part, found: [...allowed].sort() });
    }
  });
});

describe("Postgres and Redis", () => {
  const stores = [
    ["postgres", 5432],
    ["redis", 6379],
  ] as const;

  it.each(stores)("%s cannot be reached from the host's network", async (part, port) => {
    const { address } = await container(part);
    expect(address).not.toBe("");
    const { code } = await run(
      "timeout",
      ["3", "bash", "-c", `exec 3<>/dev/tcp/${address}/${port}`],
      {
        mayFail: true,
      },
    );
    expect(code).not.toBe(0);
  });

  it.each(stores)(
    "%s cannot be reached from a container of the egress network",
    async (part, port) => {
      const { address } = await container(part);
      const { image } = await container("web");
      const probe = (target: string): string[] => [
        "run",
        "--rm",
        `--network=${instance}-egress`,
        "--entrypoint=timeout",
        image,
        "3",
        "bash",
        "-c",
        `exec 3<>/dev/tcp/${target}/${port}`,
      ];
      for (const target of [address, part]) {
        expect((await docker(testbed.endpoint, probe(target), { mayFail: true })).code).not.toBe(0);
      }
    },
  );

  it.each(stores)("%s can be reached from web", async (part, port) => {
    const { id } = await container("web");
    await docker(testbed.endpoint, ["exec", id, "bash", "-c", `exec 3<>/dev/tcp/${part}/${port}`]);
  });

  it("publish no port", async () => {
    const ports = await Promise.all(stores.map(async ([part]) => (await container(part)).ports));
    expect(ports.flat()).toEqual([]);
  });
});

describe("without help", () => {
  it.each(["postgres", "redis", "web", "streaming", "sidekiq-default", "gateway"])(
    "%s is healthy again after docker restart",
    async (part) => {
      const { id } = await container(part);
      await docker(testbed.endpoint, ["restart", id]);
      await until(`${part} is healthy`, 120_000, isHealthy, 1000);
      await postsArrive();
    },
  );

  it.each(["stop", "cutPower"] as const)(
    "everything is healthy again after the engine's %s and start",
    async (end) => {
      const engine = new DockerEngine(testbed.engine);
      await engine[end]();
      await engine.start();
      await until("all is healthy", 180_000, isHealthy, 1000);
      await postsArrive();
    },
  );

  it("no acknowledged row is lost when Postgres is killed under writes", async () => {
    const { id, pid } = await container("postgres");
    const psql = (sql: string): string[] => [
      "exec",
      "--user=postgres",
      id,
      "psql",
      "-qtA",
      "-d",
      "postgres",
      "-c",
      sql,
    ];
    await docker(testbed.endpoint, psql("CREATE TABLE acknowledged (number int PRIMARY KEY)"));
    let written = 0;
    const writing = (async () => {
      for (;;) {
        const { code } = await docker(
          testbed.endpoint,
          psql(`INSERT INTO acknowledged VALUES (${written + 1})`),
          {
            mayFail: true,
          },
        );
        if (code !== 0) return;
        written += 1;
      }
    })();
    await until("some rows are written", 120_000, () => Promise.resolve(written >= 10));
    process.kill(pid, "SIGKILL");
    await writing;
    await until("Postgres is back", 120_000, isHealthy, 1000);
    const { stdout } = await docker(testbed.endpoint, psql("SELECT count(*) FROM acknowledged"));
    // One more may have been written than was acknowledged, never one less.
    expect(Number(stdout)).toBeGreaterThanOrEqual(written);
    expect(written).toBeGreaterThanOrEqual(10);
    await docker(testbed.endpoint, psql("DROP TABLE acknowledged"));
    await postsArrive();
  });
});

describe("destroy", () => {
  it("removes containers and networks, keeps the data, and says how to remove it for good", async () => {
    const { visitor: person, token } = await signedIn();
    await person.publish(token, "written before the end");
    const { stdout } = await project.pulumi(["destroy", "--yes"]);
    expect(stdout).toContain("--remove-data");
    expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
    expect(await named("network")).toEqual([]);
    expect(await named("volume")).toHaveLength(4);
  });

  it("is undone by npm start, with the same data and the same password", async () => {
    const { stdout } = await project.start();
    expect(printed("password", stdout)).toBe(printed("password", firstRun));
    const { visitor: person, token } = await signedIn();
    const { text } = await person.get("/api/v1/timelines/home", {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(text).toContain("written before the end");
    await postsArrive();
  });

  it("removes everything with --remove-data", async () => {
    await project.pulumi(["destroy", "--yes", "--remove-data"]);
    expect(await containersOf(testbed.endpoint, instance)).toEqual([]);
    expect(await named("network")).toEqual([]);
    expect(await named("volume")).toEqual([]);
  });
});

/** Does work, and looks at the arguments of all processes again and again meanwhile. */
async function watched<T>(work: () => Promise<T>): Promise<T & { commandLines: string }> {
  const seen = new Set<string>();
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
      for (const line of await Promise.all(lines)) seen.add(line);
      await sleep(30);
    }
  })();
  try {
    const result = await work();
    return { ...result, commandLines: [...seen].join("\n") };
  } finally {
    done.abort();
    await watching;
  }
}

async function changedFiles(): Promise<string[]> {
  const list = async (root: string): Promise<Record<string, string>> => {
    const { stdout } = await run(
      "sh",
      [
        "-c",
        "find . -type f -not -path './node_modules/*' -not -path './dist/*' -not -path './.git/*' -exec sha256sum {} +",
      ],
      { cwd: root },
    );
    return Object.fromEntries(linesOf(stdout).map((line) => [line.slice(66), line.slice(0, 64)]));
  };
  const [clone, original] = await Promise.all([
    list(project.clone),
    list(path.resolve(__dirname, "../../..")),
  ]);
  // The stack file is what this test wrote itself; the lock file is there to be kept.
  const expected = ["./Pulumi.dev.yaml", "./Pulumi.dev.lock.json"];
  return Object.keys(clone).filter(
    (name) => clone[name] !== original[name] && !expected.includes(name),
  );
}

async function ids(): Promise<Record<string, string>> {
  const containers = await containersOf(testbed.endpoint, instance);
  return Object.fromEntries(containers.map(({ part, id }) => [part, id]));
}

const named = (kind: "network" | "volume"): Promise<string[]> =>
  listedOf(testbed.endpoint, instance, kind);

async function secretValues(): Promise<Readonly<Record<string, string>>> {
  const values = await project.secrets();
  expect(Object.keys(values)).toHaveLength(9);
  // A short one would be found by chance, an empty one everywhere.
  for (const value of Object.values(values)) expect(value.length).toBeGreaterThanOrEqual(24);
  return values;
}

function revealed(
  secrets: Readonly<Record<string, string>>,
  texts: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    Object.keys(secrets)
      .filter((name) => text.includes(secrets[name] ?? ""))
      .map((name) => `${name} in ${where}`),
  );
}
