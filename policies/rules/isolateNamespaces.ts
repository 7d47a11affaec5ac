import { containerRule } from "../container";

/** Namespaces that a container can share, by the input that says so. */
const shared = {
  networkMode: "network",
  pidMode: "processes",
  ipcMode: "memory",
  usernsMode: "users",
  cgroupParent: "control group",
} as const;

/** What the provider fills in where nothing is said. A container with networks of its own is taken off that bridge. */
const bridges = ["", "bridge", "default"];

/** Of the modes that leave a container to itself, those that can be said outright. */
const own = ["", "none", "private", "shareable"];

/**
 * Network, processes, memory, users and control groups of the host or of another container: CIS 5.10, 5.16, 5.17, 5.25,
 * 5.31. And 5.30 and OWASP rule 5, the bridge that all containers of an engine meet on. 5.21 needs no rule: the provider
 * has no input for it.
 */
export const isolateNamespaces = containerRule({
  name: "isolate-namespaces",
  demands: "No container shares network, processes, memory or users with the host or another.",
  remedy: "remove that, and put it on networks of the stack by networksAdvanced",
  severity: "critical",
  from: ["CIS 5.10", "CIS 5.16", "CIS 5.17", "CIS 5.25", "CIS 5.30", "CIS 5.31", "OWASP 5"],
  parameters: {},
  faults: (container) => {
    const { networkMode = "", networksAdvanced = [] } = container;
    const onDefaultBridge = networksAdvanced.length === 0 && bridges.includes(networkMode);
    return [
      ...(onDefaultBridge ? ["is on the bridge that all containers of its engine meet on"] : []),
      ...(Object.keys(shared) as (keyof typeof shared)[])
        .filter((input) => input !== "networkMode" || !bridges.includes(networkMode))
        .filter((input) => !own.includes(container[input] ?? ""))
        .map(
          (input) =>
            `does not have its own ${shared[input]} (${input} is ${container[input] ?? ""})`,
        ),
    ];
  },
});
