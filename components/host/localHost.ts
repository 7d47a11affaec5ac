import type * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, LocalHostSpec } from "../../plan";
import type { Host, HostCommandArgs } from "./host";
import { withEngine } from "./withEngine";

export interface LocalHostArgs {
  /** Its socket is by default Docker's own, `unix:///var/run/docker.sock`. */
  readonly spec: LocalHostSpec;
}

/** The Docker engine of the machine that Pulumi runs on. */
export class LocalHost extends pulumi.ComponentResource implements Host {
  readonly docker: docker.Provider;
  readonly endpoint: string;
  readonly ready = [];
  readonly address = "localhost";
  readonly architecture: Architecture | undefined;

  constructor(name: string, { spec }: LocalHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:LocalHost", name, {}, opts);
    this.endpoint = spec.socket ?? "unix:///var/run/docker.sock";
    this.architecture = spec.architecture;
    this.docker = new docker.Provider(`${name}-docker`, { host: this.endpoint }, { parent: this });
    this.registerOutputs({ endpoint: this.endpoint });
  }

  command(args: HostCommandArgs): command.local.CommandArgs {
    return withEngine(args, this.endpoint);
  }
}
