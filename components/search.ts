import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec, JobSpec } from "../plan";
import { createContainer } from "./container";
import { createJob } from "./job";
import type { Site } from "./site";

export interface SearchArgs {
  readonly site: Site;
  /** Absent: a server elsewhere does it. */
  readonly container: ContainerSpec | undefined;
  /** Fills the index. */
  readonly index: JobSpec;
  /** What is searched, and has to be there first. */
  readonly application: pulumi.Resource;
}

/** Full-text search. Nothing waits for it: an index that could not be filled fails the deployment, and nothing else. */
export class Search extends pulumi.ComponentResource {
  constructor(
    name: string,
    { site, container, index, application }: SearchArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Search", name, {}, opts);
    const engine =
      container === undefined
        ? []
        : [createContainer(`${name}-engine`, { ...site, spec: container }, { parent: this })];
    createJob(
      `${name}-${index.part}`,
      { ...site, spec: index },
      { parent: this, dependsOn: [...engine, application] },
    );
    this.registerOutputs();
  }
}
