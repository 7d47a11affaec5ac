import type { Config } from "./configSchema";
import type { NetworkKey } from "./containerSpec";
import { labelsOf, physicalName } from "./names";
import { commandLine, quote } from "./shell";

/** A container that runs one command to its end, and is gone then. */
export interface OneOffSpec {
  readonly part: string;
  readonly network: NetworkKey;
  /** A second network. Engines before 25 take only one when a container is made. */
  readonly alsoOn?: NetworkKey;
  /** `uid:gid`. */
  readonly user: string;
  /** Path → mount options: all that it can write to. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Further options of `docker run`. */
  readonly options?: readonly string[];
  readonly memoryMb: number;
  /** Names of the variables that it is given. */
  readonly variables: readonly string[];
  /** As a word of a shell: a reference, or a variable that holds one. */
  readonly image: string;
  readonly command: readonly string[];
}

/**
 * Runs a command in a container of its own, hardened like the long-running ones. One that an interrupted run left behind
 * is removed first: two at once would stand in each other's way.
 *
 * @returns lines for a shell with the docker client on its path
 */
export function runOnce(config: Config, spec: OneOffSpec): string {
  const { part, memoryMb, alsoOn } = spec;
  const name = physicalName(config.name, part);
  const run = commandLine([
    "docker",
    alsoOn === undefined ? "run" : "create",
    "--rm",
    `--name=${name}`,
    `--network=${physicalName(config.name, spec.network)}`,
    `--user=${spec.user}`,
    "--read-only",
    ...Object.entries(spec.tmpfs).map(([path, options]) => `--tmpfs=${path}:${options}`),
    ...(spec.options ?? []),
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--memory=${memoryMb}m`,
    `--memory-swap=${memoryMb}m`,
    "--log-driver=none",
    ...Object.entries(labelsOf(config.name, part)).map(([key, value]) => `--label=${key}=${value}`),
    // By name only: the values are taken from the client's environment, and so are in no list of processes.
    ...spec.variables.map((variable) => `--env=${variable}`),
  ]);
  return [
    `leftover=$(docker ps --all --quiet --filter ${quote(`name=^/?${name}$`)})`,
    'if [ -n "$leftover" ]; then docker rm --force $leftover > /dev/null; fi',
    `${run} ${spec.image} ${commandLine(spec.command)}${alsoOn === undefined ? "" : " > /dev/null"}`,
    ...(alsoOn === undefined
      ? []
      : [
          commandLine(["docker", "network", "connect", physicalName(config.name, alsoOn), name]),
          commandLine(["docker", "start", "--attach", name]),
        ]),
  ].join("\n");
}
