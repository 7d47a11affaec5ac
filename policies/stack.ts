import type { PolicyResource } from "@pulumi/policy";

/** What a resource was made from, by one of its inputs: known also where the value is not yet. */
export const madeFrom = (resource: PolicyResource, input: string): readonly PolicyResource[] =>
  resource.propertyDependencies[input] ?? [];

/** The machine of an instance, as the program says. */
interface Machine {
  readonly memoryMb: number | undefined;
  readonly architecture: string | undefined;
}

const instanceType = "mastodon:index:Instance";

/** What the outputs of the instance tell of its machine. */
export function machineOf(resources: readonly PolicyResource[]): Machine {
  const instance = resources.find(({ type }) => type === instanceType);
  const { memoryMb, architecture } = (instance?.props ?? {}) as Readonly<Record<string, unknown>>;
  return {
    memoryMb: typeof memoryMb === "number" ? memoryMb : undefined,
    architecture: typeof architecture === "string" ? architecture : undefined,
  };
}
