import type * as docker from "@pulumi/docker";

/** Where an instance runs: what every kind of host gives to those that build on it. */
export interface Host {
  /** Makes containers, networks and volumes there. */
  readonly docker: docker.Provider;
  /** For the docker client: a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}
