import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec } from "../../plan";
import { createContainer } from "../container";
import type { Site } from "../site";

export interface ConnectorsArgs {
  readonly site: Site;
  readonly containers: readonly ContainerSpec[];
  /** What visitors are led to. */
  readonly behind: readonly pulumi.Resource[];
}

/** The containers that hold a tunnel open from inside: nothing has to be let in. */
export class Connectors extends pulumi.ComponentResource {
  /** Connected, each of them. */
  readonly ready: readonly docker.Container[];

  constructor(
    name: string,
    { site, containers, behind }: ConnectorsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Connectors", name, {}, opts);
    this.ready = containers.map((spec) =>
      createContainer(
        `${name}-${spec.part}`,
        { ...site, spec },
        { parent: this, dependsOn: [...behind] },
      ),
    );
    this.registerOutputs();
  }
}
