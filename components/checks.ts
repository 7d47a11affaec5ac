import * as pulumi from "@pulumi/pulumi";
import type { JobSpec } from "../plan";
import { createJob } from "./job";
import type { Site } from "./site";

export interface ChecksArgs {
  readonly site: Site;
  readonly specs: readonly JobSpec[];
}

/** Asks the services elsewhere whether they do what the instance needs of them, before anything of it changes. */
export class Checks extends pulumi.ComponentResource {
  /** What has to wait until all of them have answered well. */
  readonly passed: readonly pulumi.Resource[];

  constructor(name: string, { site, specs }: ChecksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Checks", name, {}, opts);
    this.passed = specs.map((spec) =>
      createJob(
        `${name}-${spec.part}`,
        { ...site, spec },
        // The network that they leave by has to be there.
        { parent: this, dependsOn: [site.foundation] },
      ),
    );
    this.registerOutputs();
  }
}
