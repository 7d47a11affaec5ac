import { ZeroTrustTunnelCloudflaredConfig } from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig";
import { validateResourceOfType } from "@pulumi/policy";
import { define, type Rule } from "../rule";

const { policy, message } = define({
  name: "end-ingress-with-404",
  demands: "A tunnel leads the names of the instance inside, and everything else nowhere.",
  remedy: "name a hostname in each rule, and end with the service http_status:404",
  severity: "high",
  parameters: {},
});

const nowhere = "http_status:404";

/** cloudflared refuses rules whose last does not match everything; any other service there is open to every name. */
export const endIngressWith404: Rule = {
  ...policy,
  validateResource: validateResourceOfType(
    ZeroTrustTunnelCloudflaredConfig,
    ({ config }, args, report) => {
      const { ingresses = [] } = config ?? {};
      const last = ingresses.at(-1);
      if (last?.service !== nowhere || Boolean(last.hostname) || Boolean(last.path))
        report(message(args.name, "does not end with a rule that leads nowhere"));
      for (const { hostname, service } of ingresses.slice(0, -1))
        if (!hostname) report(message(args.name, `leads every name to ${service}`));
    },
  ),
};
