import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec, JobSpec, PublicationSpec } from "../plan";
import { createContainer } from "./container";
import { publish } from "./job";
import type { Site } from "./site";

export interface GatewayArgs {
  readonly site: Site;
  readonly container: ContainerSpec;
  /** Gives it the text that it works by. */
  readonly caddyfile: JobSpec;
  /** Absent where visitors come in by a port, and no container has to find it. */
  readonly publication?: PublicationSpec | undefined;
  /** What it passes requests on to. */
  readonly upstreams: readonly pulumi.Resource[];
}

/** Caddy: the one way in. */
export class Gateway extends pulumi.ComponentResource {
  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Gateway", name, {}, opts);
    const { site, container: spec, caddyfile, publication, upstreams } = args;
    const container = createContainer(
      `${name}-caddy`,
      { ...site, spec },
      { parent: this, dependsOn: [...upstreams] },
    );
    const configured = new command.local.Command(
      `${name}-${caddyfile.part}`,
      site.host.command({
        create: caddyfile.script,
        environment: {
          ...site.secrets.resolve(caddyfile.environment),
          CONTAINER: container.id,
          IMAGE: site.foundation.imageId(spec.image),
        },
        // A container that was made anew may well have a volume that was made anew.
        triggers: [container.id],
        logging: caddyfile.progress
          ? command.local.Logging.StdoutAndStderr
          : command.local.Logging.None,
      }),
      { parent: this, additionalSecretOutputs: ["stdout", "stderr"] },
    );
    if (publication !== undefined) {
      publish(
        `${name}-publication`,
        { ...site, spec: publication, container },
        { parent: this, dependsOn: [configured] },
      );
    }
    this.registerOutputs();
  }
}
