import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host";

export interface LocalHostArgs {
  /** The engine's socket. Default: Docker's own, `unix:///var/run/docker.sock`. */
  readonly socket?: string | undefined;
}

/** The Docker engine of the machine that Pulumi runs on. */
export class LocalHost extends pulumi.ComponentResource implements Host {
  readonly docker: docker.Provider;
  readonly endpoint: string;

  constructor(name: string, args: LocalHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:LocalHost", name, {}, opts);
    this.endpoint = args.socket ?? "unix:///var/run/docker.sock";
    this.docker = new docker.Provider(`${name}-docker`, { host: this.endpoint }, { parent: this });
    this.registerOutputs({ endpoint: this.endpoint });
  }
}
