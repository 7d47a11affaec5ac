import { matchArchitecture } from "../../../policies/rules/matchArchitecture";
import { image, instance, job } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const [arm64, amd64] = [instance({ architecture: "arm64" }), instance({ architecture: "amd64" })];
const digest = `@sha256:${"0a".repeat(32)}`;
const named = (name: string) => image({ name: `${name}${digest}` });
const emulator = job({}, "instance-foundation-emulation");
const emulated = { dependencies: [emulator.urn] };

specify(matchArchitecture, {
  passes: {
    "an image of whatever architecture its host is": [arm64, image()],
    "an image for that of its host": [arm64, image({ platform: "linux/arm64/v8" })],
    "one that is named for it": [arm64, named("arm64v8/postgres:17.11")],
    "another one, where the host is made to emulate it": [
      arm64,
      emulator,
      image({ platform: "linux/amd64" }, emulated),
    ],
    "an instance that says nothing of its machine": [instance({}), image()],
  },
  refuses: {
    "amd64 on arm64": [
      [arm64, image({ platform: "linux/amd64" })],
      "instance-image is for amd64, and its host is arm64",
    ],
    "arm64 on amd64": [[amd64, image({ platform: "linux/arm64" })], "is for arm64"],
    "what is named for amd64, on arm64": [[arm64, named("amd64/postgres:17.11")], "is for amd64"],
    "a tag for amd64, on arm64": [[arm64, named("example/web:v1-amd64")], "is for amd64"],
    "a tag for arm64, on amd64": [[amd64, named("example/web:v1-arm64v8")], "is for arm64"],
    "32 bits on 64": [[arm64, named("arm32v7/redis:7.4")], "is for arm"],
    "an image that waits for anything else": [
      [arm64, job({}), image({ platform: "linux/amd64" }, { dependencies: [job({}).urn] })],
      "is for amd64",
    ],
    "one for a host of which nothing is known": [
      [instance({}), image({ platform: "linux/amd64" })],
      "its host is not known",
    ],
  },
  leavesOpen: {
    "a platform that is not known": [arm64, image({ platform: unknownValue.string })],
    "an architecture that is not known": [
      instance({ architecture: unknownValue.string }),
      image({ platform: "linux/arm64" }),
    ],
  },
});
