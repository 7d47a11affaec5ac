import * as cloudflare from "@pulumi/cloudflare";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { environmentFile, type Plan } from "../plan";
import { Application } from "./application";
import { Cache } from "./cache";
import { Checks } from "./checks";
import { Database } from "./database";
import { Connectors } from "./edge/connectors";
import { Dns } from "./edge/dns";
import { Targets } from "./edge/targets";
import { Tunnel } from "./edge/tunnel";
import { Foundation } from "./foundation";
import { Gateway } from "./gateway";
import { createHost } from "./host/createHost";
import type { ProvidedSecrets } from "./readConfig";
import { Search } from "./search";
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
  /** DNS records, to enter by hand where the program does not: none, where nobody but this machine reaches the instance. */
  readonly dnsRecords: pulumi.Output<string[]>;
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
    const atCloudflare = plan.tunnel !== undefined || plan.dns !== undefined;
    const providers = {
      docker: host.docker,
      ...(atCloudflare && {
        cloudflare: new cloudflare.Provider(
          `${name}-cloudflare`,
          { ...provided.cloudflare },
          { parent: this },
        ),
      }),
      random: new random.Provider(`${name}-random`, {}, { parent: this }),
      command: new command.Provider(`${name}-command`, {}, { parent: this }),
    };
    const child = { parent: this, providers };
    const { containers, jobs, publications } = plan;

    // Other names would take another resource, which the protection of this one refuses already in the preview.
    new random.RandomUuid(
      `${name}-domain`,
      { keepers: { ...plan.identity } },
      { parent: this, provider: providers.random, protect: true },
    );
    const tunnel = plan.tunnel && new Tunnel(`${name}-tunnel`, { spec: plan.tunnel }, child);
    const secrets = new Secrets(
      `${name}-secrets`,
      { specs: plan.secrets, provided, tunnelToken: tunnel?.token },
      child,
    );
    const foundation = new Foundation(`${name}-foundation`, { ...plan, host }, child);
    const site: Site = { foundation, secrets, host, logs: plan.sizing.logs };
    const checks = new Checks(`${name}-checks`, { site, specs: plan.checks }, child);
    const after = checks.passed;
    const database = new Database(
      `${name}-database`,
      { site, container: containers.postgres, role: jobs.role, after },
      child,
    );
    const cache = new Cache(`${name}-cache`, { site, container: containers.redis, after }, child);
    const stores = [database.ready, cache.ready];
    const application = new Application(
      `${name}-app`,
      { site, containers, jobs, publications, stores },
      child,
    );
    if (jobs.searchIndex !== undefined) {
      const { search: container } = containers;
      new Search(
        `${name}-search`,
        { site, container, index: jobs.searchIndex, application },
        child,
      );
    }
    const gateway = new Gateway(
      `${name}-gateway`,
      {
        site,
        container: containers.gateway,
        caddyfile: jobs.caddyfile,
        publication: publications.gateway,
        upstreams: application.ready,
      },
      child,
    );
    const connectors =
      plan.tunnel &&
      new Connectors(
        `${name}-connectors`,
        { site, containers: plan.tunnel.replicas, behind: [gateway] },
        child,
      );
    const targets = new Targets(host, tunnel);
    if (plan.dns !== undefined) {
      const behind = [gateway, ...(connectors?.ready ?? [])];
      const access = provided.cloudflare ?? {};
      new Dns(`${name}-dns`, { spec: plan.dns, targets, access, behind }, child);
    }

    this.outputs = {
      url: plan.url,
      adminUsername: plan.adminUsername,
      adminEmail: plan.adminEmail,
      adminPassword: secrets.get("adminPassword"),
      host: host.endpoint,
      address: host.address,
      dnsRecords: pulumi
        .all(plan.records.map((record) => targets.describe(record)))
        .apply((made) => [...made, ...plan.mailHints]),
      images: plan.images,
      environmentFile: pulumi.secret(
        pulumi.all(secrets.resolve(plan.environment)).apply(environmentFile),
      ),
    };
    // What the policies judge memory limits and images by, and what the review compares with what was.
    this.registerOutputs({
      memoryMb: plan.sizing.memoryMb,
      architecture: host.architecture,
      mediaPlace: plan.mediaPlace,
    });
  }
}
