import { hideDockerSocket } from "../../../policies/rules/hideDockerSocket";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const bind = (source: string) => ({
  mounts: [{ type: "bind", source, target: "/mnt", readOnly: true }],
});
const has = (folder: string) =>
  [[container("web", bind(folder))], `instance-web has ${folder} of its host`] as const;

specify(hideDockerSocket, {
  passes: {
    "a volume": [container("web")],
    "a volume that is not made yet": [
      container("web", {
        mounts: [{ type: "volume", source: unknownValue.string, target: "/data" }],
      }),
    ],
    "another folder of the host": [container("web", bind("/srv/photos"))],
  },
  refuses: {
    "Docker's socket": has("/var/run/docker.sock"),
    "Docker's socket where it really is": has("/run/docker.sock"),
    "a socket without root": has("/run/user/1000/docker.sock"),
    "containerd's socket": has("/run/containerd/containerd.sock"),
    "Podman's socket": has("/run/podman/podman.sock"),
    "the folder of the socket": has("/var/run"),
    "that folder, ending in a slash": has("/run/"),
    "the whole host": has("/"),
    "the socket by the older way to mount": [
      [container("web", { volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/s" }] })],
      "has /var/run/docker.sock of its host",
    ],
  },
  leavesOpen: {
    "a folder that is not known": [container("web", bind(unknownValue.string))],
    "mounts that are not known": [container("web", { mounts: unknownValue.list })],
    "a mount of a kind that is not known": [
      container("web", { mounts: [{ type: unknownValue.string, source: "/run" }] }),
    ],
  },
});
