import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { JobSpec, PublicationSpec } from "../plan";
import type { Foundation } from "./foundation";
import type { Secrets } from "./secrets";

export interface JobArgs {
  readonly spec: JobSpec;
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  /** The engine to run on, as a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}

/** Runs a job of the plan to its end; it fails the deployment when the job fails, and is tried again by the next. */
export function createJob(
  name: string,
  { spec, foundation, secrets, endpoint }: JobArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    {
      create: spec.script,
      environment: {
        ...secrets.resolve(spec.environment),
        ...(spec.followsImage ? { IMAGE: foundation.imageId("mastodon") } : {}),
        DOCKER_HOST: endpoint,
      },
      logging: spec.progress ? command.local.Logging.StdoutAndStderr : command.local.Logging.None,
    },
    { ...opts, additionalSecretOutputs: ["stdout", "stderr"] },
  );
}

export interface PublicationArgs {
  readonly spec: PublicationSpec;
  readonly container: docker.Container;
  /** The engine that the container is on, as a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}

/** Makes a healthy container visible to the gateway; it is withdrawn before it is removed. */
export function publish(
  name: string,
  { spec, container, endpoint }: PublicationArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    {
      create: spec.publish,
      delete: spec.withdraw,
      environment: { CONTAINER: container.id, DOCKER_HOST: endpoint },
      triggers: [container.id],
      logging: command.local.Logging.None,
    },
    opts,
  );
}
