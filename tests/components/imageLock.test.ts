import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../../components/host/engine";
import { completeLock, lockCommit, readLock } from "../../components/host/imageLock";
import { registryOf } from "../../components/host/registry";
import { withDockerClientDouble, type Answer } from "../support/dockerClientDouble";

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "image-lock-"));
  file = join(folder, "Pulumi.test.lock.json");
});

afterEach(() => rm(folder, { recursive: true }));

interface EngineDouble {
  readonly endpoint: string;
  readonly asked: string[];
}

/**
 * A test double of the engine's API on a socket of its own. It answers `/distribution/{name}/json` as documented at
 * https://docs.docker.com/reference/api/engine/ for the images that it is told, and as for an unknown one else.
 */
async function withEngineDouble<T>(
  answers: Readonly<Record<string, { status: number; body: string }>>,
  work: (engine: EngineDouble) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const reference = /^\/distribution\/(.+)\/json$/.exec(request.url ?? "")?.[1] ?? "";
    asked.push(reference);
    const unknown = {
      status: 404,
      body: JSON.stringify({ message: `manifest for ${reference} not found` }),
    };
    const { status, body } = answers[reference] ?? unknown;
    response.writeHead(status, { "Content-Type": "application/json" }).end(body);
  });
  const socket = join(folder, "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    return await work({ endpoint: `unix://${socket}`, asked });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const described = (digest: string) => ({
  status: 200,
  body: JSON.stringify({
    Descriptor: { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: 1 },
    Platforms: [],
  }),
});

const withStore = <T>(
  { endpoint }: Pick<EngineDouble, "endpoint">,
  images: Readonly<Record<string, Answer>>,
  work: () => Promise<T>,
): Promise<T> =>
  withDockerClientDouble(
    Object.fromEntries(
      Object.entries(images).map(([reference, answer]) => [
        `--host ${endpoint} image inspect --format {{range .RepoDigests}}{{println .}}{{end}} ${reference}`,
        answer,
      ]),
    ),
    work,
  );

const inLock = async (): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

describe("completing a lock", () => {
  const mastodon = "ghcr.io/mastodon/mastodon:v4.7.2";

  it("asks the engine for what is missing, and keeps the answers in order", async () => {
    const answers = {
      [mastodon]: described(digestOf("a")),
      "caddy:2.11": described(digestOf("b")),
    };
    await withEngineDouble(answers, async (engine) => {
      await withStore(engine, {}, async () => {
        const lock = await completeLock(file, [mastodon, "caddy:2.11"], engine.endpoint);
        expect(lock).toEqual({ [mastodon]: digestOf("a"), "caddy:2.11": digestOf("b") });
      });
      expect(engine.asked.sort()).toEqual(["caddy:2.11", mastodon]);
    });
    expect(await readFile(file, "utf8")).toBe(
      `{\n  "caddy:2.11": "${digestOf("b")}",\n  "${mastodon}": "${digestOf("a")}"\n}\n`,
    );
    expect(await readdir(folder)).toEqual(["Pulumi.test.lock.json"]);
  });

  it("asks nobody for what it holds, even where the tag has moved", async () => {
    await writeFile(file, JSON.stringify({ "caddy:2.11": digestOf("b") }));
    await withEngineDouble({ "caddy:2.11": described(digestOf("c")) }, async (engine) => {
      await withStore(engine, {}, async () => {
        expect(await completeLock(file, ["caddy:2.11"], engine.endpoint)).toEqual({
          "caddy:2.11": digestOf("b"),
        });
      });
      expect(engine.asked).toEqual([]);
    });
  });

  it("keeps what it held before beside what is new", async () => {
    await writeFile(file, JSON.stringify({ "redis:7.4": digestOf("d") }));
    await withEngineDouble({ "caddy:2.11": described(digestOf("b")) }, (engine) =>
      withStore(engine, {}, () => completeLock(file, ["caddy:2.11"], engine.endpoint)),
    );
    expect(await inLock()).toEqual({ "caddy:2.11": digestOf("b"), "redis:7.4": digestOf("d") });
  });

  it.each([
    ["caddy:2.11", `caddy@${digestOf("e")}\n`],
    ["docker.io/library/caddy:2.11", `caddy@${digestOf("e")}\n`],
    [
      mastodon,
      `mirror.example/mastodon@${digestOf("f")}\nghcr.io/mastodon/mastodon@${digestOf("e")}\n`,
    ],
    ["localhost:5000/caddy:2.11", `localhost:5000/caddy@${digestOf("e")}\n`],
  ])("needs no registry for %s, which was pulled before", async (reference, stdout) => {
    await withEngineDouble({}, async (engine) => {
      await withStore(engine, { [reference]: { stdout } }, async () => {
        expect(await completeLock(file, [reference], engine.endpoint)).toEqual({
          [reference]: digestOf("e"),
        });
      });
      expect(engine.asked).toEqual([]);
    });
  });

  it("asks the registry for an image that only bears the tag and came from elsewhere", async () => {
    const stdout = `elsewhere.example/caddy@${digestOf("f")}\n`;
    await withEngineDouble({ "caddy:2.11": described(digestOf("b")) }, (engine) =>
      withStore(engine, { "caddy:2.11": { stdout } }, () =>
        completeLock(file, ["caddy:2.11"], engine.endpoint),
      ),
    );
    expect(await inLock()).toEqual({ "caddy:2.11": digestOf("b") });
  });

  it.each([
    [
      "unknown to the registry",
      undefined,
      "manifest for ghcr.io/mastodon/mastodon:v4.7.2 not found",
    ],
    ["refused without a reason", { status: 500, body: "" }, "status 500"],
    ["answered in HTML", { status: 502, body: "<html>Bad Gateway</html>" }, "status 502"],
    ["answered with no digest", { status: 200, body: "{}" }, "status 200"],
    ["answered with half a digest", described("sha256:abc"), "status 200"],
  ])(
    "names the image and its registry where it is %s, and writes nothing",
    async (_name, answer, reason) => {
      await withEngineDouble(answer === undefined ? {} : { [mastodon]: answer }, async (engine) => {
        await withStore(engine, {}, async () => {
          const completion = completeLock(file, [mastodon], engine.endpoint);
          await expect(completion).rejects.toThrow(EngineError);
          await expect(completion).rejects.toThrow(
            `The image ${mastodon} cannot be found at ghcr.io: ${reason}. Check the tag and the connection`,
          );
        });
      });
      await expect(readFile(file)).rejects.toThrow("ENOENT");
    },
  );

  it("says so where the engine is gone", async () => {
    const endpoint = `unix://${join(folder, "gone.sock")}`;
    await withStore({ endpoint }, {}, async () => {
      const completion = completeLock(file, [mastodon], endpoint);
      await expect(completion).rejects.toThrow(EngineError);
      await expect(completion).rejects.toThrow(`The Docker engine at ${endpoint} did not answer`);
    });
  });
});

