import { Command } from "@pulumi/command/local/command";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import { define, type Rule } from "../rule";
import { machineOf } from "../stack";

const { policy, message } = define({
  name: "match-architecture",
  demands: "Every image is one for the processor of its host, or the host is made to emulate it.",
  remedy: "name an image for that processor, or set emulation under mastodon:host",
  severity: "high",
  parameters: {},
});

/** By the names of the Docker library's and most others' images for one architecture alone. */
const byName: readonly (readonly [pattern: RegExp, architecture: string])[] = [
  [/(^|\/)amd64\/|:[^/@]*-(amd64|x86_64)(@|$)/, "amd64"],
  [/(^|\/)arm64v8\/|:[^/@]*-(arm64|arm64v8|aarch64)(@|$)/, "arm64"],
  [/(^|\/)arm32v\d\/|:[^/@]*-(arm|armhf|arm32v\d|armv\d)(@|$)/, "arm"],
];

interface Image {
  readonly name: string;
  readonly platform?: string | undefined;
}

/** The architecture that an image is asked for or named for; undefined: whatever its host is. */
const architectureOf = ({ name, platform }: Image): string | undefined =>
  platform?.split("/")[1] ?? byName.find(([pattern]) => pattern.test(name))?.[1];

/** An image for another processor only says "exec format error", or takes ten times as long. */
export const matchArchitecture: Rule = {
  ...policy,
  validateStack: ({ resources }, report) => {
    const { architecture: host = "not known" } = machineOf(resources);
    for (const resource of resources) {
      const image = resource.asType(RemoteImage);
      const architecture = image && architectureOf(image);
      if (architecture === undefined || architecture === host) continue;
      // It waits for what registers the emulator, which its owner has asked for.
      const isEmulated = resource.dependencies.some(
        (each) => each.isType(Command) && each.name.endsWith("-emulation"),
      );
      if (!isEmulated)
        report(
          message(resource.name, `is for ${architecture}, and its host is ${host}`),
          resource.urn,
        );
    }
  },
};
