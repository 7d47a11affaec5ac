import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec, Plan, PublicationSpec } from "../plan";
import { createContainer } from "./container";
import { createJob, publish } from "./job";
import type { Site } from "./site";

export interface ApplicationArgs {
  readonly site: Site;
  readonly containers: Pick<Plan["containers"], "web" | "streaming" | "sidekiq">;
  readonly jobs: Pick<Plan["jobs"], "migrate" | "settings" | "admin">;
  readonly publications: Plan["publications"];
  /** What the schema is written to and jobs are queued in. */
  readonly stores: readonly pulumi.Resource[];
}

/** Mastodon itself: its schema, its processes, its owner. */
export class Application extends pulumi.ComponentResource {
  /** Found by the gateway, and ready to answer it. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ApplicationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Application", name, {}, opts);
    const { site, containers, jobs, publications, stores } = args;
    const job = (spec: Plan["jobs"]["admin"], dependsOn: readonly pulumi.Resource[]) =>
      createJob(
        `${name}-${spec.part}`,
        { ...site, spec },
        { parent: this, dependsOn: [...dependsOn] },
      );
    const container = (spec: ContainerSpec, dependsOn: readonly pulumi.Resource[]) =>
      createContainer(
        `${name}-${spec.part}`,
        { ...site, spec },
        { parent: this, dependsOn: [...dependsOn] },
      );

    const published = (spec: PublicationSpec, visible: docker.Container) =>
      publish(
        `${name}-${spec.part}-publication`,
        { ...site, spec, container: visible },
        { parent: this },
      );

    const migrate = jobs.migrate === undefined ? undefined : job(jobs.migrate, stores);
    const web = container(containers.web, migrate === undefined ? stores : [migrate]);
    // Where no job brings the schema up to date, web did so before it became healthy.
    const schema = [migrate ?? web];
    containers.sidekiq.forEach((spec) => container(spec, schema));
    const settings = job(jobs.settings, [web]);
    job(jobs.admin, [settings]);
    const { streaming } = containers;
    this.ready = [
      published(publications.web, web),
      ...(streaming === undefined || publications.streaming === undefined
        ? []
        : [published(publications.streaming, container(streaming, schema))]),
    ];
    this.registerOutputs();
  }
}
