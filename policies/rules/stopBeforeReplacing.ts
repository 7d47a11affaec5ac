import { ZeroTrustTunnelCloudflared } from "@pulumi/cloudflare/zeroTrustTunnelCloudflared";
import { Container } from "@pulumi/docker/container";
import { Network } from "@pulumi/docker/network";
import { Server } from "@pulumi/hcloud/server";
import { VolumeAttachment } from "@pulumi/hcloud/volumeAttachment";
import {
  validateResourceOfType,
  type ReportViolation,
  type ResourceValidationArgs,
} from "@pulumi/policy";
import { partOf } from "../container";
import { define, type Rule } from "../rule";
import { orUnknown, type unknown } from "../unknown";

const { policy, read, message } = define<{ readonly stores: readonly string[] }>({
  name: "stop-before-replacing",
  demands: "What there can be only one of goes before its successor comes.",
  remedy: "set deleteBeforeReplace",
  severity: "critical",
  parameters: {
    stores: {
      description: "The containers that own their data, by their label org.joinmastodon.part.",
      type: "array",
      items: { type: "string" },
      default: ["postgres", "redis", "search"],
    },
  },
});

/** Without a name in the program, the provider makes one up for each container: the logical name with digits behind it. */
const hasFixedName = (name: string | typeof unknown | undefined, logical: string): boolean =>
  typeof name === "string" && !/^-[0-9a-f]+$/.test(name.replace(logical, ""));

function judge({ name, opts }: ResourceValidationArgs, why: string, report: ReportViolation): void {
  if (opts.deleteBeforeReplace !== true) report(message(name, why));
}

/** Two databases on the same files destroy them; two of one name are refused half-way. */
export const stopBeforeReplacing: Rule = {
  ...policy,
  validateResource: [
    validateResourceOfType(Container, (container, args, report) => {
      if (read(args).stores.includes(partOf(container)))
        judge(args, "would work on the same data as its successor", report);
      else if (
        hasFixedName(
          orUnknown(() => container.name),
          args.name,
        )
      )
        judge(args, "has the name that its successor wants", report);
    }),
    validateResourceOfType(Network, (_, args, report) => {
      judge(args, "has the name that its successor wants", report);
    }),
    validateResourceOfType(Server, (_, args, report) => {
      judge(args, "has the disk and the addresses that its successor wants", report);
    }),
    validateResourceOfType(VolumeAttachment, (_, args, report) => {
      judge(args, "has the disk that its successor wants", report);
    }),
    validateResourceOfType(ZeroTrustTunnelCloudflared, (_, args, report) => {
      judge(args, "has the name that its successor wants", report);
    }),
  ],
};
