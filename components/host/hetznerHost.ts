import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import {
  liftProtection,
  readinessScript,
  renderCloudInit,
  type Architecture,
  type HetznerServerSpec,
  type ProtectedKind,
} from "../../plan";
import type { ProvidedSecrets } from "../readConfig";
import type { Host, HostCommandArgs } from "./host";
import { writeSshFolder } from "./sshFolder";
import { withEngine } from "./withEngine";

export interface HetznerHostArgs {
  readonly spec: HetznerServerSpec;
  /** Holds the access to the Hetzner project, `hcloud:token`. */
  readonly provided: ProvidedSecrets;
}

/**
 * A server at Hetzner with its addresses, firewall and data volume. Docker keeps everything on the volume: a server that
 * is made anew finds images, containers and data where they were.
 */
export class HetznerHost extends pulumi.ComponentResource implements Host {
  readonly docker: docker.Provider;
  readonly endpoint: string;
  readonly ready: readonly pulumi.Resource[];
  readonly address: pulumi.Output<string>;
  readonly ipv6Address: pulumi.Output<string>;
  readonly architecture: Architecture;
  private readonly preamble: string;

  constructor(
    name: string,
    { spec, provided }: HetznerHostArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mastodon:index:HetznerHost", name, {}, opts);
    this.endpoint = spec.endpoint;
    this.architecture = spec.architecture;
    this.preamble = spec.preamble;
    const providers = {
      hcloud: new hcloud.Provider(`${name}-hcloud`, { ...provided.hcloud }, { parent: this }),
      tls: new tls.Provider(`${name}-tls`, {}, { parent: this }),
      command: new command.Provider(`${name}-command`, {}, { parent: this }),
    };
    const onHetzner = { parent: this, provider: providers.hcloud };
    const common = { name: spec.name, labels: spec.labels };

    const loginKey = this.generateKey(`${name}-login-key`, providers.tls);
    const hostKey = this.generateKey(`${name}-host-key`, providers.tls);
    const sshKey = new hcloud.SshKey(
      `${name}-ssh-key`,
      { ...common, publicKey: trimmed(loginKey.publicKeyOpenssh) },
      onHetzner,
    );
    const ipv4 = this.reserveAddress(name, spec, "ipv4", providers.hcloud);
    const ipv6 = this.reserveAddress(name, spec, "ipv6", providers.hcloud);
    const firewall = new hcloud.Firewall(
      `${name}-firewall`,
      {
        ...common,
        rules: spec.firewall.map(({ sources, ...rule }) => ({
          ...rule,
          direction: "in",
          sourceIps: [...sources],
        })),
      },
      onHetzner,
    );
    const volume = new hcloud.Volume(
      `${name}-data`,
      {
        name: spec.dataVolume.name,
        labels: spec.labels,
        size: spec.dataVolume.sizeGb,
        location: spec.location,
        deleteProtection: true,
      },
      { ...onHetzner, protect: true },
    );
    const server = new hcloud.Server(
      `${name}-server`,
      {
        ...common,
        serverType: spec.serverType,
        location: spec.location,
        image: spec.image,
        sshKeys: [sshKey.id],
        firewallIds: [firewall.id.apply(Number)],
        publicNets: [
          {
            ipv4Enabled: true,
            ipv4: ipv4.id.apply(Number),
            ipv6Enabled: true,
            ipv6: ipv6.id.apply(Number),
          },
        ],
        userData: pulumi.secret(
          pulumi
            .all([hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh, loginKey.publicKeyOpenssh])
            .apply(([privateKey, publicKey, login]) =>
              renderCloudInit(spec.cloudInit, {
                hostKey: { privateKey, publicKey: publicKey.trim() },
                loginKey: login.trim(),
              }),
            ),
        ),
        // A larger disk could never be taken back, and the data is not on it.
        keepDisk: true,
        shutdownBeforeDeletion: true,
        deleteProtection: true,
        rebuildProtection: true,
      },
      // Name, addresses and data volume can belong to one server only.
      { ...onHetzner, deleteBeforeReplace: true },
    );
    const attachment = new hcloud.VolumeAttachment(
      `${name}-data-attachment`,
      { volumeId: volume.id.apply(Number), serverId: server.id.apply(Number), automount: false },
      { ...onHetzner, deleteBeforeReplace: true },
    );
    this.address = ipv4.ipAddress;
    // What is reserved is a whole network; the server has its first address.
    this.ipv6Address = server.ipv6Address;

    const folder = pulumi.unsecret(
      pulumi
        .all([ipv4.ipAddress, loginKey.privateKeyOpenssh, hostKey.publicKeyOpenssh])
        .apply(([address, privateKey, publicKey]) =>
          writeSshFolder({
            name: spec.name,
            user: spec.user,
            address,
            privateKey,
            hostKey: publicKey,
          }),
        ),
    );
    const ready = new command.local.Command(
      `${name}-ready`,
      this.command({
        // Nothing of the folder is in the script, which would be another on another machine.
        create: pulumi
          .all([volume.id, folder])
          .apply(([dataVolumeId]) => readinessScript(spec.readiness, dataVolumeId)),
        // Another type is the same server, but started anew; a larger volume needs a larger file system.
        triggers: [server.id, spec.serverType, attachment.id, volume.size],
        logging: command.local.Logging.StdoutAndStderr,
      }),
      { parent: this, provider: providers.command },
    );
    this.ready = [ready];
    const lifting = { parent: this, provider: providers.command };
    // As well kept as the volume itself: a `destroy` that keeps the one must not lift the other.
    this.liftProtection(`${name}-data`, "volumes", volume.id, provided, {
      ...lifting,
      protect: true,
    });
    this.liftProtection(`${name}-server`, "servers", server.id, provided, lifting);
    this.docker = new docker.Provider(
      `${name}-docker`,
      {
        host: spec.endpoint,
        // Known only when the server is ready: until then, nothing is asked of its engine.
        sshOpts: pulumi.all([folder, ready.stdout]).apply(([path]) => ["-F", `${path}/config`]),
      },
      { parent: this },
    );
    this.registerOutputs({ endpoint: this.endpoint, address: this.address });
  }

