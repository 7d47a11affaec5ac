import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseConfig } from "../../../plan";
import { makePlan } from "../../../plan/plan";
import { docker, linesOf, run, until } from "../../support/commands";
import { authorityOf, containersOf } from "../../support/inspection";
import { startNameServer } from "../../support/nameServer";
import { changesIn, Project } from "../../support/project";
import { storageAddress, StorageHost, storageKey } from "../../support/storageHost";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const domain = "storage.localhost";
const instance = `mastodon-${domain}`;
const edge = { kind: "local", port: 8449 };
const images = { ...testbed.images, rclone: testbed.storage.rclone };
const bucket = "social-media";
const project = new Project({
  folder: path.join(testbed.folder, "storage"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: { domain, edge, images },
});

let storage: StorageHost;
let media: Readonly<Record<string, string>>;

/** The image of the instance that runs. */
const mastodonImage = async (): Promise<string> =>
  (await containersOf(testbed.endpoint, instance, "web"))[0]?.image ?? "";

/** The running containers with what would tell that one was replaced or changed. */
const containers = async (): Promise<string[]> =>
  (await containersOf(testbed.endpoint, instance))
    .map(({ part, id, pid, health }) => `${part} ${id} ${pid} ${health}`)
    .sort();

const setKeys = async (id: string, secret: string): Promise<void> => {
  await project.pulumi(["config", "set", "--secret", "mastodon:s3AccessKeyId", id]);
  await project.pulumi(["config", "set", "--secret", "mastodon:s3SecretAccessKey", secret]);
};

/** Runs a script in the volume of the instance's media, as Mastodon would. @returns what it printed */
async function onVolume(script: string): Promise<string> {
  const { stdout } = await docker(testbed.endpoint, [
    ...["run", "--rm", "--user=991:991", "--entrypoint=sh", "--workdir=/media"],
    ...[`--volume=${instance}-media:/media:nocopy`, await mastodonImage(), "-euc", script],
  ]);
  return stdout;
}

/** `npm run media`. */
const move = (args: readonly string[] = []) =>
  run(process.execPath, ["ops/media.mjs", "--stack", "dev", ...args], {
    cwd: project.clone,
    env: project.env,
    mayFail: true,
    limitMs: 300_000,
  });

beforeAll(async () => {
  await project.create();
  await project.installProviders();
  await project.start();
  storage = await StorageHost.open(testbed, await mastodonImage());
  media = { kind: "s3", bucket, endpoint: storage.endpoint, region: "us-east-1" };
  await storage.createBucket(bucket, "readable");
  await storage.createBucket("closed", "closed");
  await storage.createBucket("listed", "listable");
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await storage.close();
  await project.remove();
});

describe("the check of a bucket", () => {
  interface Case {
    readonly media?: Readonly<Record<string, string>>;
    readonly key?: { readonly id?: string; readonly secret?: string };
    /** Further options of its container. */
    readonly options?: readonly string[];
  }

  /** Asks a name server, where the tests run without any, that knows no name. */
  const nameless = [`--dns=${storageAddress}`];
  let names: { close(): void };

  beforeAll(async () => {
    names = await startNameServer(storageAddress, {});
  });

  afterAll(() => names.close());

  /** Runs the very job that `up` would. */
  async function check({ media: settings = {}, key = {}, options = [] }: Case = {}) {
    const config = parseConfig({ domain, edge, images, media: { ...media, ...settings } });
    const job = makePlan(config).checks.find(({ part }) => part === "media");
    if (job === undefined) throw new Error("the plan has no check of the bucket");
    const { id, secret } = { ...storageKey, ...key };
    const values: Readonly<Record<string, string>> = {
      s3AccessKeyId: id,
      s3SecretAccessKey: secret,
    };
    const environment = Object.entries(job.environment).map(([name, value]) => [
      name,
      typeof value === "string" ? value : values[value.secret],
    ]);
    const script = job.script.replace("docker run --rm", ["docker run --rm", ...options].join(" "));
    const { code, stdout, stderr } = await run("sh", ["-c", script], {
      env: {
        ...process.env,
        ...(Object.fromEntries(environment) as Record<string, string>),
        DOCKER_HOST: testbed.endpoint,
        IMAGE: await mastodonImage(),
      },
      mayFail: true,
    });
    expect(stdout + stderr).not.toContain(storageKey.secret);
    return { code, stdout, stderr };
  }

  it("puts, fetches and deletes", async () => {
    const { code, stdout, stderr } = await check();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      `Media: put into the bucket ${bucket}, fetched from ${storage.endpoint}/${bucket}, deleted.\n`,
    );
    expect(await storage.list(bucket)).toEqual([]);
  });

  it.each<[string, Case, RegExp]>([
    [
      "an id that nobody has",
      { key: { id: "nobody" } },
      /^mastodon:s3AccessKeyId: .* does not know this key/,
    ],
    [
      "a wrong secret",
      { key: { secret: "wrong-guess" } },
      /^mastodon:s3SecretAccessKey: is not the secret of the key/,
    ],
    [
      "a bucket that is not there",
      { media: { bucket: "elsewhere" } },
      /^mastodon:media\.bucket: "elsewhere" does not exist at/,
    ],
    [
      "a bucket that nobody can read",
      { media: { bucket: "closed" } },
      /^mastodon:media\.bucket: what is in "closed" cannot be read at .* without a key \(403\)/,
    ],
    [
      "a bucket that everybody can list",
      { media: { bucket: "listed" } },
      /^mastodon:media\.bucket: "listed" can be listed by everybody at/,
    ],
    [
      "a host that does not exist",
      { media: { endpoint: "http://storage.invalid:9900" }, options: nameless },
      /^mastodon:media\.endpoint: .* has no address in DNS/,
    ],
    [
      "an alias that does not exist",
      { media: { aliasHost: "media.invalid" }, options: nameless },
      /^mastodon:media\.aliasHost: media\.invalid has no address in DNS/,
    ],
  ])("names %s", async (_name, wrong, sentence) => {
    const { code, stderr } = await check(wrong);
    expect(stderr).toMatch(sentence);
    expect(linesOf(stderr)).toHaveLength(1);
    expect(code).toBe(1);
    expect(await storage.list(bucket)).toEqual([]);
  });

  it("names a port at which nothing listens, and one that does not speak TLS", async () => {
    const closed = await check({ media: { endpoint: storage.endpoint.replace(/\d+$/, "9901") } });
    expect(closed.stderr).toMatch(/^mastodon:media\.endpoint: .* refuses connections/);
    const plain = await check({ media: { endpoint: storage.endpoint.replace("http:", "https:") } });
    expect(plain.stderr).toMatch(/^mastodon:media\.endpoint: .* does not speak TLS/);
  });

  it("names a clock that is wrong, with both times", async () => {
    const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    await docker(testbed.endpoint, [
      ...["run", "--rm", "--volume=clock:/clock", "--entrypoint=cp", testbed.storage.minio],
      ...["--dereference", library, "/clock/clock.so"],
    ]);
    const late = [
      "--volume=clock:/clock:ro",
      "--env=LD_PRELOAD=/clock/clock.so",
      "--env=FAKETIME=+2h",
    ];
    const { stderr } = await check({ options: late });
    const [, ours = "", theirs = ""] =
      /^mastodon:host: its clock says (\S+Z), and that of \S+ (\S+Z), which makes every signature wrong/.exec(
        stderr,
      ) ?? [];
    expect(Date.parse(ours) - Date.parse(theirs)).toBeGreaterThan(7_100_000);
    expect(Math.abs(Date.parse(theirs) - Date.now())).toBeLessThan(60_000);
  });

  it("names a region in which the bucket is not, and the one in which it is", async () => {
    await storage.start("eu-central-1");
    try {
      const { stderr } = await check();
      expect(stderr).toMatch(
        /^mastodon:media\.region: "us-east-1" is not where .* use eu-central-1/,
      );
    } finally {
      await storage.start();
    }
  });

  it("names a bad certificate", async () => {
    const server = await startStranger(path.join(testbed.folder, "storage"));
    try {
      const endpoint = storage.endpoint.replace("http:", "https:").replace(/\d+$/, "9902");
      expect((await check({ media: { endpoint } })).stderr).toMatch(
        /^mastodon:media\.endpoint: .* has a bad certificate \(self-signed certificate\)/,
      );
    } finally {
      server.kill();
    }
  });

  it("gives up on a host that says nothing", async () => {
    const silent = await listen(9903);
    try {
      const endpoint = storage.endpoint.replace(/\d+$/, "9903");
      expect((await check({ media: { endpoint } })).stderr).toMatch(
        /^mastodon:media\.endpoint: .* does not answer \(Net::ReadTimeout/,
      );
    } finally {
      silent.close();
    }
  });
});

describe("media of an instance that runs", () => {
  const files = 240;
  let sums: ReadonlyMap<string, string>;
  let before: string[];

  /** Every file on the volume with the digest of its content. */
  async function onTheVolume(): Promise<ReadonlyMap<string, string>> {
    const printed = linesOf(await onVolume("find . -type f -exec sha256sum {} +"));
    return new Map(printed.map((line) => [line.slice(68), line.slice(0, 64)]));
  }

  beforeAll(async () => {
    await onVolume(
      [
        `for n in $(seq ${files}); do`,
        '  d=media_attachments/files/109/$n/original; mkdir -p "$d"; head -c 1500000 /dev/urandom > "$d/$n.png"',
        "done",
        "mkdir -p cache/accounts/avatars/1/original backups/dumps/1/original 'custom_emojis/images/[1]'",
        "head -c 900 /dev/urandom > cache/accounts/avatars/1/original/a.jpeg",
        "head -c 900 /dev/urandom > backups/dumps/1/original/archive.zip",
        "head -c 900 /dev/urandom > 'custom_emojis/images/[1]/a b.png'",
        "chmod 0600 media_attachments/files/109/7/original/7.png",
      ].join("\n"),
    );
    sums = await onTheVolume();
    expect(sums.size).toBe(files + 3);
    before = await containers();
  });

  it("stays there where the stack file names no bucket, and the command says so", async () => {
    const { code, stderr } = await move();
    expect(code).toBe(1);
    expect(stderr).toMatch(/names no bucket to move it to. Set media to \{kind: s3/);
  });

  it("is not touched by an up with a wrong key, which says so", async () => {
    await project.configure({ media });
    await setKeys(storageKey.id, "wrong-guess");
    const { code, stdout, stderr } = await project.up(true);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("mastodon:s3SecretAccessKey: is not the secret of the key");
    expect(stdout + stderr).not.toContain("wrong-guess");
    expect(await containers()).toEqual(before);
  });

  it("is not copied with a wrong key either, and the command can be repeated", async () => {
    const { code, stdout, stderr } = await move();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "the same command goes on with the rest: npm run media -- --stack dev",
    );
    expect(stdout + stderr).not.toContain("wrong-guess");
  });

  it("is copied by a run that is killed in the middle, and one that goes on", async () => {
    await setKeys(storageKey.id, storageKey.secret);
    const first = spawn(process.execPath, ["ops/media.mjs"], {
      cwd: project.clone,
      env: project.env,
      stdio: "ignore",
      detached: true,
    });
    await until(
      "some of it is in the bucket",
      120_000,
      async () => (await storage.count(bucket)) > 5,
      50,
    );
    process.kill(-(first.pid ?? 0), "SIGKILL");
    await docker(testbed.endpoint, ["kill", `${instance}-media-move`], { mayFail: true });
    const copied = (await storage.list(bucket)).length;
    expect(copied).toBeGreaterThan(5);
    expect(copied).toBeLessThan(sums.size);

    const seen = await linesHolding(storageKey.secret, async () => {
      const { code, stdout } = await move();
      expect(code).toBe(0);
      expect(stdout).toContain(`Files on the volume: ${sums.size}`);
      expect(stdout).toContain("1. npm run pulumi -- up --stack dev");
    });
    expect(seen).toEqual([]);
    expect(await storage.list(bucket)).toEqual([...sums.keys()].sort());
    expect(await containers()).toEqual(before);
  });

  it("goes into the bucket from the next up on", async () => {
    const seen = await linesHolding(storageKey.secret, async () => {
      const { stdout } = await project.up();
      expect(stdout).toContain(`put into the bucket ${bucket}`);
    });
    expect(seen).toEqual([]);
    const url = await upload();
    expect(url).toMatch(`${storage.endpoint}/${bucket}/media_attachments/files/`);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=315576000, immutable");
    expect(await onTheVolume()).toEqual(sums);
  });

  it("is compared once the bucket is in use: every byte is the same", async () => {
    const { code, stdout, stderr } = await move();
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("All that is on the volume is in the bucket");
    for (const [name, sum] of sums) {
      const place = name.split("/").map(encodeURIComponent).join("/");
      const answer = await fetch(`${storage.endpoint}/${bucket}/${place}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect([name, createHash("sha256").update(bytes).digest("hex")]).toEqual([name, sum]);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=315576000, immutable");
    }
  });

  it("is mended in the bucket where something of the same size has come in its place", async () => {
    const name = "cache/accounts/avatars/1/original/a.jpeg";
    await storage.overwrite(bucket, name, "x".repeat(900));
    expect((await move()).code).toBe(0);
    const answer = await fetch(`${storage.endpoint}/${bucket}/${name}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sums.get(name));
  });

  it("leaves no key in the state in clear, and nothing to do for the next up", async () => {
    const { stdout } = await project.pulumi(["stack", "export"]);
    expect(stdout).not.toContain(storageKey.secret);
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  /** Uploads a picture as somebody who is signed in. @returns where it can be fetched */
  async function upload(): Promise<string> {
    const outputs = await project.outputs();
    const person = new Visitor(
      `https://${domain}:${edge.port}`,
      await authorityOf(testbed.endpoint, instance),
    );
    await person.signIn(String(outputs["adminEmail"]), String(outputs["adminPassword"]));
    const token = await person.authorize();
    const [web] = await containersOf(testbed.endpoint, instance, "web");
    const { stdout } = await docker(testbed.endpoint, [
      ...["exec", web?.id ?? "", "sh", "-c"],
      `head -c 2000 /dev/urandom > /tmp/a.png; curl --silent --header "Host: ${domain}:${edge.port}" --header "X-Forwarded-Proto: https" --header "Authorization: Bearer ${token}" --form "file=@/tmp/a.png;type=image/png" http://127.0.0.1:3000/api/v2/media`,
    ]);
    return (JSON.parse(stdout) as { readonly url: string }).url;
  }
});

/** The command lines of all processes, while something goes on, that hold a text. */
async function linesHolding(text: string, work: () => Promise<void>): Promise<string[]> {
  const found = new Set<string>();
  const state = { ended: false };
  const ended = work().finally(() => (state.ended = true));
  while (!state.ended) {
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (line.includes(text)) found.add(line);
    }
    await sleep(30);
  }
  await ended;
  return [...found];
}

/** A server whose certificate nobody vouches for. */
async function startStranger(folder: string) {
  const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stranger"],
    ...["-keyout", key, "-out", certificate],
  ]);
  const server = spawn(
    "openssl",
    ["s_server", "-quiet", "-accept", "9902", "-key", key, "-cert", certificate],
    { stdio: "ignore" },
  );
  await sleep(1_000);
  return server;
}

function listen(at: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(at, "0.0.0.0", () => resolve(server));
  });
}
