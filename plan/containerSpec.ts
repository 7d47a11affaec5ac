import type { Environment } from "./environmentValue";
import type { ImageKey } from "./imageKeys";

/** `front` is between the gateway and what stands before it, where that is a container too. */
export type NetworkKey = "internal" | "egress" | "front";

export type VolumeKey =
  "postgres" | "redis" | "media" | "gateway" | "caddyfile" | "search" | "config";

/** How a container proves that it does its work. Durations as Go writes them: the provider compares them as text. */
export interface HealthCheck {
  readonly test: readonly string[];
  readonly interval: string;
  /** Until it is healthy for the first time. Absent: as later. */
  readonly startInterval?: string;
  readonly timeout: string;
  readonly startPeriod: string;
  readonly retries: number;
}

/** A deviation from the hardening that every container gets, with the reason that a reviewer will ask for. */
export interface HardeningException {
  readonly rule: string;
  readonly reason: string;
}

/** One long-running container, decided to the last value but for its secrets. */
export interface ContainerSpec {
  /** What it is: part of its logical name, its label, and its alias on its networks. */
  readonly part: string;
  readonly image: ImageKey;
  /** Absent: the engine's name is made up anew for each replacement, so that old and new can run side by side. */
  readonly name?: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Environment;
  /** Path → content of files that are put into the container before it starts; those of secrets only root reads. */
  readonly files?: Environment;
  /** `uid:gid`. */
  readonly user: string;
  readonly networks: readonly NetworkKey[];
  /** The network that it joins once it is healthy, by its publication, and on which it is found then. Absent: none. */
  readonly foundOn?: NetworkKey;
  readonly mounts: readonly {
    readonly volume: VolumeKey;
    readonly path: string;
    readonly readOnly: boolean;
  }[];
  /** The image cannot run on a root that is read-only; `exceptions` says why. */
  readonly writableRoot?: true;
  /** Path → mount options. */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly internal: number;
    readonly external: number;
    readonly address: string;
    /** Absent: TCP. */
    readonly protocol?: "udp";
  }[];
  readonly health: HealthCheck;
  /** How long `up` waits for the first healthy answer, in seconds. */
  readonly healthySeconds: number;
  readonly memoryMb: number;
  readonly shmMb?: number;
  /** Capabilities kept although all are dropped. */
  readonly capabilities: readonly string[];
  readonly init: boolean;
  /** How long the process may take to finish its work before it is killed, in seconds. */
  readonly stopSeconds: number;
  /** `first`: the old one goes before the new one comes, since both would own the same data or port. */
  readonly oldGoes: "first" | "last";
  readonly exceptions: readonly HardeningException[];
  readonly labels: Readonly<Record<string, string>>;
}
