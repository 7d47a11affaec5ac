import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

type Values = Readonly<Record<string, unknown>>;

/** A resource as the program asks the engine for it: secrets carry their mark, and unknown values stand as such. */
export interface RequestedResource {
  readonly urn: string;
  /** All that it was before, by renames of its own and of what it is part of. */
  readonly aliases: readonly string[];
  /** Absent for what is only made of others, and in a preview. */
  readonly id?: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Values;
  /** What has been made of it; in a preview, no more than was asked for. */
  readonly outputs: Values;
  /** The URNs of parent and provider; the latter absent for what needs none. */
  readonly parent?: string;
  readonly provider?: string;
  readonly dependencies: readonly string[];
  /** The resources that an input was made from, by its name. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly deleteBeforeReplace?: boolean;
}

/** Listens to what a program that runs under mocks asks the engine for. */
export class RequestRecorder {
  private readonly monitor: MockMonitor;
  private readonly calls: jest.SpyInstance;

  /** To be made once the mocks are set, and before the program runs. */
  constructor() {
    const monitor: unknown = pulumi.runtime.getMonitor();
    if (!(monitor instanceof MockMonitor)) throw new Error("no mocks are set");
    this.monitor = monitor;
    Object.assign(monitor, { newUrn });
    this.calls = jest.spyOn(monitor, "registerResource");
  }

  /** @param preview what is made is then not known */
  resources(preview: boolean): RequestedResource[] {
    const requests = this.calls.mock.calls as [RegisterResourceRequest][];
    return requests.map(([request]) => this.describe(request, preview));
  }

  private describe(request: RegisterResourceRequest, preview: boolean): RequestedResource {
    const [type, name] = [request.getType(), request.getName()];
    const { urn, id, state } = this.find(type, name);
    const inputs = (request.getObject()?.toJavaScript() ?? {}) as Values;
    const made =
      "toJavaScript" in state ? (state["toJavaScript"] as () => Values).call(state) : state;
    return {
      urn,
      aliases: request.getAliasurnsList(),
      ...(id !== null && { id }),
      type,
      name,
      inputs,
      outputs: preview && request.getCustom() ? inputs : made,
      ...(request.getParent() !== "" && { parent: request.getParent() }),
      // A reference to a provider ends with its id.
      ...(request.getProvider() !== "" && {
        provider: request.getProvider().replace(/::[^:]*$/, ""),
      }),
      dependencies: request.getDependenciesList(),
      propertyDependencies: Object.fromEntries(
        request
          .getPropertydependenciesMap()
          .toArray()
          .map(([key]) => [
            key,
            request.getPropertydependenciesMap().get(key)?.getUrnsList() ?? [],
          ]),
      ),
      protect: request.getProtect() === true,
      ...(request.getDeletebeforereplacedefined() && {
        deleteBeforeReplace: request.getDeletebeforereplace(),
      }),
    };
  }

  private find(type: string, name: string): { urn: string; id: string | null; state: Values } {
    const found = [...this.monitor.getRegisteredResources()].find(([urn]) => {
      const [, , types = "", own] = urn.split("::");
      return own === name && types.split("$").at(-1) === type;
    });
    if (found === undefined) throw new Error(`${type} ${name} was asked for and not registered`);
    const [urn, { id, state }] = found as [string, { id: string | null; state: Values }];
    return { urn, id, state };
  }
}

/** As an engine makes it. The mocks' own names of all that a resource is part of only the last. */
function newUrn(parent: string, type: string, name: string): string {
  const types = parent === "" ? type : `${parent.split("::")[2] ?? ""}$${type}`;
  return ["urn:pulumi:test", "mastodon", types, name].join("::");
}
