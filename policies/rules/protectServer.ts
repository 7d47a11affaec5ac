import { Server } from "@pulumi/hcloud/server";
import { Volume as Disk } from "@pulumi/hcloud/volume";
import { VolumeAttachment } from "@pulumi/hcloud/volumeAttachment";
import { validateResourceOfType } from "@pulumi/policy";
import { define, type Rule } from "../rule";
import { madeFrom } from "../stack";

const { policy, message } = define({
  name: "protect-server",
  demands: "A server cannot be deleted by a slip, and what it holds outlives it.",
  remedy: "set deleteProtection and rebuildProtection, and attach a disk of its own or set backups",
  severity: "high",
  parameters: {},
});

/** A server that is made anew is empty: its data lies on another disk, or Hetzner keeps copies of it. */
export const protectServer: Rule = {
  ...policy,
  validateResource: validateResourceOfType(
    Server,
    ({ deleteProtection, rebuildProtection }, args, report) => {
      if (deleteProtection !== true) report(message(args.name, "can be deleted at Hetzner"));
      if (rebuildProtection !== true) report(message(args.name, "can be made anew at Hetzner"));
    },
  ),
  // Ids are numbers that are only known later: which disk is attached to which server, the stack tells.
  validateStack: ({ resources }, report) => {
    const attachments = resources.filter((resource) => resource.isType(VolumeAttachment));
    for (const resource of resources) {
      const server = resource.asType(Server);
      if (server === undefined || server.backups === true) continue;
      const hasDisk = attachments.some(
        (attachment) =>
          madeFrom(attachment, "serverId").includes(resource) &&
          madeFrom(attachment, "volumeId").some((disk) => disk.isType(Disk)),
      );
      if (!hasDisk)
        report(message(resource.name, "takes its data along when it goes"), resource.urn);
    }
  },
};
