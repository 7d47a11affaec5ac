/** What a new machine is made of. */
export interface Machine {
  readonly id: number;
  readonly name: string;
  /** Its public address; empty when it has none. */
  readonly ipv4: string;
  /** The first address of its public network; empty when it has none. */
  readonly ipv6: string;
  readonly userData: string;
  /** Public keys for root, as lines of `authorized_keys`. */
  readonly sshKeys: readonly string[];
  readonly memoryMb: number;
  readonly cpus: number;
}

/** The hardware behind the API. Whatever fails here fails the action that asked for it. */
export interface Machines {
  /** Powers a new machine on. Resolves once power is on, not when it has booted. */
  boot(server: Machine): Promise<void>;
  /** Cuts the power, as if the cord were pulled. */
  powerOff(server: number): Promise<void>;
  powerOn(server: number): Promise<void>;
  remove(server: number): Promise<void>;
  /** @param format the file system to make on it; none without */
  createVolume(volume: number, sizeGb: number, format?: string): Promise<void>;
  /** At the machine the volume shows as /dev/disk/by-id/scsi-0HC_Volume_<id>. */
  attach(volume: number, server: number): Promise<void>;
  detach(volume: number): Promise<void>;
  removeVolume(volume: number): Promise<void>;
  /** Makes a volume larger, attached or not. */
  resizeVolume?(volume: number, sizeGb: number): Promise<void>;
  /** Gives a machine that is off another size. */
  changeType?(server: number, memoryMb: number, cpus: number): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** For tests in which no machine runs. */
export const noMachines: Machines = {
  boot: nothing,
  powerOff: nothing,
  powerOn: nothing,
  remove: nothing,
  createVolume: nothing,
  attach: nothing,
  detach: nothing,
  removeVolume: nothing,
};
