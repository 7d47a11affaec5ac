import { Container } from "@pulumi/docker/container";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import { validateResourceOfType } from "@pulumi/policy";
import { define, type Rule } from "../rule";
import { madeFrom } from "../stack";
import { orUnknown, unknown } from "../unknown";

const { policy, read, message } = define<{ readonly built: readonly string[] }>({
  name: "pin-images",
  demands: "Every image is named by its digest, so that it is the same one tomorrow.",
  remedy: "write it as name:tag@sha256:…, or take it from an image of the stack",
  severity: "critical",
  from: ["OWASP 13"],
  parameters: {
    built: {
      description:
        "What the names of images begin with that are built and not pulled: their tag is a whole commit.",
      type: "array",
      items: { type: "string" },
      default: ["mastodon-source/"],
    },
  },
});

const digest = /@sha256:[0-9a-f]{64}$/;

const isBuilt = (reference: string, prefixes: readonly string[]): boolean =>
  /:[0-9a-f]{40}$/.test(reference) && prefixes.some((prefix) => reference.startsWith(prefix));

/**
 * A tag can come to mean another image, and whoever moves it runs code here: OWASP rule 13. CIS 5.28, the latest version
 * of an image, is met by moving the digest in the program.
 */
export const pinImages: Rule = {
  ...policy,
  validateResource: [
    validateResourceOfType(RemoteImage, ({ name }, args, report) => {
      if (!digest.test(name) && !isBuilt(name, read(args).built))
        report(message(args.name, `is of ${name}, which may become another image`));
    }),
    validateResourceOfType(Container, (container, args, report) => {
      // What it will be, a preview does not know before the image is pulled; whence, the stack tells.
      const image = orUnknown(() => container.image);
      if (image !== unknown && !/^sha256:/.test(image) && !digest.test(image))
        report(message(args.name, `runs ${image}, which may become another image`));
    }),
  ],
  validateStack: ({ resources }, report) => {
    for (const resource of resources) {
      const container = resource.asType(Container);
      if (container === undefined || orUnknown(() => container.image) !== unknown) continue;
      if (!madeFrom(resource, "image").some((source) => source.isType(RemoteImage)))
        report(message(resource.name, "runs an image that is none of the stack's"), resource.urn);
    }
  },
};
