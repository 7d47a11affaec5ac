import fc from "fast-check";
import { ConfigError, parseConfig, type Config } from "../../plan";
import { queues } from "../../plan/queues";
import {
  capacityFaults,
  capacityOf,
  leastMemoryMb,
  leastSidekiqMb,
  presets,
  sizeInstance,
  totalMemoryMb,
  type Hardware,
  type Sizing,
} from "../../plan/sizing";

const memory = fc.oneof(
  fc.integer({ min: leastMemoryMb, max: 8192 }),
  fc.integer({ min: leastMemoryMb, max: 1024 * 1024 }),
);
const cores = fc.integer({ min: 1, max: 256 });
const hardwares = fc.constantFrom(...(Object.keys(presets) as Hardware[]));
const processes = fc.array(fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }), {
  minLength: 1,
  maxLength: 6,
});

const groupsOf = (threads: readonly (number | undefined)[]): Record<string, number | undefined> =>
  Object.fromEntries(threads.map((count, index) => [`p${index}`, count]));

/** The configuration with these sizes, if it is accepted. */
function accepted(
  memoryMb: number,
  cpus: number,
  threads: readonly (number | undefined)[],
): Config | undefined {
  const sidekiq = Object.fromEntries(
    threads.map((count, index) => [
      `p${index}`,
      {
        queues: index === 0 ? queues : ["default"],
        ...(count === undefined ? {} : { threads: count }),
      },
    ]),
  );
  try {
    return parseConfig({ sizing: { memoryMb, cpus }, sidekiq });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Every figure of a sizing with the path to it. */
function figures(value: unknown, path = ""): [string, number][] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => figures(inner, `${path}.${key}`));
}

const poolsOf = ({ web, sidekiq, streaming }: Sizing): number =>
  Math.max(1, web.workers) * web.threads +
  Object.values(sidekiq).reduce((sum, { threads }) => sum + threads, 0) +
  streaming.databasePool;

describe("the sizes of every machine that is accepted", () => {
  const check = (
    property: (sizing: Sizing, threads: readonly (number | undefined)[]) => void,
  ): void => {
    fc.assert(
      fc.property(hardwares, memory, cores, processes, (hardware, memoryMb, cpus, threads) => {
        const config = accepted(memoryMb, cpus, threads);
        fc.pre(config !== undefined);
        property(sizeInstance({ hardware, ...config.sizing, sidekiq: groupsOf(threads) }), threads);
      }),
      { numRuns: 300 },
    );
  };

  it("together are no more than its memory, and leave little of it over", () => {
    check((sizing) => {
      expect(totalMemoryMb(sizing)).toBeLessThanOrEqual(sizing.memoryMb);
      expect(totalMemoryMb(sizing)).toBeGreaterThan(sizing.memoryMb * 0.98 - 10);
    });
  });

  it("are whole and positive, but for a web without a cluster and a Postgres without parallel queries", () => {
    check((sizing) => {
      for (const [path, figure] of figures(sizing)) {
        const least = /^\.(web\.workers|postgres\.parallelWorkers)$/.test(path) ? 0 : 1;
        expect({ path, figure, good: Number.isInteger(figure) && figure >= least }).toEqual({
          path,
          figure,
          good: true,
        });
      }
    });
  });

  it("give web as many processes as its memory and the cores bear", () => {
    check(({ web, cpus }) => {
      expect(web.workers).not.toBe(1);
      expect(web.workers).toBeLessThanOrEqual(Math.max(2, cpus));
      expect(web.memoryMb).toBeGreaterThanOrEqual(Math.max(352, web.workers * 450));
      expect(web.threads).toBe(5);
    });
  });

  it("give each sidekiq process what it runs in, and the threads that were asked for", () => {
    check(({ sidekiq }, threads) => {
      expect(Object.keys(sidekiq)).toEqual(threads.map((_, index) => `p${index}`));
      for (const [index, asked] of threads.entries()) {
        const found = sidekiq[`p${index}`];
        expect(found?.memoryMb).toBeGreaterThanOrEqual(leastSidekiqMb);
        if (asked !== undefined) expect(found?.threads).toBe(asked);
        else {
          expect(found?.threads).toBeGreaterThanOrEqual(5);
          expect(found?.threads).toBeLessThanOrEqual(25);
        }
      }
    });
  });

  it("let Postgres take every connection that the pools can open, and some more for jobs", () => {
    check((sizing) => {
      expect(sizing.postgres.maxConnections).toBeGreaterThanOrEqual(poolsOf(sizing) + 20);
    });
  });

  it("keep what Postgres and Redis take within their containers", () => {
    check(({ postgres, redis }) => {
      expect(postgres.sharedBuffersMb + postgres.maintenanceWorkMb).toBeLessThan(postgres.memoryMb);
      expect(postgres.sharedBuffersMb).toBeLessThan(postgres.effectiveCacheMb);
      expect(postgres.effectiveCacheMb).toBeLessThan(postgres.memoryMb);
      expect(redis.maxMemoryMb).toBeLessThan(redis.memoryMb);
    });
  });
});

