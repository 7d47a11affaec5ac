import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type {
  Architecture,
  BuildSpec,
  Emulated,
  EmulationSpec,
  ImageKey,
  Images,
  NetworkKey,
  NetworkSpec,
  VolumeKey,
  VolumeSpec,
} from "../plan";
import type { Host } from "./host/host";
import { dockerLabels } from "./labels";

export interface FoundationArgs {
  readonly images: Images;
  /** The images that are pulled for another architecture than the host's. */
  readonly emulated: Emulated;
  /** Has the host run those. */
  readonly emulation?: EmulationSpec;
  /** Makes those of the images that no registry has. */
  readonly build?: BuildSpec;
  readonly host: Host;
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
}

/** What containers stand on: images, networks and volumes of one engine. */
export class Foundation extends pulumi.ComponentResource {
  private readonly images: ReadonlyMap<ImageKey, docker.RemoteImage>;
  private readonly networks: ReadonlyMap<NetworkKey, docker.Network>;
  private readonly volumes: ReadonlyMap<VolumeKey, docker.Volume>;

  constructor(name: string, args: FoundationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Foundation", name, {}, opts);
    const { build } = args;
    const images = Object.entries(args.images) as [ImageKey, string][];
    const emulators =
      args.emulation === undefined ? [] : [this.emulate(name, args.emulation, args.host)];
    const built = build === undefined ? [] : [this.build(name, build, args.host)];
    const makers = (reference: string): pulumi.Resource[] =>
      build?.images.includes(reference) === true ? built : [];
    this.images = new Map(
      images.map(([key, reference]) => {
        const foreign = args.emulated[key];
        const needs = [...makers(reference), ...(foreign === undefined ? [] : emulators)];
        return [key, this.pull(name, key, reference, foreign, needs)];
      }),
    );
    this.networks = new Map(args.networks.map((spec) => [spec.key, this.connect(name, spec)]));
    this.volumes = new Map(args.volumes.map((spec) => [spec.key, this.keep(name, spec)]));
    this.registerOutputs();
  }

  /** The image by its id: by name, a container would stay as it is when the name comes to mean another image. */
  imageId(key: ImageKey): pulumi.Output<string> {
    return found(this.images, key).imageId;
  }

  /** The network by its id, so that what is on it is made anew with it. */
  networkId(key: NetworkKey): pulumi.Output<string> {
    return found(this.networks, key).id;
  }

  volumeName(key: VolumeKey): pulumi.Output<string> {
    return found(this.volumes, key).name;
  }

  /** Registers an emulator with the host, again after each of its starts. */
  private emulate(name: string, spec: EmulationSpec, host: Host): command.local.Command {
    return new command.local.Command(
      `${name}-emulation`,
      host.command({
        create: spec.script,
        triggers: [spec.boot],
        logging: command.local.Logging.None,
      }),
      { parent: this, dependsOn: [...host.ready] },
    );
  }

  /** Makes images in the engine; a failure leaves everything that runs as it was. */
  private build(name: string, spec: BuildSpec, host: Host): command.local.Command {
    return new command.local.Command(
      `${name}-build`,
      host.command({
        create: spec.script,
        environment: spec.environment,
        logging: command.local.Logging.StdoutAndStderr,
      }),
      {
        parent: this,
        dependsOn: [...host.ready],
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
  }

  /** Looked for in the engine's own store first. */
  private pull(
    name: string,
    key: ImageKey,
    reference: string,
    foreign: Architecture | undefined,
    dependsOn: pulumi.Resource[],
  ): docker.RemoteImage {
    // Kept on destroy, so that coming back needs no registry; and so that the previous version is there to return to.
    return new docker.RemoteImage(
      `${name}-image-${key}`,
      {
        name: reference,
        keepLocally: true,
        ...(foreign === undefined ? {} : { platform: `linux/${foreign}` }),
      },
      { parent: this, ...(dependsOn.length > 0 && { dependsOn }) },
    );
  }

  private connect(name: string, spec: NetworkSpec): docker.Network {
    return new docker.Network(
      `${name}-network-${spec.key}`,
      {
        name: spec.name,
        internal: spec.internal,
        ...(spec.ipv6 === true && { ipv6: true }),
        ...(Object.keys(spec.options).length > 0 && { options: { ...spec.options } }),
        labels: dockerLabels(spec.labels),
      },
      {
        parent: this,
        // The engine would take a second network of the same name, and then confuse the two.
        deleteBeforeReplace: true,
        // Newer engines add options of their own, which after a refresh would look like a reason for another network.
        ignoreChanges: ["options"],
      },
    );
  }

  private keep(name: string, spec: VolumeSpec): docker.Volume {
    return new docker.Volume(
      `${name}-volume-${spec.key}`,
      { name: spec.name, labels: dockerLabels(spec.labels) },
      { parent: this, protect: spec.protect, retainOnDelete: spec.retain },
    );
  }
}

function found<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined)
    throw new Error(`the plan refers to ${String(key)}, which it does not contain`);
  return value;
}
