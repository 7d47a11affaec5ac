import { pinImages } from "../../../policies/rules/pinImages";
import { container, image } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const commit = "0123456789abcdef0123456789abcdef01234567";
const unresolved = { image: unknownValue.string };

specify(pinImages, {
  passes: {
    "an image with a digest, and a container of it": [image(), container("web")],
    "a container by name and digest": [
      container("web", { image: `a/b@sha256:${"0a".repeat(32)}` }),
    ],
    "a container of an image that is not pulled yet": [image(), container("web", unresolved)],
    "an image that was built of a whole commit": [
      image({ name: `mastodon-source/mastodon:${commit}` }),
    ],
    "one that was built under a name of one's own": {
      resources: [image({ name: `example/mastodon:${commit}` })],
      set: { built: ["example/"] },
    },
  },
  refuses: {
    "an image without a digest": [
      [image({ name: "postgres:17.11" })],
      "instance-image is of postgres:17.11, which may become another image",
    ],
    "an image without a tag": [[image({ name: "postgres" })], "is of postgres"],
    "half a digest": [[image({ name: "postgres@sha256:0a0a" })], "is of postgres@sha256:0a0a"],
    "an image that was built of a branch": [
      [image({ name: "mastodon-source/mastodon:main" })],
      "is of mastodon-source/mastodon:main",
    ],
    "a commit as the tag of an image that is pulled": [
      [image({ name: `ghcr.io/mastodon/mastodon:${commit}` })],
      "may become another image",
    ],
    "a container by a tag": [
      [container("web", { image: "ghcr.io/mastodon/mastodon:v4.7.2" })],
      "instance-web runs ghcr.io/mastodon/mastodon:v4.7.2",
    ],
    "a container of which nobody knows the image": [
      [image(), container("web", unresolved, { propertyDependencies: {} })],
      "instance-web runs an image that is none of the stack's",
    ],
  },
  leavesOpen: { "an image whose name is not known": [image({ name: unknownValue.string })] },
});
