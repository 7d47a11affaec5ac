import type * as pulumi from "@pulumi/pulumi";
import type { HostSpec } from "../../plan";
import type { ProvidedSecrets } from "../readConfig";
import { HetznerHost } from "./hetznerHost";
import type { Host } from "./host";
import { LocalHost } from "./localHost";
import { SshHost } from "./sshHost";

export interface HostArgs {
  readonly spec: HostSpec;
  /** Secrets that the stack file holds: among them those of a provider of servers. */
  readonly provided: ProvidedSecrets;
}

/** The one place in which the kind of host decides anything. */
export function createHost(
  name: string,
  { spec, provided }: HostArgs,
  opts: pulumi.ComponentResourceOptions,
): Host {
  switch (spec.kind) {
    case "local":
      return new LocalHost(name, { spec }, opts);
    case "ssh":
      return new SshHost(name, { spec }, opts);
    case "hetzner":
      return new HetznerHost(name, { spec, provided }, opts);
    default:
      return spec satisfies never;
  }
}
