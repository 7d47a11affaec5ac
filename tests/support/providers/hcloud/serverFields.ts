import { createHash } from "node:crypto";
import type { Failure, Fields } from "../schema";
import { blocks, defined, number, text, type Values } from "../values";
import { datacenter, flag, labels, name } from "./fields";
import { parseSubnetId } from "./networkSubnet";

const computedText = { kind: "string", output: true } as const;

/** The properties of a server. What is set in the state only when the program asks for it is overlooked otherwise. */
export const serverFields: Fields = {
  name,
  serverType: { kind: "string", required: true },
  image: { kind: "string", computed: true, forceNew: true },
  location: { kind: "string", computed: true, forceNew: true },
  datacenter,
  userData: {
    kind: "string",
    forceNew: true,
    // The state has its digest only.
    overlooked: (old, now) =>
      typeof now === "string" && now !== "" ? old === digest(now) : text(old) === text(now),
  },
  sshKeys: { kind: "list", forceNew: true },
  keepDisk: flag,
  allowDeprecatedImages: { kind: "bool" },
  backups: flag,
  iso: { kind: "string", unsupported: true },
  rescue: { kind: "string", unsupported: true },
  labels,
  publicNets: {
    kind: "set",
    overlooked: (_old, now) => blocks(now).length === 0,
    fields: {
      ipv4Enabled: { kind: "bool", default: true },
      ipv6Enabled: { kind: "bool", default: true },
      ipv4: { kind: "int", computed: true },
      ipv6: { kind: "int", computed: true },
    },
  },
  networks: {
    kind: "set",
    overlooked: (_old, now) => blocks(now).length === 0,
    fields: {
      networkId: { kind: "int", computed: true },
      subnetId: { kind: "string", computed: true },
      ip: { kind: "string", computed: true },
      aliasIps: { kind: "set", computed: true },
      macAddress: computedText,
    },
  },
  ignoreRemoteFirewallIds: flag,
  firewallIds: { kind: "set", computed: true, element: { kind: "int" } },
  placementGroupId: { kind: "int", unsupported: true },
  deleteProtection: flag,
  rebuildProtection: flag,
  shutdownBeforeDeletion: flag,
  backupWindow: computedText,
  ipv4Address: computedText,
  ipv6Address: computedText,
  ipv6Network: computedText,
  status: computedText,
  primaryDiskSize: { kind: "int", output: true },
};

/** What is kept of user data: SHA-1, in base64. */
export function digest(userData: string): string {
  return createHash("sha1").update(userData).digest("base64");
}

export interface ServerAnswer {
  readonly server: {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly location: { readonly name: string };
    readonly server_type: { readonly name: string };
    readonly image: { readonly id: number; readonly name: string | null } | null;
    readonly labels: Record<string, string>;
    readonly backup_window: string | null;
    readonly protection: { readonly delete: boolean; readonly rebuild: boolean };
    readonly primary_disk_size: number;
    readonly public_net: {
      readonly ipv4: { readonly id: number; readonly ip: string } | null;
      readonly ipv6: { readonly id: number; readonly ip: string } | null;
      readonly firewalls: readonly { readonly id: number }[];
    };
    readonly private_net: readonly PrivateNet[];
  };
}

export interface PrivateNet {
  readonly network: number;
  readonly ip: string;
  readonly alias_ips: readonly string[];
  readonly mac_address: string;
}

/** The state after a read. @param before what was planned or known: what the API does not tell stays as it was */
export function serverState({ server }: ServerAnswer, before: Values): Values {
  const { ipv4, ipv6, firewalls } = server.public_net;
  const asked = (key: string): boolean => blocks(before[key]).length > 0;
  const userData = text(before["userData"]);
  return defined({
    ...before,
    name: server.name,
    location: server.location.name,
    status: server.status,
    serverType: server.server_type.name,
    labels: server.labels,
    backupWindow: server.backup_window ?? "",
    backups: server.backup_window !== null,
    deleteProtection: server.protection.delete,
    rebuildProtection: server.protection.rebuild,
    firewallIds: firewalls.map(({ id }) => id),
    primaryDiskSize: server.primary_disk_size,
    ipv4Address: ipv4?.ip,
    ipv6Network: ipv6?.ip,
    ipv6Address: ipv6 ? `${ipv6.ip.split("/")[0] ?? ""}1` : undefined,
    image: imageOf(server.image, before),
    userData: userData === "" ? undefined : userData,
    networks: asked("networks")
      ? server.private_net.map((net) => networkState(net, before))
      : undefined,
  });
}

function imageOf(image: ServerAnswer["server"]["image"], before: Values): string | undefined {
  if (!image) return undefined;
  const byId = String(image.id) === before["image"];
  return image.name === null || byId ? String(image.id) : image.name;
}

function networkState(net: PrivateNet, before: Values): Values {
  const asked = blocks(before["networks"]).find((block) => networkOf(block) === net.network);
  return defined({
    ip: net.ip,
    macAddress: net.mac_address,
    aliasIps: [...net.alias_ips],
    networkId: asked ? net.network : undefined,
    subnetId: asked?.["subnetId"],
  });
}

/** The network that a block of `networks` means. */
export function networkOf(block: Values): number {
  return parseSubnetId(text(block["subnetId"]))?.network ?? number(block["networkId"]);
}

/** What the original finds wrong with networks before it creates anything. */
export function networkFaults(inputs: Values): Failure[] {
  const fault = (reason: string): Failure => ({ property: "networks", reason });
  const given = blocks(inputs["networks"]);
  if (given.some((block) => block["networkId"] === undefined && block["subnetId"] === undefined))
    return [fault("must specify either network_id or subnet_id")];
  const known = given.map(networkOf).filter((network) => network !== 0);
  const twice = known.find((network, index) => known.indexOf(network) !== index);
  return twice === undefined
    ? []
    : [fault(`server is only allowed to be attached to each network once: ${twice}`)];
}
