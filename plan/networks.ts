import type { Config } from "./configSchema";
import type { NetworkKey } from "./containerSpec";
import { labelsOf, physicalName } from "./names";

/** A bridge network of the engine. */
export interface NetworkSpec {
  readonly key: NetworkKey;
  readonly name: string;
  /** Nothing on it reaches the outside, and nothing outside reaches it. */
  readonly internal: boolean;
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
    network("egress", false, {}),
    ...(config.edge.kind === "tunnel" ? [network("front", true, {})] : []),
  ];
}
