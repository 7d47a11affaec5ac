import { Volume } from "@pulumi/docker/volume";
import { Volume as Disk } from "@pulumi/hcloud/volume";
import { validateResourceOfType } from "@pulumi/policy";
import { partOf } from "../container";
import { means } from "../pattern";
import { define, type Rule } from "../rule";

const { policy, read, message } = define<{ readonly scratch: readonly string[] }>({
  name: "protect-data",
  demands: "No volume with data can be removed or replaced without lifting its protection first.",
  remedy: "set protect on it and, where it is a disk at Hetzner, deleteProtection",
  severity: "critical",
  parameters: {
    scratch: {
      description: "Volumes whose content is made anew, by their label org.joinmastodon.part.",
      type: "array",
      items: { type: "string" },
      default: ["caddyfile", "config", "elasticsearch*", "opensearch*"],
    },
  },
});

const removable = "can be removed by a change of the program";

/**
 * Posts, media and keys: the volumes of an engine, and the disk that they may lie on. Whether a volume is also retained
 * when it leaves the program, the engine tells no rule.
 */
export const protectData: Rule = {
  ...policy,
  validateResource: [
    validateResourceOfType(Disk, ({ deleteProtection }, args, report) => {
      if (!args.opts.protect) report(message(args.name, removable));
      if (deleteProtection !== true) report(message(args.name, "can be deleted at Hetzner"));
    }),
    validateResourceOfType(Volume, (volume, args, report) => {
      if (args.opts.protect) return;
      const part = partOf(volume);
      if (!read(args).scratch.some((pattern) => means(pattern, part)))
        report(message(args.name, removable));
    }),
  ],
};
