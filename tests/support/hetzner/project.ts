import { ApiError, notUnique } from "./apiError";
import type { Image, Location, ServerType } from "./catalogue";
import type { Machines } from "./machines";

/** What all that a project holds has in common. */
export interface Item {
  readonly id: number;
  readonly created: string;
  name: string;
  labels: Readonly<Record<string, string>>;
}

export interface SshKey extends Item {
  readonly fingerprint: string;
  readonly publicKey: string;
}

export interface PrimaryIp extends Item {
  readonly type: "ipv4" | "ipv6";
  /** An address, or for IPv6 a network of 64 bits. */
  readonly ip: string;
  readonly location: Location;
  assignee: number | null;
  autoDelete: boolean;
  protected: boolean;
}

export interface PrivateNet {
  readonly network: number;
  readonly ip: string;
  readonly macAddress: string;
  aliasIps: readonly string[];
}

export interface Server extends Item {
  readonly location: Location;
  readonly image: Image;
  readonly userData: string;
  readonly sshKeys: readonly string[];
  type: ServerType;
  /** In GB: stays behind the type's where a change of type did not upgrade it. */
  diskSize: number;
  status: "initializing" | "starting" | "running" | "stopping" | "off" | "migrating";
  /** Whether there is a machine yet. */
  booted: boolean;
  privateNets: readonly PrivateNet[];
  firewalls: readonly number[];
  backupWindow: string | null;
  protected: boolean;
}

export interface Volume extends Item {
  readonly location: Location;
  readonly format: string | null;
  size: number;
  status: "creating" | "available";
  server: number | null;
  protected: boolean;
}

export interface Subnet {
  readonly type: string;
  readonly ip_range: string;
  readonly network_zone: string;
  readonly gateway: string;
  readonly vswitch_id: number | null;
}

export interface Network extends Item {
  readonly ipRange: string;
  subnets: readonly Subnet[];
  exposeRoutes: boolean;
  protected: boolean;
}

export interface FirewallRule {
  readonly direction: string;
  readonly protocol: string;
  readonly port: string | null;
  readonly source_ips: readonly string[];
  readonly destination_ips: readonly string[];
  readonly description: string | null;
}

export interface Firewall extends Item {
  rules: readonly FirewallRule[];
}

export interface Reference {
  readonly type: "server" | "volume" | "network" | "primary_ip" | "firewall";
  readonly id: number;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  readonly resources: readonly Reference[];
  readonly started: string;
  status: "running" | "success" | "error";
  /** In percent. */
  progress: number;
  finished: string | null;
  error: { readonly code: string; readonly message: string } | null;
}

/** Things of one kind, by their ids. */
export class Store<Kind extends Item> {
  readonly #items = new Map<number, Kind>();

  /** @param noun what messages call one of them */
  constructor(readonly noun: string) {}

  all(): Kind[] {
    return [...this.#items.values()];
  }

  find(id: number): Kind | undefined {
    return this.#items.get(id);
  }

  get(id: number): Kind {
    const found = this.#items.get(id);
    if (!found) throw new ApiError(404, "not_found", `${this.noun} with ID '${id}' not found`);
    return found;
  }

  add(item: Kind): void {
    this.#items.set(item.id, item);
  }

  remove(id: number): void {
    this.#items.delete(id);
  }

  /** @param self the one that may have the name already */
  expectFreeName(name: string, self?: number): void {
    if (this.all().some((item) => item.name === name && item.id !== self))
      throw notUnique("name", `${this.noun} name is already used`);
  }
}

/** One project at Hetzner: what there is, and the actions that change it. */
export class Project {
  readonly sshKeys = new Store<SshKey>("SSH key");
  readonly primaryIps = new Store<PrimaryIp>("primary IP");
  readonly servers = new Store<Server>("server");
  readonly volumes = new Store<Volume>("volume");
  readonly networks = new Store<Network>("network");
  readonly firewalls = new Store<Firewall>("firewall");
  readonly actions = new Map<number, Action>();
  readonly #locks = new Map<string, number>();
  readonly #running = new Map<number, Promise<void>>();
  #lastId = 100;
  #lastAddress = { ipv4: 9, ipv6: 0 };

  constructor(readonly machines: Machines) {}

  nextId(): number {
    return ++this.#lastId;
  }

  now(): string {
    return new Date().toISOString();
  }

  /** From the ranges that are set aside for documentation (RFC 5737 and 3849). */
  nextAddress(type: "ipv4" | "ipv6"): string {
    const number = ++this.#lastAddress[type];
    if (number > 254) throw new ApiError(403, "resource_limit_exceeded", "project limit exceeded");
    return type === "ipv4" ? `203.0.113.${number}` : `2001:db8:0:${number.toString(16)}::/64`;
  }

  isLocked(reference: Reference): boolean {
    return this.#locks.has(keyOf(reference));
  }

  /** @throws while another action works on one of them */
  expectUnlocked(...references: readonly Reference[]): void {
    const locked = references.find((reference) => this.isLocked(reference));
    if (locked?.type === "network")
      throw new ApiError(409, "conflict", "network has changed during the request, please retry");
    if (locked) throw new ApiError(423, "locked", `${locked.type} is locked`);
  }

  /**
   * Begins an action: locks what it is about, works, and notes the end.
   * @param after the action that must have succeeded first
   */
  begin(
    command: string,
    resources: readonly Reference[],
    work: () => Promise<void> | void = () => undefined,
    after?: Action,
  ): Action {
    const action: Action = {
      id: this.nextId(),
      command,
      resources,
      started: this.now(),
      status: "running",
      progress: 0,
      finished: null,
      error: null,
    };
    this.actions.set(action.id, action);
    for (const reference of resources) this.#lock(reference, 1);
    const ended = async (): Promise<void> => {
      // The answer that names the action goes out before the work is done.
      await (after ? this.#running.get(after.id) : new Promise(setImmediate));
      try {
        if (after && after.status !== "success") throw new Error(`${after.command} failed`);
        await work();
        Object.assign(action, { status: "success", progress: 100 });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        Object.assign(action, { status: "error", error: { code: "action_failed", message } });
      }
      action.finished = this.now();
      for (const reference of resources) this.#lock(reference, -1);
    };
    this.#running.set(action.id, ended());
    return action;
  }

  /** Waits for all that is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #lock(reference: Reference, by: 1 | -1): void {
    const count = (this.#locks.get(keyOf(reference)) ?? 0) + by;
    if (count > 0) this.#locks.set(keyOf(reference), count);
    else this.#locks.delete(keyOf(reference));
  }
}

function keyOf({ type, id }: Reference): string {
  return `${type} ${id}`;
}
