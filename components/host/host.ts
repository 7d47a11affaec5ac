import type * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../../plan";

/** Where an instance runs: what every kind of host gives to those that build on it. */
export interface Host {
  /** Makes containers, networks and volumes there. */
  readonly docker: docker.Provider;
  /** For the docker client: a value of `DOCKER_HOST`. */
  readonly endpoint: string;
  /** What has to be done before its engine can be talked to; none where it was there before. */
  readonly ready: readonly pulumi.Resource[];
  /** Its public address, or its name in the operator's network. */
  readonly address: pulumi.Input<string>;
  /** Its public IPv6 address, where the program has given it one. */
  readonly ipv6Address?: pulumi.Output<string>;
  /** Undefined where the engine was not asked. */
  readonly architecture: Architecture | undefined;
  /** The arguments of a command whose docker client talks to this host's engine. */
  command(args: HostCommandArgs): command.local.CommandArgs;
}

/** A command that the operator's machine runs. */
export interface HostCommandArgs {
  /** Shell scripts, with the docker client on their path. */
  readonly create: pulumi.Input<string>;
  readonly delete?: string;
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly triggers?: pulumi.Input<unknown>[];
  readonly logging: command.local.Logging;
}
