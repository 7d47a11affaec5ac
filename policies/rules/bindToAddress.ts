import { containerRule } from "../container";

/** What the provider fills in where nothing is said, and its like for IPv6. */
const everywhere = ["0.0.0.0", "::", ""];

/**
 * A port that a reverse proxy is to lead to, and that is open to everybody, is a way past it: CIS 5.14. Its owner may want
 * just that, so it is said and not refused.
 */
export const bindToAddress = containerRule({
  name: "bind-to-address",
  demands: "A port that is not for every visitor is published at one address.",
  remedy: "name the address in mastodon:edge, or the port among those of this rule",
  severity: "medium",
  level: "advisory",
  from: ["CIS 5.14"],
  parameters: {
    ports: {
      description: "Ports that are for every visitor.",
      type: "array",
      items: { type: "integer" },
      default: [80, 443],
    },
  },
  faults: ({ ports = [] }, { ports: open }) =>
    ports
      .filter(({ external = 0, ip = "" }) => !open.includes(external) && everywhere.includes(ip))
      .map(({ external, internal }) => `publishes port ${external ?? internal} at every address`),
});
