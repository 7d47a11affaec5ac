import { protectServer } from "../../../policies/rules/protectServer";
import { attachment, disk, server } from "../../support/compliant";
import { changed, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const ids = { serverId: unknownValue.number, volumeId: unknownValue.number };

specify(protectServer, {
  passes: {
    "a server with a disk of its own": [disk(), server(), attachment()],
    "one that is not made yet": [disk(), server(), changed(attachment(), ids)],
    "a server with backups": [server({ backups: true })],
  },
  refuses: {
    "a server that can be deleted": [
      [disk(), server({ deleteProtection: false }), attachment()],
      "instance-server can be deleted at Hetzner",
    ],
    "one that says nothing of it": [[server({ deleteProtection: undefined })], "can be deleted"],
    "a server that can be made anew": [
      [disk(), server({ rebuildProtection: false }), attachment()],
      "instance-server can be made anew at Hetzner",
    ],
    "a server with neither disk nor backups": [
      [server()],
      "instance-server takes its data along when it goes",
    ],
    "a server beside a disk": [[disk(), server()], "takes its data along"],
    "a disk at another server": [
      [
        disk(),
        server(),
        attachment({ propertyDependencies: { serverId: ["urn:x"], volumeId: [disk().urn] } }),
      ],
      "takes its data along",
    ],
    "backups that are switched off": [[server({ backups: false })], "takes its data along"],
  },
  leavesOpen: {
    "protection that is not known": [
      disk(),
      server({ deleteProtection: unknownValue.boolean }),
      attachment(),
    ],
    "backups that are not known": [server({ backups: unknownValue.boolean })],
  },
});
