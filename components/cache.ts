import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec } from "../plan";
import { createContainer } from "./container";
import type { Site } from "./site";

export interface CacheArgs {
  readonly site: Site;
  readonly container: ContainerSpec;
  /** What has to go well before anything of it is changed. */
  readonly after: readonly pulumi.Resource[];
}

/** Redis: jobs, feeds and caches. */
export class Cache extends pulumi.ComponentResource {
  /** Ready to take jobs. */
  readonly ready: docker.Container;

  constructor(
    name: string,
    { site, container, after }: CacheArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Cache", name, {}, opts);
    this.ready = createContainer(
      `${name}-redis`,
      { ...site, spec: container },
      { parent: this, dependsOn: [...after] },
    );
    this.registerOutputs();
  }
}
