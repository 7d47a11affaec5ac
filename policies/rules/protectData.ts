import { Volume } from "@pulumi/docker/volume";
import { Volume as Disk } from "@pulumi/hcloud/volume";
import { validateResourceOfType } from "@pulumi/policy";
import { partOf } from "../container";
import { means } from "../pattern";
import { define, type Rule } from "../rule";

const { policy, read, message } = define<{ readonly scratch: readonly string[] }>({
  name: "protect-data",
  demands: "No volume with data can be removed or replaced without lifting its protection first.",
  remedy: "set protect on it, or on the disk that holds it, which also has deleteProtection",
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

/**
 * Posts, media and keys. What lies on a disk of its own is protected with the disk: the engine that its volumes are asked
 * of goes first. Whether a volume is also retained when it leaves the program, the engine tells no rule.
 */
export const protectData: Rule = {
  ...policy,
  validateResource: validateResourceOfType(Disk, ({ deleteProtection }, args, report) => {
    if (!args.opts.protect) report(message(args.name, "can be removed by a change of the program"));
    if (deleteProtection !== true) report(message(args.name, "can be deleted at Hetzner"));
  }),
  validateStack: (args, report) => {
    const { scratch } = read(args);
    const onDisk = args.resources.some((each) => each.isType(Disk) && each.opts.protect);
    for (const resource of args.resources) {
      const volume = resource.asType(Volume);
      if (volume === undefined || onDisk || resource.opts.protect) continue;
      if (!scratch.some((pattern) => means(pattern, partOf(volume))))
        report(message(resource.name, "can be removed by a change of the program"), resource.urn);
    }
  },
};
