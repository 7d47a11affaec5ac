import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { JobSpec, PublicationSpec } from "../plan";
import type { Foundation } from "./foundation";
import type { Host } from "./host/host";
import type { Secrets } from "./secrets";

export interface JobArgs {
  readonly spec: JobSpec;
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  readonly host: Host;
}

/** Runs a job of the plan to its end; it fails the deployment when the job fails, and is tried again by the next. */
export function createJob(
  name: string,
  { spec, foundation, secrets, host }: JobArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    host.command({
      create: spec.script,
      environment: {
        ...secrets.resolve(spec.environment),
        ...(spec.followsImage ? { IMAGE: foundation.imageId("mastodon") } : {}),
      },
      logging: spec.progress ? command.local.Logging.StdoutAndStderr : command.local.Logging.None,
    }),
    { ...opts, additionalSecretOutputs: ["stdout", "stderr"] },
  );
}

export interface PublicationArgs {
  readonly spec: PublicationSpec;
  readonly container: docker.Container;
  /** Where the container runs. */
  readonly host: Host;
}

/** Makes a healthy container visible to the gateway; it is withdrawn before it is removed. */
export function publish(
  name: string,
  { spec, container, host }: PublicationArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    host.command({
      create: spec.publish,
      delete: spec.withdraw,
      environment: { CONTAINER: container.id },
      triggers: [container.id],
      logging: command.local.Logging.None,
    }),
    opts,
  );
}
