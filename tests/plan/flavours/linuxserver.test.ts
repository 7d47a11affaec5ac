import { makePlan, type Config, type Plan } from "../../../plan";
import { caddyfile } from "../../../plan/edge/caddyfile";
import { queues } from "../../../plan/queues";
import { configWith, fullest } from "../../support/fixtures";

const image = { flavour: "linuxserver", version: "4.7.2" };
const { image: _image, images: _images, sidekiq: _sidekiq, ...others } = fullest;
const split = Object.fromEntries(queues.map((queue) => [queue, { queues: [queue] }]));

const configs: Readonly<Record<string, Config>> = {
  "says nothing else": configWith({ image }),
  "says something about everything, and splits the queues": configWith({
    ...others,
    image: { ...image, version: "4.7.2-ls210", puid: 1000, pgid: 1001 },
    sidekiq: split,
  }),
};

const planWith = (overrides: Readonly<Record<string, unknown>>): Plan =>
  makePlan(configWith({ image, ...overrides }));

describe.each(Object.entries(configs))("a stack file that %s", (_name, config) => {
  const plan = makePlan(config);

  it("gets containers as they were reviewed", () => {
    const { web, sidekiq } = plan.containers;
    expect({ web, sidekiq }).toMatchSnapshot();
  });

  it("gets jobs as they were reviewed, none of which migrates", () => {
    expect(Object.keys(plan.jobs)).toEqual([
      "role",
      "settings",
      "admin",
      ...(config.search.kind === "none" ? [] : ["searchIndex"]),
      "caddyfile",
    ]);
    expect(plan.jobs.settings.script).toMatchSnapshot();
  });

  it("has one upstream for pages and sockets, which speaks HTTPS with a certificate of its own", () => {
    expect(plan.containers.streaming).toBeUndefined();
    expect(Object.keys(plan.publications)).toEqual(["web"]);
    expect(caddyfile(config)).toMatchSnapshot();
  });

  it("has no secret in a variable, and each in a file that its variable names", () => {
    for (const { environment, files = {} } of [plan.containers.web, ...plan.containers.sidekiq]) {
      const values = Object.values(environment);
      expect(values.every((value) => typeof value === "string")).toBe(true);
      const named = Object.entries(environment).filter(([name]) => name.startsWith("FILE__"));
      expect(named.map(([, place]) => place).sort()).toEqual(Object.keys(files).sort());
      expect(files["/run/secrets/SECRET_KEY_BASE"]).toEqual({ secret: "secretKeyBase" });
      for (const [name, place] of named) expect(place).toBe(`/run/secrets/${name.slice(6)}`);
    }
  });

  it("says what an upgrade means, where no job migrates", () => {
    expect(plan.migrations?.kind).toBe("atBoot");
    expect(plan.migrations?.note).toMatch(/stops the old version first/);
    expect(plan.containers.web.oldGoes).toBe("first");
  });

  it("needs no more memory than the other flavour", () => {
    const { web, sidekiq } = plan.containers;
    const { sizing } = plan;
    const given = [web, ...sidekiq].reduce((sum, { memoryMb }) => sum + memoryMb, 0);
    const shares = Object.values(sizing.sidekiq).reduce((sum, { memoryMb }) => sum + memoryMb, 0);
    expect(given).toBe(sizing.web.memoryMb + sizing.streaming.memoryMb + shares);
  });
});

it.each([
  ["4.7.2", "lscr.io/linuxserver/mastodon:4.7.2"],
  ["4.7.0-ls209", "lscr.io/linuxserver/mastodon:v4.7.0-ls209"],
])("finds version %s under the tag %s", (version, reference) => {
  expect(planWith({ image: { ...image, version } }).images.mastodon).toBe(reference);
});

it("has no image for streaming, and a volume for what its containers set up", () => {
  const { images, volumes } = planWith({});
  expect(Object.keys(images)).toEqual(["postgres", "redis", "caddy", "mastodon"]);
  expect(volumes.find(({ key }) => key === "config")).toEqual({
    key: "config",
    name: "mastodon-localhost-config",
    labels: {
      "org.joinmastodon.instance": "mastodon-localhost",
      "org.joinmastodon.part": "config",
    },
    protect: false,
    retain: false,
  });
});

it("keeps media in the volume that every flavour keeps it in", () => {
  const { web } = planWith({}).containers;
  const official = makePlan(configWith()).containers.web;
  const volumeOf = ({ mounts }: typeof web) =>
    mounts.find(({ path }) => path.endsWith("/public/system"))?.volume;
  expect(volumeOf(web)).toBe("media");
  expect(volumeOf(official)).toBe("media");
});

describe("its sidekiq", () => {
  const dividedAs = (sidekiq: Readonly<Record<string, unknown>>) => {
    const { web, sidekiq: others } = planWith({
      sidekiq,
      sizing: { memoryMb: 16384 },
    }).containers;
    return {
      default: web.environment["SIDEKIQ_DEFAULT"],
      others: others.map(({ part, environment }) => [part, environment["SIDEKIQ_QUEUE"]]),
    };
  };

  it("works on all queues in the main container where one process does", () => {
    expect(dividedAs({ all: { queues } })).toEqual({ default: "false", others: [] });
  });

  it("gets a container for each further process of one queue", () => {
    expect(dividedAs({ push: { queues: ["push"] }, all: { queues } })).toEqual({
      default: "false",
      others: [["sidekiq-push", "push"]],
    });
  });

  it("works on the queue default in the main container where each has a process of its own", () => {
    const [, ...rest] = queues;
    expect(dividedAs(split)).toEqual({
      default: "true",
      others: rest.map((queue) => [`sidekiq-${queue}`, queue]),
    });
  });
});

describe("the names that Mastodon answers to", () => {
  const alternates = (overrides: Readonly<Record<string, unknown>>) =>
    planWith(overrides).containers.web.environment["ALTERNATE_DOMAINS"];

  it.each([
    ["are those without a port that nginx passes on", {}, "localhost"],
    ["are its own alone on port 443", { edge: { kind: "local", port: 443 } }, undefined],
    [
      "hold those of the stack file",
      { domain: "example.org", environment: { ALTERNATE_DOMAINS: "example.net" } },
      "example.net,example.org",
    ],
  ])("%s", (_name, overrides, expected) => {
    expect(alternates(overrides)).toBe(expected);
  });
});
