import { Volume, type VolumeArgs } from "@pulumi/docker/volume";
import { validateResourceOfType } from "@pulumi/policy";
import type { Unwrap } from "@pulumi/pulumi";
import { bindsOf } from "../binds";
import { containerRule } from "../container";
import { define, type Definition, type Rule } from "../rule";

/** Folders from which a host can be taken over, and whatever lies in them. */
const sensitive =
  /^\/(boot|dev|etc|lib|lib64|proc|root|run|sys|usr|var\/lib\/docker|var\/run)(\/|$)|^\/$/;

interface Values {
  readonly folders: readonly string[];
}

const definition = {
  name: "mount-no-host-folders",
  demands: "What a container keeps is in volumes; of its host, it sees no folder.",
  remedy: "mount a volume of the stack, or put a harmless folder among the folders of this rule",
  severity: "high",
  from: ["CIS 5.6", "CIS 5.20", "OWASP 8"],
  parameters: {
    folders: {
      description: "Folders of the host that may be mounted. None with the system in it ever may.",
      type: "array",
      items: { type: "string" },
      default: [],
    },
  },
} as const satisfies Definition<Values>;

const isAllowed = (folder: string, folders: readonly string[]): boolean =>
  !sensitive.test(folder) && folders.includes(folder);

/** A volume can be a folder of the host under another name. */
const deviceOf = ({ driverOpts = {} }: Unwrap<VolumeArgs>): string | undefined =>
  driverOpts["device"];

const ofContainers = containerRule<Values>({
  ...definition,
  faults: (container, { folders }) =>
    bindsOf(container).flatMap(({ folder, propagation = "rprivate" }) => [
      ...(isAllowed(folder, folders) ? [] : [`mounts ${folder} of its host`]),
      ...(/shared$/.test(propagation) ? [`shares what is mounted below ${folder}`] : []),
    ]),
});

const { read, message } = define<Values>(definition);

const ofVolumes = validateResourceOfType(Volume, (volume, args, report) => {
  const device = deviceOf(volume);
  if (device !== undefined && !isAllowed(device, read(args).folders))
    report(message(args.name, `is the folder ${device} of its host`));
});

/** Folders of the host, those with the system in it above all, and mounts that others see: CIS 5.6, 5.20. */
export const mountNoHostFolders: Rule = {
  ...ofContainers,
  validateResource: [ofContainers.validateResource ?? [], ofVolumes].flat(),
};
