import { containerRule } from "../container";

/**
 * What publishes a port is open to whoever reaches the machine, past any firewall on it: CIS 5.8 and 5.9, OWASP rule
 * 5a. The way in of an instance is its gateway.
 */
export const publishAtGatewayOnly = containerRule({
  name: "publish-at-gateway-only",
  demands: "No container but the gateway publishes a port.",
  remedy: "remove the port, and have the gateway lead there",
  severity: "critical",
  from: ["CIS 5.8", "CIS 5.9", "OWASP 5a"],
  parameters: {
    gateways: {
      description: "The containers that may publish ports, by their label org.joinmastodon.part.",
      type: "array",
      items: { type: "string" },
      default: ["gateway"],
    },
    privilegedPorts: {
      description: "Ports below 1024 that these may publish.",
      type: "array",
      items: { type: "integer" },
      default: [80, 443],
    },
  },
  faults: ({ ports = [], publishAllPorts }, { part, gateways, privilegedPorts }) => [
    ...(publishAllPorts === true ? ["publishes every port that its image names"] : []),
    ...ports.flatMap(({ external, internal }) => {
      if (!gateways.includes(part)) return [`publishes port ${external ?? internal}`];
      // Left open, the engine takes one that is free, which is never a privileged one.
      const isPrivileged = external !== undefined && external < 1024;
      return isPrivileged && !privilegedPorts.includes(external)
        ? [`publishes the privileged port ${external}`]
        : [];
    }),
  ],
});
