import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { environmentFile, type Plan } from "../plan";
import { Application } from "./application";
import { Cache } from "./cache";
import { Database } from "./database";
import { Foundation } from "./foundation";
import { Gateway } from "./gateway";
import { createHost } from "./host/createHost";
import type { ProvidedSecrets } from "./readConfig";
import { Secrets } from "./secrets";
import type { Site } from "./site";

export interface InstanceArgs {
  /** Every decision, made beforehand. */
  readonly plan: Plan;
  /** Secrets that the stack file holds. */
  readonly provided: ProvidedSecrets;
}

/** What a stack tells of its instance. */
export interface InstanceOutputs {
  /** Where people reach it. */
  readonly url: string;
  /** The owner's account. */
  readonly adminUsername: string;
  /** What the owner signs in with, beside the password. */
  readonly adminEmail: string;
  /** The owner's first password, a secret; without effect once the owner has signed in and chosen another. */
  readonly adminPassword: pulumi.Output<string>;
  /** The engine that it runs on. */
  readonly host: string;
  /** Of the machine that it runs on: public where the program has made it, else as its operator calls it. */
  readonly address: pulumi.Input<string>;
  /** DNS records to enter by hand: none, where nobody but this machine reaches the instance. */
  readonly dnsRecords: readonly string[];
  /** The reference of each image. */
  readonly images: Plan["images"];
  /** The whole `.env.production`, a secret: with it and the data, the instance can be set up anywhere. */
  readonly environmentFile: pulumi.Output<string>;
}

/** One Mastodon instance on one engine. The only component that knows what stands on what. */
export class Instance extends pulumi.ComponentResource {
  readonly outputs: InstanceOutputs;

  constructor(
    name: string,
    { plan, provided }: InstanceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:Instance", name, {}, opts);
    const host = createHost(`${name}-host`, { spec: plan.host, provided }, { parent: this });
    const providers = {
      docker: host.docker,
      random: new random.Provider(`${name}-random`, {}, { parent: this }),
      command: new command.Provider(`${name}-command`, {}, { parent: this }),
    };
    const child = { parent: this, providers };
    const { containers, jobs, publications } = plan;

    const secrets = new Secrets(`${name}-secrets`, { specs: plan.secrets, provided }, child);
    const foundation = new Foundation(`${name}-foundation`, { ...plan, host }, child);
    const site: Site = { foundation, secrets, host, logs: plan.sizing.logs };
    const database = new Database(
      `${name}-database`,
      { site, container: containers.postgres, role: jobs.role },
      child,
    );
    const cache = new Cache(`${name}-cache`, { site, container: containers.redis }, child);
    const stores = [database.ready, cache.ready];
    const application = new Application(
      `${name}-app`,
      { site, containers, jobs, publications, stores },
      child,
    );
    new Gateway(
      `${name}-gateway`,
      { site, container: containers.gateway, upstreams: application.ready },
      child,
    );

    this.outputs = {
      url: plan.url,
      adminUsername: plan.adminUsername,
      adminEmail: plan.adminEmail,
      adminPassword: secrets.get("adminPassword"),
      host: host.endpoint,
      address: host.address,
      dnsRecords: [],
      images: plan.images,
      environmentFile: pulumi.secret(
        pulumi.all(secrets.resolve(plan.environment)).apply(environmentFile),
      ),
    };
    this.registerOutputs();
  }
}
