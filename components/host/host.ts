import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../plan";
import { LocalHost } from "./localHost";

/** Where an instance runs: what every kind of host gives to those that build on it. */
export interface Host {
  /** Makes containers, networks and volumes there. */
  readonly docker: docker.Provider;
  /** For the docker client: a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}

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
