import { queueWeights } from "../../plan/queues";
import { makePlan, type ContainerSpec } from "../../plan";
import { physicalName } from "../../plan/names";
import { configWith, fullest } from "../support/fixtures";

const plans = {
  smallest: makePlan(configWith()),
  fullest: makePlan(configWith(fullest)),
};

const containersOf = ({ containers }: (typeof plans)["smallest"]): ContainerSpec[] => {
  const { sidekiq, ...others } = containers;
  return [...Object.values(others), ...sidekiq];
};

const linuxserver = makePlan(configWith({ image: { flavour: "linuxserver" } }));

const table = Object.entries({ ...plans, linuxserver }).flatMap(([name, plan]) =>
  containersOf(plan).map((spec): [string, ContainerSpec, string] => [
    `${spec.part}, ${name}`,
    spec,
    name === "fullest" ? "trial" : "localhost",
  ]),
);

const stateful = ["postgres", "redis"];
/** Those of which two at once would own the same data, port or periodic jobs. */
const isSingle = (spec: ContainerSpec): boolean =>
  [...stateful, "gateway"].includes(spec.part) || spec === linuxserver.containers.web;

/** Go writes a duration with all units below its largest, but for a fraction of a second: `1m0s`, `1h0m0s`, `1.5s`. */
const goDuration =
  /^(?:(?:[1-9]\d*h(?:[0-5]?\d)m|[1-5]?\d?m)(?:[0-5]?\d)s|[1-5]?\d(?:\.\d*[1-9])?s)$/;

it.each([
  ["5s", true],
  ["59s", true],
  ["1m0s", true],
  ["1m30s", true],
  ["10m0s", true],
  ["1h0m0s", true],
  ["1.5s", true],
  ["60s", false],
  ["90s", false],
  ["1m", false],
  ["1500ms", false],
  ["1.50s", false],
  ["61m0s", false],
])("knows Go's normal form: %s, %s", (text, normal) => {
  expect(goDuration.test(text)).toBe(normal);
});