  command(args: HostCommandArgs): command.local.CommandArgs {
    return withEngine(args, this.endpoint, this.preamble);
  }

  /** Goes before what it belongs to does, whether that is replaced or removed for good. */
  private liftProtection(
    name: string,
    kind: ProtectedKind,
    id: pulumi.Output<string>,
    { hcloud: access = {} }: ProvidedSecrets,
    opts: pulumi.CustomResourceOptions,
  ): command.local.Command {
    return new command.local.Command(
      `${name}-protection`,
      {
        delete: liftProtection(kind),
        interpreter: ["node", "--input-type=module", "--eval"],
        environment: {
          PROTECTED: id,
          ...(access.token === undefined ? {} : { HCLOUD_TOKEN: access.token }),
          ...(access.endpoint === undefined ? {} : { HCLOUD_ENDPOINT: access.endpoint }),
        },
        triggers: [id],
        logging: command.local.Logging.None,
      },
      opts,
    );
  }

  private generateKey(name: string, provider: tls.Provider): tls.PrivateKey {
    return new tls.PrivateKey(name, { algorithm: "ED25519" }, { parent: this, provider });
  }

  /** An address of its own outlives the server, so that no DNS record has to follow it. */
  private reserveAddress(
    name: string,
    spec: HetznerServerSpec,
    type: "ipv4" | "ipv6",
    provider: hcloud.Provider,
  ): hcloud.PrimaryIp {
    return new hcloud.PrimaryIp(
      `${name}-${type}`,
      {
        name: `${spec.name}-${type}`,
        labels: spec.labels,
        type,
        assigneeType: "server",
        location: spec.location,
        autoDelete: false,
      },
      { parent: this, provider },
    );
  }
}

/** Keys end in a line feed, which Hetzner takes off: left on, it would look like a change for ever. */
const trimmed = (text: pulumi.Output<string>): pulumi.Output<string> =>
  text.apply((key) => key.trim());
