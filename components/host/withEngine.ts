import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { HostCommandArgs } from "./host";

/**
 * Names the engine that a command's docker client talks to.
 *
 * @param endpoint a value of `DOCKER_HOST`
 * @param preamble what its scripts begin with; default: nothing
 */
export function withEngine(
  { create, delete: remove, environment, triggers, logging }: HostCommandArgs,
  endpoint: string,
  preamble = "",
): command.local.CommandArgs {
  return {
    create: pulumi.concat(preamble, create),
    ...(remove === undefined ? {} : { delete: `${preamble}${remove}` }),
    environment: { ...environment, DOCKER_HOST: endpoint },
    ...(triggers === undefined ? {} : { triggers }),
    logging,
  };
}
