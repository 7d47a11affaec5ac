import * as pulumi from "@pulumi/pulumi";
import type { RecordSpec, RecordTarget } from "../../plan";
import type { Host } from "../host/host";
import type { Tunnel } from "./tunnel";

/** What records lead to, once it has been made. */
export class Targets {
  constructor(
    private readonly host: Host,
    private readonly tunnel: Tunnel | undefined,
  ) {}

  find(target: RecordTarget): pulumi.Output<string> {
    if (typeof target === "string") return pulumi.output(target);
    const found = {
      tunnel: this.tunnel && pulumi.interpolate`${this.tunnel.id}.cfargotunnel.com`,
      server: pulumi.output(this.host.address),
      serverIpv6: this.host.ipv6Address,
    }[target.of];
    if (found === undefined)
      throw new Error(`the plan leads to ${target.of}, which it does not contain`);
    return found;
  }

  /** A record as it is entered by hand. */
  describe({ type, name, target, proxied }: RecordSpec): pulumi.Output<string> {
    const content = this.find(target);
    return pulumi.interpolate`${type} ${name} → ${content}${proxied ? " (proxied)" : ""}`;
  }
}
