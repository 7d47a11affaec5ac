import type { CloudInitSpec } from "./cloudInit";
import type { Config } from "../configSchema";
import { labelOf, labelValue, physicalName } from "../names";
import type { Architecture } from "./architecture";
import { firewallRules, type FirewallRule } from "./firewall";
import { dockerEngineVersion } from "./hostSetup";
import type { ReadinessSpec } from "./readiness";
import { serverTypes } from "./serverTypes";
import { sshPreamble } from "./sshConfig";

/** A server at Hetzner, with all that belongs to it. A single server needs no private network: nothing else is on it. */
export interface HetznerServerSpec {
  readonly kind: "hetzner";
  readonly architecture: Architecture;
  /** Of the server and of everything that is made for it; unique in a Hetzner project. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serverType: string;
  readonly location: string;
  readonly image: string;
  /** The account on it that the program logs in to. */
  readonly user: string;
  /** Docker's data, on a disk of its own that outlives the server. */
  readonly dataVolume: { readonly name: string; readonly sizeGb: number };
  readonly firewall: readonly FirewallRule[];
  readonly cloudInit: CloudInitSpec;
  /**
   * For the docker client: a value of `DOCKER_HOST`. It names the server rather than its address, which is not known
   * beforehand; the SSH configuration that is made for it says where that is.
   */
  readonly endpoint: string;
  /** Its set-up, which is applied and waited for. */
  readonly readiness: ReadinessSpec;
  /** What every script that talks to the server begins with. */
  readonly preamble: string;
}

type HetznerConfig = Extract<Config["host"], { kind: "hetzner" }>;

/** How long a new server may take until Docker answers on it: it installs Docker first. */
export const bootSeconds = 900;

/** In UTC, and outside the hours in which Mastodon clears up (03:00 to 06:00) and people post most. */
const rebootTime = "02:15";

const loginUser = "mastodon";

export function hetznerServer(config: Config, host: HetznerConfig): HetznerServerSpec {
  const name = physicalName(config.name, "server");
  const architecture = serverTypes.get(host.serverType)?.architecture;
  if (architecture === undefined)
    throw new Error(`${host.serverType} passed the configuration's checks, but is unknown`);
  return {
    kind: "hetzner",
    architecture,
    name,
    labels: { "org.joinmastodon.instance": labelValue(config.name) },
    serverType: host.serverType,
    location: host.location,
    image: host.image,
    user: loginUser,
    dataVolume: { name: physicalName(config.name, "data"), sizeGb: host.dataVolumeGb },
    firewall: firewallRules(config.edge, host.adminIps),
    cloudInit: { hostname: name, user: loginUser },
    endpoint: `ssh://${loginUser}@${name}`,
    readiness: {
      name,
      label: labelOf(config.name),
      seconds: bootSeconds,
      setup: {
        user: loginUser,
        swapMb: Math.min(4096, Math.max(1024, Math.floor(config.sizing.memoryMb / 2))),
        docker: { version: dockerEngineVersion },
        rebootTime,
      },
    },
    preamble: sshPreamble(name),
  };
}
