import { makePlan } from "../../plan";
import { fingerprint } from "../../plan/fingerprint";
import { configWith, fullest } from "../support/fixtures";

const configs = { smallest: configWith(), fullest: configWith(fullest) };

describe.each(Object.entries(configs))("the plan of the %s configuration", (_name, config) => {
  it("is the same each time, and leaves the configuration as it was", () => {
    const before = structuredClone(config);
    expect(makePlan(config)).toEqual(makePlan(config));
    expect(config).toEqual(before);
  });

  it("is plain JSON", () => {
    const plan = makePlan(config);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("refers to nothing that it does not contain", () => {
    const { containers, networks, volumes, images, jobs } = makePlan(config);
    const { sidekiq, ...others } = containers;
    for (const spec of [...Object.values(others), ...sidekiq]) {
      expect(Object.keys(images)).toContain(spec.image);
      expect(networks.map(({ key }) => key)).toEqual(expect.arrayContaining([...spec.networks]));
      expect(volumes.map(({ key }) => key)).toEqual(
        expect.arrayContaining(spec.mounts.map(({ volume }) => volume)),
      );
    }
    for (const { script } of Object.values(jobs)) {
      const [, network] = /--network=(\S+)/.exec(script) ?? [];
      if (network !== undefined) expect(networks.map(({ name }) => name)).toContain(network);
    }
  });

  it("holds no value of a secret: only the names under which they are known", () => {
    const text = JSON.stringify(makePlan(config));
    expect(text).not.toMatch(/\b[0-9a-f]{128}\b|(?<!sha256:)\b[0-9a-f]{64}\b/);
    expect(text).not.toMatch(/"[A-Z_]*(PASS(WORD)?|SECRET|SALT|_KEY)[A-Z_]*":"/);
  });

  it("keeps the database on a network that nothing outside reaches", () => {
    const internal = makePlan(config).networks.find(({ key }) => key === "internal");
    expect(internal?.internal).toBe(true);
  });
});

it("is as it was reviewed, for a stack file that says nothing", () => {
  const { networks, volumes, secrets, url, adminUsername } = makePlan(configs.smallest);
  expect({ url, adminUsername, networks, volumes, secrets }).toMatchSnapshot();
});

it("names the data volume of Postgres for its major version", () => {
  const volumeOf = (config: (typeof configs)["smallest"]) =>
    makePlan(config).volumes.find(({ key }) => key === "postgres")?.name;
  expect(volumeOf(configs.smallest)).toBe("mastodon-localhost-postgres17");
  expect(volumeOf(configs.fullest)).toBe("mastodon-trial-postgres18");
});

describe("a fingerprint", () => {
  it("tells sets of secrets apart, and nothing of what they are", () => {
    expect(fingerprint(["a", "b", "c"])).toBe(fingerprint(["a", "b", "c"]));
    for (const other of [
      ["a", "b"],
      ["b", "a", "c"],
      ["ab", "", "c"],
      ["a", "b", "d"],
    ]) {
      expect(fingerprint(other)).not.toBe(fingerprint(["a", "b", "c"]));
    }
    expect(fingerprint(["correct horse"])).toMatch(/^[0-9a-f]{32}$/);
  });
});
