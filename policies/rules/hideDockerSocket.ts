import { containerRule } from "../container";
import { bindsOf } from "../binds";

/** Sockets of engines, and the folders that hold them. */
const sockets = /(^|\/)(docker|containerd|podman|crio)[^/]*\.sock$|^(\/var)?\/run\/?$|^\/$/;

/** Whoever talks to the engine is the host's root, also by a socket that is mounted to be read: CIS 5.32, OWASP rule 1. */
export const hideDockerSocket = containerRule({
  name: "hide-docker-socket",
  demands: "No container reaches the socket of its engine.",
  remedy: "remove that mount; a job that needs the engine runs on the operator's machine",
  severity: "critical",
  from: ["CIS 5.32", "OWASP 1"],
  parameters: {},
  faults: (container) =>
    bindsOf(container)
      .filter(({ folder }) => sockets.test(folder))
      .map(({ folder }) => `has ${folder} of its host`),
});
