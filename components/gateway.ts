import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec } from "../plan";
import { createContainer } from "./container";
import type { Site } from "./site";

export interface GatewayArgs {
  readonly site: Site;
  readonly container: ContainerSpec;
  /** What it passes requests on to. */
  readonly upstreams: readonly pulumi.Resource[];
}

/** Caddy: the one way in. */
export class Gateway extends pulumi.ComponentResource {
  constructor(
    name: string,
    { site, container, upstreams }: GatewayArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Gateway", name, {}, opts);
    createContainer(
      `${name}-caddy`,
      { ...site, spec: container },
      { parent: this, dependsOn: [...upstreams] },
    );
    this.registerOutputs();
  }
}
