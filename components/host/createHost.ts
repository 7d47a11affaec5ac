import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../plan";
import type { Host } from "./host";
import { LocalHost } from "./localHost";

/** The one place in which the kind of host decides anything. */
export function createHost(
  name: string,
  host: Plan["host"],
  opts: pulumi.ComponentResourceOptions,
): Host {
  switch (host.kind) {
    case "local":
      return new LocalHost(name, host, opts);
    case "ssh":
    case "hetzner":
      throw new Error(
        `a host of kind ${host.kind} passed the configuration's checks, but none can be made`,
      );
    default:
      return host satisfies never;
  }
}
