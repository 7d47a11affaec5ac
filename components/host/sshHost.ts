import type * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, SshHostSpec } from "../../plan";
import type { Host, HostCommandArgs } from "./host";
import { sshOptions } from "./ssh";
import { withEngine } from "./withEngine";

export interface SshHostArgs {
  readonly spec: SshHostSpec;
}

/** A machine that already runs Docker, reached as its operator reaches it: with the keys and known hosts of `ssh`. */
export class SshHost extends pulumi.ComponentResource implements Host {
  readonly docker: docker.Provider;
  readonly endpoint: string;
  readonly ready = [];
  readonly address: string;
  readonly architecture: Architecture;

  constructor(name: string, { spec }: SshHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:SshHost", name, {}, opts);
    this.endpoint = spec.endpoint;
    this.address = spec.address;
    this.architecture = spec.architecture;
    this.docker = new docker.Provider(
      `${name}-docker`,
      { host: this.endpoint, sshOpts: [...sshOptions] },
      { parent: this },
    );
    this.registerOutputs({ endpoint: this.endpoint });
  }

  command(args: HostCommandArgs): command.local.CommandArgs {
    return withEngine(args, this.endpoint);
  }
}
