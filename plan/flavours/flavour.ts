import type { Config } from "../config";
import type { ContainerSpec } from "../containerSpec";
import type { Sizing } from "../sizing";

/** Mastodon's processes, as its image divides them into containers. */
export interface Processes {
  /** Serves the pages, and all that has no container of its own. */
  readonly web: ContainerSpec;
  /** Absent where the container of web holds it. */
  readonly streaming?: ContainerSpec;
  readonly sidekiq: readonly ContainerSpec[];
}

/** Where and how the gateway reaches a process, on the network that both are on. */
export interface Upstream {
  /** The alias of its container. */
  readonly service: string;
  readonly port: number;
}

/** How a command of Mastodon runs in a container of its own. */
export interface OneOff {
  /** `uid:gid`. */
  readonly user: string;
  /** Path → mount options: all that it can write to. */
  readonly tmpfs: Readonly<Record<string, string>>;
}

/** Everything that follows from which image of Mastodon is run. What else differs between them is asked nowhere else. */
export interface Flavour {
  /** References with a full tag. */
  readonly images: { readonly mastodon: string; readonly streaming?: string };
  readonly upstreams: { readonly web: Upstream; readonly streaming?: Upstream };
  readonly oneOff: OneOff;
  processes(config: Config, sizing: Sizing): Processes;
}
