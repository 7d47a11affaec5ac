import type { Config } from "./configSchema";
import type { NetworkKey } from "./containerSpec";
import { isReachedByIpv6 } from "./edge/listeners";
import { labelsOf, physicalName } from "./names";

/** A bridge network of the engine. */
export interface NetworkSpec {
  readonly key: NetworkKey;
  readonly name: string;
  /** Nothing on it reaches the outside, and nothing outside reaches it. */
  readonly internal: boolean;
  /** Containers on it have an IPv6 address as well, from a private range that the engine chooses. Default: false. */
  readonly ipv6?: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** One for what must not be reached, one for what must reach out (federation, mail, push), and one before the gateway. */
export function networks(config: Config): NetworkSpec[] {
  const network = (
    key: NetworkKey,
    internal: boolean,
    options: NetworkSpec["options"],
  ): NetworkSpec => ({
    key,
    name: physicalName(config.name, key),
    internal,
    options,
    labels: labelsOf(config.name, key),
  });
  return [
    // Without an address on the bridge, not even the host itself has a way to the database.
    network("internal", true, { "com.docker.network.bridge.inhibit_ipv4": "true" }),
    {
      ...network("egress", false, {}),
      // For visitors to the gateway, whom the engine leads there by the kind of address that they come with, and to servers
      // that have no other. Where the program has set up the engine, whatever way leads in: it is made once.
      ...(config.host.kind === "hetzner" || isReachedByIpv6(config) ? { ipv6: true } : {}),
    },
    ...(config.edge.kind === "tunnel" ? [network("front", true, {})] : []),
  ];
}