describe.each(table)("%s", (_name, spec, domain) => {
  it("is asked for its health, in durations as Go writes them", () => {
    const { test, interval, timeout, startPeriod, retries } = spec.health;
    expect(["CMD", "CMD-SHELL"]).toContain(test[0]);
    if (test[0] === "CMD-SHELL") expect(test).toHaveLength(2);
    expect(test.length).toBeGreaterThan(1);
    for (const duration of [interval, timeout, startPeriod]) expect(duration).toMatch(goDuration);
    expect(retries).toBeGreaterThanOrEqual(3);
  });

  it("is waited for longer than it may take to start", () => {
    const [, minutes = "0", seconds = "0"] =
      /^(?:(\d+)m)?(\d+)s$/.exec(spec.health.startPeriod) ?? [];
    expect(spec.healthySeconds).toBeGreaterThan(Number(minutes) * 60 + Number(seconds));
  });

  it("publishes a port only if it is the gateway, and only on the loopback", () => {
    expect(spec.ports).toHaveLength(spec.part === "gateway" ? 1 : 0);
    for (const { address } of spec.ports) expect(address).toBe("127.0.0.1");
  });

  it("runs as a user that is said outright, and as root only with a reason", () => {
    expect(spec.user).toMatch(/^\d+:\d+$/);
    const excused = spec.exceptions.map(({ rule }) => rule);
    expect(excused.includes("not root")).toBe(spec.user.startsWith("0:"));
    expect(excused.includes("all capabilities are dropped")).toBe(spec.capabilities.length > 0);
    for (const { reason } of spec.exceptions) expect(reason.length).toBeGreaterThan(20);
    // Without its prefix, the provider replaces the container after each refresh.
    for (const capability of spec.capabilities) expect(capability).toMatch(/^CAP_/);
  });

  it("has memory, and time to finish its work", () => {
    expect(spec.memoryMb).toBeGreaterThan(0);
    expect(spec.stopSeconds).toBeGreaterThanOrEqual(20);
    expect(spec.stopSeconds).toBeLessThan(spec.healthySeconds);
  });

  it("goes first under a fixed name where two could not be, else has a name made up for each", () => {
    expect(spec.oldGoes).toBe(isSingle(spec) ? "first" : "last");
    expect(spec.name).toBe(isSingle(spec) ? physicalName(domain, spec.part) : undefined);
  });

  it("writes nowhere but in memory and in its volumes, or says why not", () => {
    const excused = spec.exceptions.some(({ rule }) => rule === "read-only root");
    expect(excused).toBe(spec.writableRoot === true);
    const places = [...Object.keys(spec.tmpfs), ...spec.mounts.map(({ path }) => path)];
    expect(new Set(places).size).toBe(places.length);
    for (const place of places) expect(place).toMatch(/^\//);
    for (const options of Object.values(spec.tmpfs))
      expect(options).toMatch(/\bmode=\d{4}\b.*\bsize=\d+m\b/);
  });

  it("is on the networks that it needs; web and streaming go out, and are found there, once they are healthy", () => {
    const networks: Readonly<Record<string, string[]>> = {
      gateway: ["egress"],
      sidekiq: ["internal", "egress"],
    };
    const [kind = ""] = spec.part.split("-");
    expect(spec.networks).toEqual(networks[kind] ?? ["internal"]);
  });

  it("carries its instance's and its own name", () => {
    expect(spec.labels).toEqual({
      "org.joinmastodon.instance": `mastodon-${domain}`,
      "org.joinmastodon.part": spec.part,
    });
  });

  it("names no secret in its command", () => {
    const words = [...(spec.entrypoint ?? []), ...spec.command, ...spec.health.test].join("\n");
    expect(words).not.toMatch(/password[=:]\S|requirepass [^%]/i);
  });
});

describe("postgres", () => {
  const settingsOf = (plan: (typeof plans)["smallest"]): Record<string, string> => {
    const [program, ...rest] = plan.containers.postgres.command;
    expect(program).toBe("postgres");
    return Object.fromEntries(
      rest.filter((word) => word !== "-c").map((word) => word.split("=") as [string, string]),
    );
  };

  it.each(Object.entries(plans))("is tuned to its share: %s", (_name, plan) => {
    const { postgres } = plan.sizing;
    expect(settingsOf(plan)).toMatchObject({
      shared_buffers: `${postgres.sharedBuffersMb}MB`,
      effective_cache_size: `${postgres.effectiveCacheMb}MB`,
      max_connections: String(postgres.maxConnections),
      password_encryption: "scram-sha-256",
    });
    expect(plan.containers.postgres.shmMb).toBeLessThan(plan.containers.postgres.memoryMb);
  });

  it("keeps its data where no other process writes", () => {
    const writers = containersOf(plans.fullest).filter(({ mounts }) =>
      mounts.some(({ volume, readOnly }) => volume === "postgres" && !readOnly),
    );
    expect(writers.map(({ part }) => part)).toEqual(["postgres"]);
  });
});

describe("redis", () => {
  it.each(Object.entries(plans))(
    "keeps jobs and evicts none: %s",
    (_name, { containers, sizing }) => {
      const [script] = containers.redis.command;
      expect(script).toContain("--appendonly yes");
      expect(script).toContain("--maxmemory-policy noeviction");
      expect(script).toContain(`--maxmemory ${sizing.redis.maxMemoryMb}mb`);
      expect(sizing.redis.maxMemoryMb).toBeLessThan(containers.redis.memoryMb);
    },
  );
});

describe("sidekiq", () => {
  it.each(Object.entries(plans))(
    "serves every queue, and the scheduler once: %s",
    (_name, { containers }) => {
      const served = containers.sidekiq.flatMap(({ command }) =>
        command.filter((_, index) => command[index - 1] === "-q"),
      );
      expect([...new Set(served)].sort()).toEqual(
        Object.entries(queueWeights)
          .map(([queue, weight]) => `${queue},${weight}`)
          .sort(),
      );
      expect(served.filter((word) => word.startsWith("scheduler,"))).toHaveLength(1);
    },
  );

  it("takes the threads of its process", () => {
    expect(plans.fullest.containers.sidekiq.map(({ part, command }) => [part, command[4]])).toEqual(
      [
        ["sidekiq-default", "10"],
        ["sidekiq-federation", String(plans.fullest.sizing.sidekiq["federation"]?.threads)],
      ],
    );
  });
});

it("asks web for a page that needs its stores, under the host that browsers see", () => {
  const { test } = plans.fullest.containers.web.health;
  expect(test).toContain("Host: social.example.org:9443");
  expect(test).toContain("X-Forwarded-Proto: https");
  expect(test.at(-1)).toBe("http://127.0.0.1:3000/api/v2/instance");
});
