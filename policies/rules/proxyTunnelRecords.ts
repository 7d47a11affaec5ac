import { DnsRecord } from "@pulumi/cloudflare/dnsRecord";
import { validateResourceOfType } from "@pulumi/policy";
import { define, type Rule } from "../rule";

const { policy, message } = define({
  name: "proxy-tunnel-records",
  demands: "A name that leads to a tunnel leads to Cloudflare.",
  remedy: "set proxied, so that Cloudflare takes visitors on to the tunnel",
  severity: "high",
  parameters: {},
});

/**
 * Nothing answers at a tunnel's own address, so a record that is not proxied leads nowhere. Whether it leads to a tunnel
 * is only asked of one that is not: a preview that cannot know it says so.
 */
export const proxyTunnelRecords: Rule = {
  ...policy,
  validateResource: validateResourceOfType(DnsRecord, (record, args, report) => {
    if (record.proxied !== true && record.content?.endsWith(".cfargotunnel.com") === true)
      report(message(args.name, `leads past Cloudflare to ${record.content}`));
  }),
};
