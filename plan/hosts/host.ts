import type { Config } from "../configSchema";
import type { Architecture } from "./architecture";
import { hetznerServer, type HetznerServerSpec } from "./hetznerServer";

/** The Docker engine of the machine that the program runs on. */
export interface LocalHostSpec {
  readonly kind: "local";
  /** Absent: where Docker's client finds its engine. */
  readonly socket?: string | undefined;
  /** Absent: the engine was not asked. */
  readonly architecture?: Architecture | undefined;
}

/** A machine that already runs Docker. */
export interface SshHostSpec {
  readonly kind: "ssh";
  readonly address: string;
  readonly architecture: Architecture;
  /** For the docker client: a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}

export type HostSpec = LocalHostSpec | SshHostSpec | HetznerServerSpec;

/** Where an instance runs. */
export function hostOf(config: Config): HostSpec {
  const { host } = config;
  switch (host.kind) {
    case "local":
      return { kind: "local", socket: host.socket, architecture: host.arch };
    case "ssh":
      return {
        kind: "ssh",
        address: host.address,
        architecture: host.arch,
        endpoint: sshEndpoint(host),
      };
    case "hetzner":
      return hetznerServer(config, host);
    default:
      return host satisfies never;
  }
}

/** @param port the usual one is left out, so that the person's own SSH configuration may say another */
export function sshEndpoint({
  user,
  address,
  port,
}: {
  readonly user: string;
  readonly address: string;
  readonly port: number;
}): string {
  const name = address.includes(":") ? `[${address}]` : address;
  return `ssh://${user}@${name}${port === 22 ? "" : `:${port}`}`;
}
