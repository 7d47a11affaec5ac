import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { networkLabel, type ContainerSpec, type Plan } from "../plan";
import type { Foundation } from "./foundation";
import { dockerLabels } from "./labels";
import type { Secrets } from "./secrets";

export interface ContainerArgs {
  readonly spec: ContainerSpec;
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  /** How much of what it prints is kept. */
  readonly logs: Plan["sizing"]["logs"];
}

/**
 * Makes a container from its spec, with the hardening that all of them get. It counts as made once it is healthy.
 *
 * The provider reports changes of `healthcheck`, `init`, `mounts` and `tmpfs` as updates and does not carry them out, and
 * takes a container that never became healthy as made once its inputs are seen again: all these are replacements here.
 */
export function createContainer(
  name: string,
  { spec, foundation, secrets, logs }: ContainerArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const environment = Object.entries(secrets.resolve(spec.environment));
  const { test, ...health } = spec.health;
  // Lists that hold nothing are left out: they are read back as none, which may look like a change.
  const adds = [...spec.capabilities];
  const uploads = Object.entries(secrets.resolve(spec.files ?? {})).map(([file, content]) => ({
    file,
    content,
    permissions: typeof content === "string" ? "0444" : "0400",
  }));
  const mounts = spec.mounts.map(({ volume, path, readOnly }) => ({
    type: "volume",
    source: foundation.volumeName(volume),
    target: path,
    readOnly,
  }));
  const ports = spec.ports.map(({ internal, external, address, protocol }) => ({
    internal,
    external,
    ip: address,
    ...(protocol === undefined ? {} : { protocol }),
  }));
  return new docker.Container(
    name,
    {
      image: foundation.imageId(spec.image),
      ...(spec.name === undefined ? {} : { name: spec.name }),
      ...(spec.entrypoint === undefined ? {} : { entrypoints: [...spec.entrypoint] }),
      ...(spec.command.length > 0 && { command: [...spec.command] }),
      envs: environment.map(([key, value]) =>
        typeof value === "string" ? `${key}=${value}` : pulumi.interpolate`${key}=${value}`,
      ),
      ...(uploads.length > 0 && { uploads }),
      user: spec.user,
      networksAdvanced: spec.networks.map((key) => ({
        name: foundation.networkId(key),
        aliases: [spec.part],
      })),
      ...(mounts.length > 0 && { mounts }),
      tmpfs: { ...spec.tmpfs },
      ...(ports.length > 0 && { ports }),
      healthcheck: { ...health, tests: [...test] },
      wait: true,
      waitTimeout: spec.healthySeconds,
      memory: spec.memoryMb,
      memorySwap: spec.memoryMb,
      ...(spec.shmMb === undefined ? {} : { shmSize: spec.shmMb }),
      readOnly: spec.writableRoot === undefined,
      securityOpts: ["no-new-privileges"],
      capabilities: { ...(adds.length > 0 && { adds }), drops: ["ALL"] },
      init: spec.init,
      restart: "unless-stopped",
      destroyGraceSeconds: spec.stopSeconds,
      stopTimeout: spec.stopSeconds,
      logDriver: "json-file",
      logOpts: { "max-file": String(logs.files), "max-size": `${logs.fileMb}m` },
      labels: dockerLabels({ ...spec.labels, ...goingWith(spec, foundation) }),
    },
    {
      ...opts,
      // Said outright either way: left alone, the provider always removes the old container first.
      deleteBeforeReplace: spec.oldGoes === "first",
      replaceOnChanges: ["#initerror", "healthcheck", "init", "mounts", "tmpfs"],
    },
  );
}

/**
 * Holds a container to the network that it joins later, of which the engine of Pulumi knows nothing: where that network
 * is replaced, the container has to go before it.
 */
const goingWith = (
  { foundOn }: ContainerSpec,
  foundation: Foundation,
): Record<string, pulumi.Input<string>> =>
  foundOn === undefined ? {} : { [networkLabel]: foundation.networkId(foundOn) };
