import { sleep, type Sleep } from "../hcloud/retry";
import type { Provider } from "../serve";
import { isUnknown, text, type Values } from "../values";
import { botManagement } from "./botManagement";
import { Client } from "./client";
import { dnsRecord } from "./dnsRecord";
import { unsupported } from "./fields";
import { tunnel } from "./tunnel";
import { tunnelConfig } from "./tunnelConfig";
import { zoneSetting } from "./zoneSetting";

/**
 * Stands in for the `cloudflare` plugin, after terraform-provider-cloudflare 5.22 and cloudflare-go 7.7, as far as
 * tunnels, DNS records, zone settings and bot management go.
 * @param wait replaces the waiting before retries
 */
export function cloudflare(wait: Sleep = sleep): Provider {
  const client = new Client(wait);
  return {
    name: "cloudflare",
    version: "6.22.1",
    config: {
      apiToken: {
        kind: "string",
        fault: (value: string) =>
          /^[0-9A-Za-z\-_]{40,80}$/.test(value)
            ? undefined
            : "API tokens must only contain characters a-z, A-Z, 0-9, hyphens and underscores",
      },
      baseUrl: { kind: "string" },
      apiKey: unsupported,
      apiUserServiceKey: unsupported,
      email: unsupported,
      userAgentOperatorSuffix: unsupported,
    },
    configure: (config) => configure(client, config),
    resources: {
      "cloudflare:index/botManagement:BotManagement": botManagement(client),
      "cloudflare:index/dnsRecord:DnsRecord": dnsRecord(client),
      "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": tunnel(client),
      "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig":
        tunnelConfig(client),
      "cloudflare:index/zoneSetting:ZoneSetting": zoneSetting(client),
    },
    functions: {
      "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken":
        async ({ accountId = "", tunnelId = "" }, signal) => {
          const path = `/accounts/${text(accountId)}/cfd_tunnel/${text(tunnelId)}/token`;
          return { accountId, tunnelId, token: await client.send<string>(signal, "GET", path) };
        },
    },
  };
}

/** The environment fills in what the program leaves out. Unlike the original it never turns to Cloudflare by itself. */
function configure(client: Client, config: Values): void {
  const token = text(config["apiToken"]) || (process.env["CLOUDFLARE_API_TOKEN"] ?? "");
  const baseUrl = text(config["baseUrl"]) || (process.env["CLOUDFLARE_BASE_URL"] ?? "");
  // In a preview a value may come from a resource that is yet to be made; nothing can be read then.
  if (isUnknown(token) || isUnknown(baseUrl)) return;
  if (!baseUrl.startsWith("http://"))
    throw new Error(
      "the stand-in for the cloudflare provider needs the http:// address of a test double in cloudflare:baseUrl or " +
        "CLOUDFLARE_BASE_URL",
    );
  client.use({ token, baseUrl: baseUrl.replace(/\/+$/, "") });
}
