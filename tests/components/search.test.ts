import { configWith } from "../support/fixtures";
import { record } from "../support/harness";

const engine = {
  sizing: { memoryMb: 8192, cpus: 4 },
  search: { kind: "container", engine: "opensearch" },
};

const ofSearch = async (raw: Readonly<Record<string, unknown>>) => {
  const { resources } = await record(configWith(raw));
  return resources.filter(({ name }) => name.startsWith("mastodon-search"));
};

it("is an engine and a job that waits for it and for all of Mastodon", async () => {
  const found = await ofSearch(engine);
  expect(found.map(({ name }) => name)).toEqual([
    "mastodon-search",
    "mastodon-search-deploy",
    "mastodon-search-engine",
  ]);
  const job = found.find(({ name }) => name === "mastodon-search-deploy");
  expect(job?.dependsOn).toEqual(
    expect.arrayContaining(["mastodon-app", "mastodon-search-engine"]),
  );
  expect(job?.inputs).toMatchObject({
    environment: { ES_ENABLED: "true", IMAGE: "sha256:mastodon-foundation-image-mastodon" },
  });
});

it("lets nothing else wait for it", async () => {
  const { resources } = await record(configWith(engine));
  const waiting = resources.filter(({ dependsOn = [] }) =>
    dependsOn.some((name) => name.startsWith("mastodon-search")),
  );
  expect(waiting.map(({ name }) => name)).toEqual(["mastodon-search-deploy"]);
});

it("is the same with the LinuxServer image, whose command needs no init", async () => {
  const found = await ofSearch({ ...engine, image: { flavour: "linuxserver", version: "4.7.2" } });
  const job = found.find(({ name }) => name === "mastodon-search-deploy");
  expect(String(job?.inputs["create"])).toMatch(
    /--entrypoint=\/usr\/bin\/env.* tootctl search deploy/,
  );
});

it("is a job alone for a server elsewhere, and nothing without the key search", async () => {
  const external = { search: { kind: "external", url: "https://search.example.org:9200" } };
  expect((await ofSearch(external)).map(({ name }) => name)).toEqual([
    "mastodon-search",
    "mastodon-search-deploy",
  ]);
  expect(await ofSearch({})).toEqual([]);
});