it("gives nobody less on a machine with more memory", () => {
  fc.assert(
    fc.property(memory, memory, cores, processes, (one, other, cpus, threads) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)].map((memoryMb) =>
        Object.fromEntries(
          figures(
            sizeInstance({ hardware: "dev", memoryMb, cpus, sidekiq: groupsOf(threads) }),
          ).filter(([path]) =>
            /[mM]emoryMb$|sharedBuffersMb|effectiveCacheMb|maintenanceWorkMb|reserveMb/.test(path),
          ),
        ),
      );
      for (const [path, figure] of Object.entries(more ?? {})) {
        // Rounding down three times on the way may cost a MiB.
        expect({ path, enough: figure >= (less?.[path] ?? 0) - 2 }).toEqual({ path, enough: true });
      }
    }),
    { numRuns: 500 },
  );
});

describe("the smallest machine", () => {
  it("is a nominal 2 GB one", () => {
    expect(capacityFaults({ memoryMb: leastMemoryMb, cpus: 1 })).toEqual([]);
    expect(capacityFaults({ memoryMb: leastMemoryMb - 1, cpus: 1 })).toHaveLength(1);
    expect(accepted(leastMemoryMb, 1, [undefined])).toBeDefined();
  });

  it("runs web without a cluster", () => {
    expect(
      sizeInstance({
        hardware: "dev",
        memoryMb: leastMemoryMb,
        cpus: 1,
        sidekiq: { default: undefined },
      }),
    ).toMatchSnapshot();
  });
});

it("sizes the developer's preset", () => {
  expect(
    sizeInstance({ hardware: "dev", ...presets.dev, sidekiq: { default: undefined } }),
  ).toMatchSnapshot();
});

describe("the capacity of an engine", () => {
  it("does not move with the few MiB by which a kernel's figure does", () => {
    expect(capacityOf("vps", { memoryMb: 7941, cpus: 4 })).toEqual(
      capacityOf("vps", { memoryMb: 7937, cpus: 4 }),
    );
  });

  it.each([
    ["dev", 65536, 4096],
    ["dev", 3930, 3840],
    ["vps", 65536, 65536],
    ["pi", 7900, 7808],
  ] as const)("of %s with %i MiB is %i MiB", (hardware, memoryMb, expected) => {
    expect(capacityOf(hardware, { memoryMb, cpus: 3 })).toEqual({ memoryMb: expected, cpus: 3 });
  });

  it("is never more than the engine has", () => {
    fc.assert(
      fc.property(
        memory,
        cores,
        fc.constantFrom("dev", "vps", "macmini", "pi"),
        (memoryMb, cpus, hardware) => {
          const capacity = capacityOf(hardware, { memoryMb, cpus });
          expect(capacity.memoryMb).toBeLessThanOrEqual(memoryMb);
          expect(capacity.cpus).toBe(cpus);
        },
      ),
    );
  });

  it("of each machine that nominally has 2 GB is enough", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1920, max: 2048 }), (memoryMb) => {
        expect(capacityFaults(capacityOf("dev", { memoryMb, cpus: 1 }))).toEqual([]);
      }),
    );
  });
});

describe("the table of hardware", () => {
  const sized = (hardware: Hardware, memoryMb = presets[hardware].memoryMb): Sizing =>
    sizeInstance({ ...presets[hardware], hardware, memoryMb, sidekiq: { default: undefined } });

  it.each([
    ["a small server", sized("vps")],
    ["a Mac mini", sized("macmini")],
    ["a Raspberry Pi with 4 GB", sized("pi")],
    ["a Raspberry Pi with 8 GB", sized("pi", 8192)],
  ])("sizes %s", (_name, sizing) => {
    expect(sizing).toMatchSnapshot();
  });

  it("saves writes on a Raspberry Pi alone, unless the stack file says otherwise", () => {
    const saving = Object.keys(presets).filter((name) => sized(name as Hardware).saveWrites);
    expect(saving).toEqual(["pi"]);
    const args = { ...presets.pi, hardware: "pi" as const, sidekiq: { default: undefined } };
    expect(sizeInstance({ ...args, saveWrites: false }).saveWrites).toBe(false);
  });

  it("keeps media for as long as Mastodon recommends at least, and what people wrote for ever", () => {
    for (const hardware of Object.keys(presets) as Hardware[]) {
      const { retention } = sized(hardware);
      expect(retention.mediaDays).toBeGreaterThanOrEqual(14);
      expect(retention).not.toHaveProperty("contentDays");
    }
  });
});
