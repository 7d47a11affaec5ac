import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { docker, linesOf, run, until, type Result } from "../commands";
import type { Machine, Machines } from "../hetzner/machines";
import { Disk } from "./disk";

interface Options {
  /** Of the Docker engine that the machines are containers of. */
  readonly endpoint: string;
  /** Holds the provider's side of machines and volumes; removed with them. */
  readonly folder: string;
  /** Reference of the image `machine`. */
  readonly image: string;
  /** Port of the registry that the machines' engines find their images at, on the address of the bridge. */
  readonly registryPort: number;
  /** Names that lead to that registry, too. */
  readonly registries: readonly string[];
}

/** A machine that somebody has set up already: a user who may use its engine, and nothing of the program's. */
export interface PlainHost {
  readonly id: number;
  readonly ipv4: string;
  readonly user: string;
  /** Line of `authorized_keys`. */
  readonly sshPublicKey: string;
  readonly memoryMb: number;
  readonly cpus: number;
  /** What is not as it should be. Default: nothing. */
  readonly fault?: "engine stopped" | "no client" | "not in group docker";
}

const network = "machines";
const gateway = "203.0.113.1";

const networkOptions = [
  `--opt=com.docker.network.bridge.name=${network}`,
  "--subnet=203.0.113.0/24",
  `--gateway=${gateway}`,
  "--ipv6",
  "--subnet=2001:db8::/64",
  "--gateway=2001:db8::1",
];

/** The engine of a machine is an older one, which has to be told what newer ones do by themselves. */
const asNewerEngines = [
  "--experimental",
  "--ip6tables",
  "--default-address-pool=base=172.16.0.0/12,size=16",
  "--default-address-pool=base=fd00:db8::/48,size=64",
];

/** A whole machine does what a container may not; CAP_SYS_RESOURCE is what a container's root may lack itself. */
const powers = [
  "--cap-add=ALL",
  "--cap-drop=SYS_RESOURCE",
  "--security-opt=seccomp=unconfined",
  "--security-opt=apparmor=unconfined",
  "--security-opt=systempaths=unconfined",
  "--device-cgroup-rule=a *:* rwm",
  "--cgroupns=private",
];

const bootLimitMs = 300_000;

/**
 * Simulated VPS: containers in which systemd, cloud-init, sshd and a Docker engine run for real, at addresses of
 * 203.0.113.0/24 and 2001:db8::/48 that the engine's network namespace reaches. What differs from Hetzner's machines: the kernel is
 * shared, settings of it outside of the network are copies without effect, swap is checked and not used, a file system
 * does not grow with its volume, Docker's packages are empty ones beside Debian's engine, and a volume that is detached
 * while it is mounted stays usable.
 */
export class SimulatedMachines implements Machines {
  private readonly machines = new Map<number, { ipv6: string; volumes: Set<number> }>();
  private readonly disks = new Map<number, Disk>();

  private constructor(private readonly options: Options) {}

  static async open(options: Options): Promise<SimulatedMachines> {
    await mkdir(options.folder, { recursive: true });
    const { stdout } = await docker(options.endpoint, ["network", "ls", "--format={{.Name}}"]);
    if (!linesOf(stdout).includes(network)) {
      await docker(options.endpoint, ["network", "create", ...networkOptions, network]);
    }
    await docker(options.endpoint, ["pull", "--quiet", options.image]);
    return new SimulatedMachines(options);
  }

  async close(): Promise<void> {
    for (const id of this.machines.keys()) await this.remove(id);
    for (const id of this.disks.keys()) await this.removeVolume(id);
    await docker(this.options.endpoint, ["network", "rm", network]);
    await rm(this.options.folder, { recursive: true });
  }

  async boot({ id, name, ipv4, ipv6, userData, sshKeys, memoryMb, cpus }: Machine): Promise<void> {
    if (this.machines.has(id)) throw new Error(`there is a machine ${id} already`);
    const { registryPort, registries, image } = this.options;
    const registry = `${gateway}:${registryPort}`;
    const insecure = [registry, ...registries].map((each) => `--insecure-registry=${each}`);
    const metadata = {
      "instance-id": String(id),
      "local-hostname": name,
      "public-keys": sshKeys,
    };
    this.machines.set(id, { ipv6, volumes: new Set() });
    await this.writeFiles(id, {
      "seed/user-data": userData,
      "seed/meta-data": stringify(metadata),
      "docker-options": `DOCKER_OPTS="--registry-mirror=http://${registry} ${[...insecure, ...asNewerEngines].join(" ")}"\n`,
      "memory-kb": `${memoryMb * 1024}\n`,
    });
    await this.writeVolumes(id);
    await this.docker(
      "run",
      "--detach",
      `--name=${nameOf(id)}`,
      `--hostname=${name}`,
      `--network=${network}`,
      `--ip=${ipv4}`,
      ...registries.map((each) => `--add-host=${each}:${gateway}`),
      ...powers,
      ...sizeOptions(memoryMb, cpus),
      "--tmpfs=/run",
      // An image store cannot lie on the layers of a container.
      "--volume=/var/lib/docker",
      "--volume=/var/lib/containerd",
      `--volume=${this.folderOf(id)}:/srv/machine:ro`,
      image,
    );
    await this.giveIpv6(id);
  }

  /** The engine has one network for all machines, of which each has a whole one for itself. */
  private async giveIpv6(server: number): Promise<void> {
    const { ipv6 } = this.machine(server);
    if (ipv6 === "") return;
    await this.execute(server, ["ip", "address", "add", `${ipv6}/128`, "dev", "eth0"]);
    await run("ip", ["-6", "route", "replace", `${ipv6}/128`, "dev", network]);
  }

