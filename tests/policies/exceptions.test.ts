import { exceptions } from "../../policies/exceptions";
import { rules } from "../../policies/rules";
import { makePlan, type Config, type ContainerSpec } from "../../plan";
import { queues } from "../../plan/queues";
import { configWith, tunnelled } from "../support/fixtures";

/** What the plan calls what it excepts a container from, and which rule refuses that. */
const ruleOf: Readonly<Record<string, string>> = {
  "not root": "name-user",
  "read-only root": "keep-root-read-only",
  "all capabilities are dropped": "drop-capabilities",
};

const sizing = { memoryMb: 16384, cpus: 8 };
const configs: Readonly<Record<string, Config>> = {
  official: configWith({ sizing, search: { kind: "container", engine: "elasticsearch" } }),
  linuxserver: configWith({
    sizing,
    image: { flavour: "linuxserver", version: "4.7.2" },
    sidekiq: { all: { queues }, push: { queues: ["push"] } },
  }),
  tunnelled: configWith(tunnelled),
};

const containersOf = (config: Config): ContainerSpec[] => {
  const { containers, tunnel } = makePlan(config);
  const { web, streaming, sidekiq, search, gateway, postgres, redis } = containers;
  const single = [web, streaming, search, gateway, postgres, redis].flatMap((spec) => spec ?? []);
  return [...single, ...sidekiq, ...(tunnel?.replicas ?? [])];
};

/** Which part the plan excepts from which rule. */
const planned = (specs: readonly ContainerSpec[]): Set<string> =>
  new Set(
    specs.flatMap(({ part, exceptions: own }) =>
      own.map(({ rule }) => `${part}: ${ruleOf[rule] ?? rule}`),
    ),
  );

const granted = (specs: readonly ContainerSpec[]): Set<string> =>
  new Set(
    specs.flatMap(({ part, environment }) =>
      exceptions
        .filter(({ parts, having }) => {
          const isMeant = parts.some((name) =>
            name.endsWith("*") ? part.startsWith(name.slice(0, -1)) : part === name,
          );
          return isMeant && (having === undefined || having in environment);
        })
        .map(({ rule }) => `${part}: ${rule}`),
    ),
  );

it.each(Object.entries(configs))("are those that the plan makes: %s", (_, config) => {
  const specs = containersOf(config);
  expect(granted(specs)).toEqual(planned(specs));
});

it("are each for a rule that there is, with a reason", () => {
  const names = rules.map(({ name }) => name);
  for (const { rule, reason } of exceptions) {
    expect(names).toContain(rule);
    expect(reason).toMatch(/^.{20,}[^.]$/);
  }
});
