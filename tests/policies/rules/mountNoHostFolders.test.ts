import { mountNoHostFolders } from "../../../policies/rules/mountNoHostFolders";
import { container } from "../../support/compliant";
import { changed, unknownValue } from "../../support/policies";
import { volume } from "../../support/compliant";
import { specify } from "../../support/policySpec";

const bind = (source: string, more: object = {}) => ({
  mounts: [{ type: "bind", source, target: "/mnt", readOnly: true, ...more }],
});
const mounting = (folder: string) =>
  [[container("web", bind(folder))], `instance-web mounts ${folder} of its host`] as const;
const set = { folders: ["/srv/photos", "/etc", "/"] };
const asFolder = (device: string) =>
  changed(volume("media"), { driverOpts: { type: "none", o: "bind", device } });

specify(mountNoHostFolders, {
  passes: {
    "volumes and memory": [
      container("web", {
        mounts: [
          { type: "volume", source: unknownValue.string, target: "/data" },
          { type: "tmpfs", target: "/tmp" },
        ],
        volumes: [{ volumeName: "mastodon-data", containerPath: "/data" }],
      }),
      volume("media"),
    ],
    "a folder that its owner allows": { resources: [container("web", bind("/srv/photos"))], set },
    "a volume in such a folder": { resources: [asFolder("/srv/photos")], set },
  },
  refuses: {
    "any folder of the host": mounting("/srv/photos"),
    "the system's settings": mounting("/etc"),
    "a file of them": mounting("/etc/shadow"),
    "the processes": mounting("/proc"),
    "the kernel": mounting("/sys/fs/cgroup"),
    "the devices": mounting("/dev"),
    "all that Docker has": mounting("/var/lib/docker/volumes"),
    "the settings, though its owner allows them": [
      { resources: [container("web", bind("/etc"))], set },
      "mounts /etc of its host",
    ],
    "the whole host, though its owner allows it": [
      { resources: [container("web", bind("/"))], set },
      "mounts / of its host",
    ],
    "a folder by the older way to mount": [
      [container("web", { volumes: [{ hostPath: "/home", containerPath: "/home" }] })],
      "mounts /home of its host",
    ],
    "a pipe": [
      [container("web", { mounts: [{ type: "npipe", source: "//./pipe/x", target: "/x" }] })],
      "mounts //./pipe/x of its host",
    ],
    "what others mount below a folder": [
      {
        resources: [
          container("web", bind("/srv/photos", { bindOptions: { propagation: "rshared" } })),
        ],
        set,
      },
      "shares what is mounted below /srv/photos",
    ],
    "a volume that is a folder": [
      [asFolder("/home/alice")],
      "instance-volume-media is the folder /home/alice of its host",
    ],
    "a volume that is the settings, though its owner allows them": [
      { resources: [asFolder("/etc")], set },
      "is the folder /etc of its host",
    ],
  },
  leavesOpen: {
    "a folder that is not known": [container("web", bind(unknownValue.string))],
    "a volume of which it is not known": [asFolder(unknownValue.string)],
  },
});