  /** Boots a machine that the program did not make, and waits until it is ready. @returns its SSH host key */
  async bootPlain({ user, sshPublicKey, fault, ...machine }: PlainHost): Promise<string> {
    const userData = {
      users: [
        {
          name: user,
          shell: "/bin/bash",
          lock_passwd: true,
          groups: [fault === "not in group docker" ? "users" : "docker"],
          ssh_authorized_keys: [sshPublicKey],
        },
      ],
      runcmd: [fault === undefined ? ["true"] : faults[fault]],
    };
    await this.boot({
      ...machine,
      name: `host-${machine.id}`,
      ipv6: "",
      sshKeys: [],
      userData: `#cloud-config\n${stringify(userData)}`,
    });
    await this.booted(machine.id);
    const { stdout } = await this.execute(machine.id, ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
    return stdout.trim();
  }

  /** Waits until the user data was carried out. @throws with the machine's log where it was not */
  async booted(server: number): Promise<void> {
    const { code, stdout } = await this.finished(server);
    if (code === 0) return;
    throw new Error(`machine ${server}: ${stdout}\n${await this.log(server)}`);
  }

  /** What `cloud-init status --wait` says once the boot is over, for good or ill. */
  async finished(server: number): Promise<Result> {
    const status = ["cloud-init", "status", "--wait", "--long"];
    // Just after power-on there may be nothing yet that it could ask.
    await until(`machine ${server} runs`, bootLimitMs, async () => {
      if (!(await this.isOn(server))) throw new Error(`machine ${server} is off`);
      const { code } = await this.execute(server, ["test", "-e", "/run/cloud-init"], true);
      return code === 0;
    });
    return this.execute(server, status, true);
  }

  /** What the machine wrote of its first boot. */
  async log(server: number): Promise<string> {
    return (await this.execute(server, ["cat", "/var/log/cloud-init-output.log"], true)).stdout;
  }

  /** Runs a command as root, as at the machine's console. */
  execute(server: number, command: readonly string[], mayFail = false): Promise<Result> {
    const args = ["exec", nameOf(server), ...command];
    return docker(this.options.endpoint, args, { limitMs: bootLimitMs, mayFail });
  }

  async powerOff(server: number): Promise<void> {
    if (await this.isOn(server)) await this.docker("kill", nameOf(server));
  }

  async powerOn(server: number): Promise<void> {
    await this.docker("start", nameOf(server));
    await this.giveIpv6(server);
  }

  async remove(server: number): Promise<void> {
    await this.docker("rm", "--force", "--volumes", nameOf(server));
    this.machines.delete(server);
    await rm(this.folderOf(server), { recursive: true });
  }

  async createVolume(volume: number, sizeGb: number, format?: string): Promise<void> {
    const disk = await Disk.create(this.fileOf(volume), sizeGb);
    this.disks.set(volume, disk);
    if (format !== undefined) await disk.format(format);
  }

  async attach(volume: number, server: number): Promise<void> {
    this.machine(server).volumes.add(volume);
    await this.plug(server);
  }

  async detach(volume: number): Promise<void> {
    for (const [server, { volumes }] of this.machines) {
      if (volumes.delete(volume)) await this.plug(server);
    }
  }

  async removeVolume(volume: number): Promise<void> {
    await this.detach(volume);
    await this.disk(volume).remove();
    this.disks.delete(volume);
  }

  async resizeVolume(volume: number, sizeGb: number): Promise<void> {
    await this.disk(volume).resize(sizeGb);
  }

  async changeType(server: number, memoryMb: number, cpus: number): Promise<void> {
    await this.writeFiles(server, { "memory-kb": `${memoryMb * 1024}\n` });
    await this.docker("update", ...sizeOptions(memoryMb, cpus), nameOf(server));
  }

  private async plug(server: number): Promise<void> {
    await this.writeVolumes(server);
    if (await this.isOn(server)) await this.execute(server, ["plug"]);
  }

  private async writeVolumes(server: number): Promise<void> {
    const volumes = [...this.machine(server).volumes];
    const lines = volumes.map((volume) => `${volume} ${this.disk(volume).minor}\n`);
    await this.writeFiles(server, { volumes: lines.join("") });
  }

  private async writeFiles(server: number, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.folderOf(server), name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  private async isOn(server: number): Promise<boolean> {
    const format = "--format={{.State.Running}}";
    return (await this.docker("inspect", format, nameOf(server))).trim() === "true";
  }

  private async docker(...args: readonly string[]): Promise<string> {
    return (await docker(this.options.endpoint, args)).stdout;
  }

  private machine(id: number): { ipv6: string; volumes: Set<number> } {
    const found = this.machines.get(id);
    if (found === undefined) throw new Error(`there is no machine ${id}`);
    return found;
  }

  private disk(volume: number): Disk {
    const found = this.disks.get(volume);
    if (found === undefined) throw new Error(`there is no volume ${volume}`);
    return found;
  }

  private folderOf(server: number): string {
    return path.join(this.options.folder, nameOf(server));
  }

  private fileOf(volume: number): string {
    return path.join(this.options.folder, `volume-${volume}`);
  }
}

/** What makes a host faulty. */
const faults: Readonly<Record<NonNullable<PlainHost["fault"]>, readonly string[]>> = {
  "engine stopped": ["systemctl", "disable", "--now", "docker.service", "docker.socket"],
  "no client": ["rm", "/usr/bin/docker"],
  "not in group docker": ["true"],
};

const nameOf = (server: number): string => `machine-${server}`;

/** Processors are numbered, since programs count those that they may run on. */
function sizeOptions(memoryMb: number, cpus: number): string[] {
  const most = Math.min(cpus, availableParallelism()) - 1;
  return [`--memory=${memoryMb}m`, `--memory-swap=${memoryMb}m`, `--cpuset-cpus=0-${most}`];
}
