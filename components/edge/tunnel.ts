import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import type { TunnelSpec } from "../../plan";

export interface TunnelArgs {
  readonly spec: TunnelSpec;
}

/** A tunnel as Cloudflare knows it, with the rules by which it leads visitors. */
export class Tunnel extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  /** What a connector proves itself with; a secret. */
  readonly token: pulumi.Output<string>;

  constructor(name: string, { spec }: TunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Tunnel", name, {}, opts);
    const { accountId } = spec;
    const tunnel = new cloudflare.ZeroTrustTunnelCloudflared(
      `${name}-cloudflared`,
      { accountId, name: spec.name, configSrc: "cloudflare" },
      // Two tunnels of one name are refused.
      { parent: this, deleteBeforeReplace: true },
    );
    new cloudflare.ZeroTrustTunnelCloudflaredConfig(
      `${name}-config`,
      {
        accountId,
        tunnelId: tunnel.id,
        source: "cloudflare",
        config: { ingresses: spec.ingress.map((rule) => ({ ...rule })) },
      },
      { parent: this },
    );
    this.id = tunnel.id;
    const { token } = cloudflare.getZeroTrustTunnelCloudflaredTokenOutput(
      { accountId, tunnelId: tunnel.id },
      { parent: this },
    );
    this.token = pulumi.secret(token);
    this.registerOutputs();
  }
}
