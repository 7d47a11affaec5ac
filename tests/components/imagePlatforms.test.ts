import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignImages } from "../../components/host/imagePlatforms";

const images = { postgres: "p:17", redis: "r:7", caddy: "c:2", mastodon: "m:4" };

let folder: string;
let server: Server;
let asked: string[];
let endpoint: string;

/** What the double's engine has, and what the registries behind it have. */
let stored: Readonly<Record<string, string>>;
let listed: Readonly<Record<string, readonly string[]>>;

/** A test double of the engine's API on a socket of its own, for the two questions that are asked of it. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platforms-"));
  [asked, stored, listed] = [[], {}, {}];
  server = createServer((request, response) => {
    const [, place = "", reference = ""] =
      /^\/(images|distribution)\/(.+)\/json$/.exec(request.url ?? "") ?? [];
    asked.push(`${place} ${reference}`);
    const body =
      place === "images"
        ? stored[reference] && { Architecture: stored[reference] }
        : listed[reference] && {
            Platforms: listed[reference].map((architecture) => ({ architecture, os: "linux" })),
          };
    response.writeHead(body ? 200 : 404).end(JSON.stringify(body ?? { message: "no such thing" }));
  });
  const socket = join(folder, "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  endpoint = `unix://${socket}`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const find = (emulation: boolean, built: readonly string[] = []) =>
  foreignImages({ images, built, architecture: "arm64", endpoint, emulation });

const everywhere = ["amd64", "arm64"];

it("has nothing to say of images that are made for the host", async () => {
  listed = { "p:17": everywhere, "r:7": everywhere, "c:2": everywhere, "m:4": ["arm64"] };
  expect(await find(false)).toEqual({ emulated: {}, faults: [] });
});

it("refuses each that is not, by its key, with what there is and the way out", async () => {
  listed = { "p:17": everywhere, "r:7": ["amd64"], "c:2": everywhere, "m:4": ["amd64"] };
  const { faults } = await find(false);
  expect(faults.map(({ path }) => path)).toEqual(["images.redis", "images.mastodon"]);
  expect(faults[0]?.message).toMatch(
    /^r:7 is not made for arm64, .*but for amd64; .*emulation: true/,
  );
});

it("emulates those and no other, where that is asked for", async () => {
  listed = { "p:17": everywhere, "r:7": ["amd64"], "c:2": everywhere, "m:4": ["amd64"] };
  expect(await find(true)).toEqual({ emulated: { redis: "amd64", mastodon: "amd64" }, faults: [] });
});

it("does not emulate what is for no processor that is known", async () => {
  listed = { "p:17": everywhere, "r:7": ["s390x"], "c:2": everywhere, "m:4": everywhere };
  expect((await find(true)).faults.map(({ path }) => path)).toEqual(["images.redis"]);
});

it("asks no registry for what the engine has already", async () => {
  stored = { "p:17": "arm64", "r:7": "arm64", "c:2": "arm64", "m:4": "amd64" };
  expect((await find(false)).faults.map(({ path }) => path)).toEqual(["images.mastodon"]);
  expect(asked.filter((question) => question.startsWith("distribution"))).toEqual([]);
});

it("leaves to the pull what nobody answers for, and what is built for the host", async () => {
  listed = { "p:17": everywhere };
  expect(await find(false, ["m:4"])).toEqual({ emulated: {}, faults: [] });
  expect(asked).not.toContain("images m:4");
});
