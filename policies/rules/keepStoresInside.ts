import { Container } from "@pulumi/docker/container";
import { Network } from "@pulumi/docker/network";
import { validateResourceOfType } from "@pulumi/policy";
import { partOf } from "../container";
import { define, type Rule } from "../rule";
import { madeFrom } from "../stack";

const { policy, read, message } = define<{ readonly stores: readonly string[] }>({
  name: "keep-stores-inside",
  demands: "Postgres, Redis and the search engine are on the internal network, and on no other.",
  remedy: "leave it the one network of the stack that is internal",
  severity: "critical",
  from: ["OWASP 5"],
  parameters: {
    stores: {
      description: "The containers that hold data, by their label org.joinmastodon.part.",
      type: "array",
      items: { type: "string" },
      default: ["postgres", "redis", "search"],
    },
  },
});

/**
 * What holds everybody's data has no way in or out. A network is named by an id, which tells nothing of it: whether it is
 * an internal one shows in the stack, which also knows it in a preview.
 */
export const keepStoresInside: Rule = {
  ...policy,
  validateResource: validateResourceOfType(Container, (container, args, report) => {
    if (!read(args).stores.includes(partOf(container))) return;
    // The mode is what the provider fills in: it takes a container with a network of its own off that bridge.
    const { networksAdvanced = [], networkMode = "bridge", ports = [] } = container;
    if (networksAdvanced.length !== 1 || networkMode !== "bridge")
      report(message(args.name, "is on another network than the internal one"));
    if (ports.length > 0) report(message(args.name, "publishes a port"));
  }),
  validateStack: (args, report) => {
    const { stores } = read(args);
    for (const resource of args.resources) {
      const container = resource.asType(Container);
      if (container === undefined || !stores.includes(partOf(container))) continue;
      const networks = madeFrom(resource, "networksAdvanced").flatMap(
        (source) => source.asType(Network) ?? [],
      );
      if (networks.length === 0)
        report(message(resource.name, "is on a network that is none of the stack's"), resource.urn);
      if (networks.some(({ internal }) => !internal))
        report(message(resource.name, "is on a network that leads outside"), resource.urn);
    }
  },
};
