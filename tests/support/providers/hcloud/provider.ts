import { durationFault, nanoseconds } from "../docker/duration";
import type { Provider } from "../serve";
import { isUnknown, text, type Values } from "../values";
import { Client, pollDelay } from "./client";
import { firewall } from "./firewall";
import { network } from "./network";
import { networkSubnet } from "./networkSubnet";
import { primaryIp } from "./primaryIp";
import { sleep, type Sleep } from "./retry";
import { server } from "./server";
import { serverNetwork } from "./serverNetwork";
import { sshKey } from "./sshKey";
import { volume } from "./volume";
import { volumeAttachment } from "./volumeAttachment";

/**
 * Stands in for the `hcloud` plugin, after terraform-provider-hcloud 1.68 and hcloud-go 2.47, as far as servers, volumes,
 * addresses, networks, firewalls and keys go.
 * @param wait replaces the waiting before retries and polls
 */
export function hcloud(wait: Sleep = sleep): Provider {
  const client = new Client(wait);
  return {
    name: "hcloud",
    version: "1.41.0",
    config: {
      token: {
        kind: "string",
        fault: (value: string) =>
          value.length === 64
            ? undefined
            : "entered token is invalid (must be exactly 64 characters long)",
      },
      endpoint: { kind: "string" },
      endpointHetzner: { kind: "string", unsupported: true },
      pollFunction: {
        kind: "string",
        fault: (value: string) =>
          ["constant", "exponential"].includes(value)
            ? undefined
            : `expected poll_function to be one of ["constant" "exponential"], got ${value}`,
      },
      pollInterval: { kind: "string", fault: durationFault },
    },
    configure: (config) => configure(client, config),
    resources: {
      "hcloud:index/firewall:Firewall": firewall(client),
      "hcloud:index/network:Network": network(client),
      "hcloud:index/networkSubnet:NetworkSubnet": networkSubnet(client),
      "hcloud:index/primaryIp:PrimaryIp": primaryIp(client),
      "hcloud:index/server:Server": server(client),
      "hcloud:index/serverNetwork:ServerNetwork": serverNetwork(client),
      "hcloud:index/sshKey:SshKey": sshKey(client),
      "hcloud:index/volume:Volume": volume(client),
      "hcloud:index/volumeAttachment:VolumeAttachment": volumeAttachment(client),
    },
  };
}

/** The environment fills in what the program leaves out. Unlike the original it never turns to Hetzner by itself. */
function configure(client: Client, config: Values): void {
  const token = text(config["token"]) || (process.env["HCLOUD_TOKEN"] ?? "");
  const endpoint = text(config["endpoint"]) || (process.env["HCLOUD_ENDPOINT"] ?? "");
  // In a preview a value may come from a resource that is yet to be made; nothing can be read then.
  if (isUnknown(token) || isUnknown(endpoint)) return;
  if (token === "")
    throw new Error(
      "Missing Hetzner Cloud API token: While configuring the provider, the Hetzner Cloud API token was not found in the " +
        "HCLOUD_TOKEN environment variable or provider configuration block token attribute.",
    );
  if (!endpoint.startsWith("http://"))
    throw new Error(
      "the stand-in for the hcloud provider needs the http:// address of a test double in hcloud:endpoint or HCLOUD_ENDPOINT",
    );
  const interval = nanoseconds(text(config["pollInterval"]) || "500ms") ?? 0;
  client.use({
    token,
    endpoint: endpoint.replace(/\/+$/, ""),
    pollDelay: pollDelay(text(config["pollFunction"]), interval / 1e6),
  });
}
