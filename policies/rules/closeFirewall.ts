import { Container } from "@pulumi/docker/container";
import { Firewall } from "@pulumi/hcloud/firewall";
import { Server } from "@pulumi/hcloud/server";
import { validateResourceOfType } from "@pulumi/policy";
import { define, type Rule } from "../rule";

const { policy, read, message } = define<{
  readonly open: readonly string[];
  readonly unpublished: readonly string[];
}>({
  name: "close-firewall",
  demands: "A server is behind a firewall that lets in what the gateway answers, and SSH.",
  remedy: "remove that from the firewall, whose rules follow from the edge of the stack file",
  severity: "critical",
  from: ["OWASP 5a"],
  parameters: {
    open: {
      description: "What a firewall may let in, as port/protocol.",
      type: "array",
      items: { type: "string" },
      default: ["22/tcp", "80/tcp", "443/tcp", "443/udp"],
    },
    unpublished: {
      description: "What of it the server itself answers, so that no container publishes it.",
      type: "array",
      items: { type: "string" },
      default: ["22/tcp"],
    },
  },
});

/** What a rule of a firewall lets in. */
const letIn = ({
  port,
  protocol,
}: {
  readonly port?: string | undefined;
  readonly protocol: string;
}) => (port === undefined ? protocol : `${port}/${protocol}`);

/** Containers publish past any firewall on the machine itself: Hetzner's is the one that holds. OWASP rule 5a. */
export const closeFirewall: Rule = {
  ...policy,
  validateResource: [
    validateResourceOfType(Firewall, ({ rules = [] }, args, report) => {
      const { open } = read(args);
      for (const rule of rules.filter(({ direction }) => direction === "in"))
        if (!open.includes(letIn(rule))) report(message(args.name, `lets in ${letIn(rule)}`));
    }),
    validateResourceOfType(Server, ({ firewallIds = [] }, args, report) => {
      if (firewallIds.length === 0) report(message(args.name, "is behind no firewall"));
    }),
  ],
  validateStack: (args, report) => {
    const { unpublished } = read(args);
    const published = args.resources.flatMap((resource) =>
      (resource.asType(Container)?.ports ?? []).map(
        ({ external, protocol = "tcp" }) => `${external}/${protocol}`,
      ),
    );
    for (const resource of args.resources) {
      const rules = resource.asType(Firewall)?.rules ?? [];
      for (const rule of rules.filter(({ direction }) => direction === "in"))
        if (![...published, ...unpublished].includes(letIn(rule)))
          report(
            message(resource.name, `lets in ${letIn(rule)}, which nothing answers`),
            resource.urn,
          );
    }
  },
};
