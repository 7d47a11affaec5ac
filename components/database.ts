import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec, JobSpec } from "../plan";
import { createContainer } from "./container";
import { createJob } from "./job";
import type { Site } from "./site";

export interface DatabaseArgs {
  readonly site: Site;
  readonly container: ContainerSpec;
  /** Creates the role that the application logs in with. */
  readonly role: JobSpec;
  /** What has to go well before anything of it is changed. */
  readonly after: readonly pulumi.Resource[];
}

/** Postgres, with the application's role in it. */
export class Database extends pulumi.ComponentResource {
  /** Ready for the application to log in. */
  readonly ready: command.local.Command;

  constructor(
    name: string,
    { site, container, role, after }: DatabaseArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Database", name, {}, opts);
    const server = createContainer(
      `${name}-postgres`,
      { ...site, spec: container },
      { parent: this, dependsOn: [...after] },
    );
    this.ready = createJob(
      `${name}-role`,
      { ...site, spec: role },
      { parent: this, dependsOn: [server] },
    );
    this.registerOutputs();
  }
}
