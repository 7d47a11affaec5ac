import { protectData } from "../../../policies/rules/protectData";
import { disk, volume } from "../../support/compliant";
import { changed, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const bare = { protect: false };

specify(protectData, {
  passes: {
    "volumes that are protected": [volume("postgres17"), volume("media")],
    "a disk that is, and a volume on it": [disk(), volume("postgres17")],
    "volumes that are made anew": [
      volume("caddyfile", bare),
      volume("config", bare),
      volume("elasticsearch8", bare),
    ],
    "one that its owner can make anew": {
      resources: [volume("cache", bare)],
      set: { scratch: ["cache"] },
    },
  },
  refuses: {
    "the database without protection": [
      [volume("media"), volume("postgres17", bare)],
      "instance-volume-postgres17 can be removed by a change of the program",
    ],
    "media without protection": [[volume("media", bare)], "instance-volume-media can be removed"],
    "a volume that says nothing of itself": [
      [changed(volume("caddyfile", bare), { labels: undefined })],
      "can be removed by a change of the program",
    ],
    "a disk without protection": [
      [disk({}, bare), volume("postgres17")],
      "instance-data can be removed by a change of the program",
    ],
    "a volume without protection, be it on a disk that is": [
      [disk(), volume("postgres17", bare)],
      "instance-volume-postgres17 can be removed",
    ],
    "a disk that can be deleted at Hetzner": [
      [disk({ deleteProtection: false })],
      "instance-data can be deleted at Hetzner",
    ],
    "a disk that says nothing of it": [
      [disk({ deleteProtection: undefined })],
      "can be deleted at Hetzner",
    ],
  },
  leavesOpen: {
    "a disk of which it is not known": [disk({ deleteProtection: unknownValue.boolean })],
    "a volume whose label is not known": [
      changed(volume("caddyfile", bare), { labels: unknownValue.list }),
    ],
  },
});
