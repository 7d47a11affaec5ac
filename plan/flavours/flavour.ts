import type { Config } from "../configSchema";
import type { ParsedConfig } from "../configSchema";
import type { ContainerSpec, VolumeKey } from "../containerSpec";
import type { Fault } from "../faults";
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
  /** It speaks HTTPS, with a certificate that it made itself and nobody vouches for. */
  readonly selfSigned?: true;
}

/** How a command of Mastodon runs in a container of its own. */
export interface OneOff {
  /** `uid:gid`. */
  readonly user: string;
  /** Path → mount options: all that it can write to. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Further options of `docker run`, where the image does not run a command as it is. */
  readonly options?: readonly string[];
}

/** How the schema is brought up to date. */
export type Migrations =
  | { readonly kind: "byJob" }
  | {
      readonly kind: "atBoot";
      /** What that means for an upgrade, for whoever runs one. */
      readonly note: string;
    };

/** How images are made that no registry has. It can be run again at any time, and makes only what is missing. */
export interface BuildSpec {
  /** The references that it makes. */
  readonly images: readonly string[];
  /** For `/bin/sh`, with `docker` and `git` on its path. Values come from the environment, never from the text. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A branch or tag, of which nobody has asked yet which commit it names. */
export interface Unsettled {
  readonly repository: string;
  readonly ref: string;
  /** The same choice for good. @param commit 40 hexadecimal digits */
  readonly at: (commit: string) => ParsedConfig["image"];
}

/** Everything that follows from which image of Mastodon is run. What differs between them is asked nowhere else. */
export interface Flavour {
  /** References with a full tag. */
  readonly images: { readonly mastodon: string; readonly streaming?: string };
  /** Absent where the images are in a registry. */
  readonly build?: BuildSpec;
  readonly unsettled?: Unsettled;
  readonly upstreams: { readonly web: Upstream; readonly streaming?: Upstream };
  readonly oneOff: OneOff;
  readonly migrations: Migrations;
  /** Volumes of its own, of which nothing is missed when they are gone. */
  readonly scratch?: readonly VolumeKey[];
  /** The names of variables that are the image's own, and that Mastodon does not know. */
  readonly variables?: RegExp;
  readonly processes: (config: Config, sizing: Sizing) => Processes;
  /** What of a configuration this image cannot carry out. */
  readonly faults: (config: Pick<ParsedConfig, "images" | "sidekiq" | "environment">) => Fault[];
}