describe("the commit of a branch", () => {
  const branch = { repository: "https://example.org/mastodon.git", ref: "main" };
  const first = "1".repeat(40);
  const never = (): Promise<string> => Promise.reject(new Error("the repository was asked"));

  it("is asked for once, and kept beside the digests", async () => {
    await writeFile(file, JSON.stringify({ "caddy:2.11": digestOf("a") }));
    expect(await lockCommit(file, branch, () => Promise.resolve(first))).toBe(first);
    expect(await lockCommit(file, branch, never)).toBe(first);
    expect(await readLock(file)).toEqual({
      "caddy:2.11": digestOf("a"),
      "https://example.org/mastodon.git#main": first,
    });
  });

  it("is not that of another branch or repository", async () => {
    await lockCommit(file, branch, () => Promise.resolve(first));
    for (const other of [
      { ...branch, ref: "stable" },
      { ...branch, repository: "https://example.net/mastodon.git" },
    ])
      await expect(lockCommit(file, other, never)).rejects.toThrow("the repository was asked");
  });

  it("is not kept where it could not be found", async () => {
    await expect(lockCommit(file, branch, never)).rejects.toThrow("the repository was asked");
    expect(await readLock(file)).toEqual({});
  });
});

describe("reading a lock", () => {
  it("finds nothing where there is none yet", async () => {
    expect(await readLock(file)).toEqual({});
  });

  it.each([
    ["half a file", '{"caddy:2.11": "sha'],
    ["an empty file", ""],
    ["a conflict of git's", "<<<<<<< HEAD\n{}\n"],
    ["something else than digests", '{"caddy:2.11": "2.11"}'],
    ["numbers", '{"caddy:2.11": 2.11}'],
    ["null", "null"],
  ])("refuses %s, and says what to do", async (_name, text) => {
    await writeFile(file, text);
    const reading = readLock(file);
    await expect(reading).rejects.toThrow(EngineError);
    await expect(reading).rejects.toThrow(`${file} cannot be read: `);
    await expect(reading).rejects.toThrow("Restore it from version control, or delete it");
  });
});

it.each([
  ["postgres:17", "docker.io"],
  ["library/postgres:17", "docker.io"],
  ["mastodon/mastodon:v4.7.2", "docker.io"],
  ["ghcr.io/mastodon/mastodon:v4.7.2", "ghcr.io"],
  ["localhost/caddy:2", "localhost"],
  ["localhost:5000/caddy:2", "localhost:5000"],
  ["registry:5000/team/caddy:2", "registry:5000"],
])("reads of %s the registry %s", (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});
