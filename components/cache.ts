import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec } from "../plan";
import { createContainer } from "./container";
import type { Site } from "./site";

export interface CacheArgs {
  readonly site: Site;
  readonly container: ContainerSpec;
}

/** Redis: jobs, feeds and caches. */
export class Cache extends pulumi.ComponentResource {
  /** Ready to take jobs. */
  readonly ready: docker.Container;

  constructor(
    name: string,
    { site, container }: CacheArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Cache", name, {}, opts);
    this.ready = createContainer(`${name}-redis`, { ...site, spec: container }, { parent: this });
    this.registerOutputs();
  }
}
