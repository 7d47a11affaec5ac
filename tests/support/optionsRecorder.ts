import * as pulumi from "@pulumi/pulumi";

/** Under which options a resource was registered. */
export interface RecordedOptions {
  /** The name of its parent; absent: the program itself. */
  readonly parent?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly dependsOn?: readonly string[];
  readonly aliases?: readonly unknown[];
  readonly replaceOnChanges?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
}

/** Mocks see no options: they are taken from the constructors, by way of a transformation of their root. */
export class OptionsRecorder {
  private readonly names = new Map<unknown, string>();
  private readonly recorded = new Map<string, RecordedOptions>();

  /** @param root the name of the resource that all others descend from */
  constructor(private readonly root: string) {}

  readonly transform: pulumi.ResourceTransformation = ({ resource, type, name, opts }) => {
    this.names.set(resource, name);
    const { dependsOn, aliases, replaceOnChanges, ignoreChanges, protect, retainOnDelete } = opts;
    const custom: pulumi.CustomResourceOptions = opts;
    this.recorded.set(`${type} ${name}`, {
      ...given("parent", this.nameOf(opts.parent)),
      ...given("protect", protect),
      ...given("retainOnDelete", retainOnDelete),
      ...given("deleteBeforeReplace", custom.deleteBeforeReplace),
      ...given(
        "dependsOn",
        list(dependsOn)?.map((each) => this.nameOf(each) ?? "unknown"),
      ),
      ...given("aliases", list(aliases)),
      ...given("replaceOnChanges", list(replaceOnChanges)),
      ...given("ignoreChanges", list(ignoreChanges)),
      ...given("additionalSecretOutputs", list(custom.additionalSecretOutputs)),
    });
    return undefined;
  };

  of({ type, name }: pulumi.runtime.MockResourceArgs): RecordedOptions {
    const options = this.recorded.get(`${type} ${name}`);
    if (options === undefined) throw new Error(`${type} ${name} does not descend from the root`);
    return options;
  }

  private nameOf(resource: unknown): string | undefined {
    const name = this.names.get(resource);
    return name === this.root ? undefined : name;
  }
}

/** The entry, where there is something to enter. */
export const given = (key: string, value: unknown): object =>
  value === undefined ? {} : { [key]: value };

function list(value: unknown): unknown[] | undefined {
  if (value === undefined) return undefined;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    throw new Error("an option that decides the order of resources must be known at once");
  }
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
