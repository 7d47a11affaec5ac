import { ApiError, invalidField, refused } from "./apiError";
import { images, type Image, serverTypes, type ServerType } from "./catalogue";
import { expectApplicable } from "./firewalls";
import { addressFor } from "./networks";
import { addPrimaryIp, expectStopped, locationOf, primaryIpOf } from "./primaryIps";
import type { Action, PrimaryIp, Project, Reference, Server } from "./project";
import { checkLabels, collection, type Labels, presentAction, route, type Route } from "./routes";

interface CreateBody {
  readonly name: string;
  readonly server_type: string | number;
  readonly image: string | number;
  readonly location?: string;
  readonly ssh_keys?: readonly (string | number)[];
  readonly user_data?: string;
  readonly start_after_create?: boolean;
  readonly labels?: Labels;
  readonly firewalls?: readonly { readonly firewall: number }[];
  readonly public_net?: {
    readonly enable_ipv4?: boolean;
    readonly enable_ipv6?: boolean;
    readonly ipv4?: number | null;
    readonly ipv6?: number | null;
  };
  readonly volumes?: unknown;
  readonly networks?: unknown;
  readonly automount?: unknown;
  readonly placement_group?: unknown;
}

interface AttachBody {
  readonly network: number;
  readonly ip?: string;
  readonly ip_range?: string;
  readonly alias_ips?: readonly string[];
}

/** What of the original this double does not play. */
const unplayed = ["volumes", "networks", "automount", "placement_group"] as const;

/** In bytes: 32 KiB. */
const longestUserData = 32 * 1024;

/** RFC 1123. */
const hostName =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export function serverRoutes(project: Project): Route[] {
  const store = project.servers;
  const presented = (server: Server): object => present(project, server);
  const change = (server: Server, body: { readonly name?: string }): void => {
    if (body.name !== undefined) checkName(body.name);
    project.expectUnlocked(reference(server));
  };
  return [
    ...collection(
      { project, store, plural: "servers", singular: "server", present: presented },
      change,
    ),
    route<CreateBody>(
      "POST",
      "/servers",
      { request: "create_server_request", response: "create_server_response" },
      ({ body }) => {
        const server = create(project, body);
        const created = project.begin("create_server", [reference(server)], () => {
          server.status = "off";
        });
        const next =
          body.start_after_create === false
            ? []
            : [powerOn(project, server, "start_server", created)];
        return {
          server: presented(server),
          action: presentAction(created),
          next_actions: next.map(presentAction),
          root_password: server.sshKeys.length > 0 ? null : "changed-at-first-login",
        };
      },
    ),
    route("DELETE", "/servers/{id}", { response: "delete_server_response" }, ({ id }) => {
      const server = store.get(id);
      project.expectUnlocked(reference(server));
      if (server.protected) throw new ApiError(423, "protected", "server deletion is protected");
      return { action: presentAction(remove(project, server)) };
    }),
    ...powerRoutes(project),
    ...changeRoutes(project),
    ...networkRoutes(project),
  ];
}

function powerRoutes(project: Project): Route[] {
  const action = (name: string, response: string, begin: (server: Server) => Action): Route =>
    route("POST", `/servers/{id}/actions/${name}`, { response }, ({ id }) => {
      const server = project.servers.get(id);
      project.expectUnlocked(reference(server));
      return { action: presentAction(begin(server)) };
    });
  const stop = (command: string) => (server: Server) =>
    project.begin(command, [reference(server)], async () => {
      if (server.status !== "off") await project.machines.powerOff(server.id);
      server.status = "off";
    });
  const backup = (command: string, window: string | null) => (server: Server) =>
    project.begin(command, [reference(server)], () => {
      server.backupWindow = window;
    });
  return [
    action("poweron", "power_on_server_response", (server) =>
      powerOn(project, server, "start_server"),
    ),
    action("poweroff", "power_off_server_response", stop("stop_server")),
    // The machines of this double follow a shutdown at once.
    action("shutdown", "shutdown_server_response", stop("shutdown_server")),
    action(
      "enable_backup",
      "enable_and_configure_backups_for_server_response",
      backup("enable_backup", "22-02"),
    ),
    action("disable_backup", "disable_backups_for_server_response", backup("disable_backup", null)),
  ];
}

function changeRoutes(project: Project): Route[] {
  const at = "/servers/{id}/actions";
  return [
    route<{ readonly server_type: string | number; readonly upgrade_disk: boolean }>(
      "POST",
      `${at}/change_type`,
      { request: "change_type_of_server_request", response: "change_type_of_server_response" },
      ({ id, body }) => {
        const server = project.servers.get(id);
        project.expectUnlocked(reference(server));
        expectStopped(server);
        const type = typeOf(body.server_type);
        expectFit(server, type);
        return { action: presentAction(changeType(project, server, type, body.upgrade_disk)) };
      },
    ),
    route<{ readonly delete?: boolean; readonly rebuild?: boolean }>(
      "POST",
      `${at}/change_protection`,
      {
        request: "change_server_protection_request",
        response: "change_server_protection_response",
      },
      ({ id, body }) => {
        const server = project.servers.get(id);
        project.expectUnlocked(reference(server));
        if (body.delete !== body.rebuild)
          throw invalidField("delete", "delete and rebuild must have the same value");
        const action = project.begin("change_protection", [reference(server)], () => {
          server.protected = body.delete ?? server.protected;
        });
        return { action: presentAction(action) };
      },
    ),
  ];
}

function networkRoutes(project: Project): Route[] {
  const at = "/servers/{id}/actions";
  const attachedTo = (id: number, network: number): Server => {
    const server = project.servers.get(id);
    project.expectUnlocked(reference(server), { type: "network", id: network });
    if (!server.privateNets.some((net) => net.network === network))
      throw new ApiError(404, "not_found", "server is not attached to the network");
    return server;
  };
  return [
    route<AttachBody>(
      "POST",
      `${at}/attach_to_network`,
      {
        request: "attach_server_to_network_request",
        response: "attach_server_to_network_response",
      },
      ({ id, body }) => {
        const [server, network] = [project.servers.get(id), project.networks.get(body.network)];
        const resources = [reference(server), { type: "network", id: network.id }] as const;
        if (server.privateNets.some((net) => net.network === network.id))
          throw refused("server_already_attached", "server is already attached to network");
        project.expectUnlocked(...resources);
        const ip = addressFor(project, network, body);
        const number = project.nextId();
        const action = project.begin("attach_to_network", resources, () => {
          const macAddress = `86:00:00:${[16, 8, 0].map((shift) => hex(number >> shift)).join(":")}`;
          const net = { network: network.id, ip, macAddress, aliasIps: body.alias_ips ?? [] };
          server.privateNets = [...server.privateNets, net];
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly network: number }>(
      "POST",
      `${at}/detach_from_network`,
      {
        request: "detach_server_from_network_request",
        response: "detach_server_from_network_response",
      },
      ({ id, body }) => {
        const server = attachedTo(id, body.network);
        const resources = [reference(server), { type: "network", id: body.network }] as const;
        const action = project.begin("detach_from_network", resources, () => {
          server.privateNets = server.privateNets.filter((net) => net.network !== body.network);
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly network: number; readonly alias_ips: readonly string[] }>(
      "POST",
      `${at}/change_alias_ips`,
      {
        request: "change_alias_ips_of_network_request",
        response: "change_alias_ips_of_network_response",
      },
      ({ id, body }) => {
        const server = attachedTo(id, body.network);
        const action = project.begin("change_alias_ips", [reference(server)], () => {
          for (const net of server.privateNets)
            if (net.network === body.network) net.aliasIps = body.alias_ips;
        });
        return { action: presentAction(action) };
      },
    ),
  ];
}

function create(project: Project, body: CreateBody): Server {
  const unknown = unplayed.filter((key) => body[key] !== undefined);
  if (unknown.length > 0)
    throw new Error(`the double of Hetzner's API makes no servers with ${unknown.join(", ")}`);
  checkName(body.name);
  project.servers.expectFreeName(body.name);
  if (Buffer.byteLength(body.user_data ?? "") > longestUserData)
    throw invalidField("user_data", `must not be longer than ${longestUserData} bytes`);
  const type = typeOf(body.server_type);
  const given = givenIps(project, body);
  const location = body.location === undefined ? given[0]?.location : locationOf(body.location);
  const server: Server = {
    id: project.nextId(),
    created: project.now(),
    name: body.name,
    labels: checkLabels(body.labels),
    type,
    location: location ?? locationOf("fsn1"),
    image: imageOf(body.image, type),
    userData: body.user_data ?? "",
    sshKeys: (body.ssh_keys ?? []).map((idOrName) => sshKeyOf(project, idOrName)),
    diskSize: type.disk,
    status: "initializing",
    booted: false,
    privateNets: [],
    firewalls: (body.firewalls ?? []).map(({ firewall }) => project.firewalls.get(firewall).id),
    backupWindow: null,
    protected: false,
  };
  expectOffered(type, server.location.name);
  if (given.some((ip) => ip.location !== server.location))
    throw refused("primary_ip_datacenter_mismatch", "Primary IP is in another location");
  const hasNet = {
    ipv4: body.public_net?.enable_ipv4 !== false,
    ipv6: body.public_net?.enable_ipv6 !== false,
  };
  if (!hasNet.ipv4 && !hasNet.ipv6 && body.start_after_create !== false)
    throw invalidField("public_net", "a server without any network cannot be started");
  for (const kind of ["ipv4", "ipv6"] as const) {
    if (!hasNet[kind]) continue;
    const ip = given.find((each) => each.type === kind) ?? ownIp(project, server, kind);
    ip.assignee = server.id;
  }
  for (const firewall of server.firewalls) expectApplicable(project, firewall, server);
  project.servers.add(server);
  return server;
}

/** A Primary IP that comes and goes with its server. */
function ownIp(project: Project, server: Server, type: PrimaryIp["type"]): PrimaryIp {
  const { location } = server;
  const name = `primary_ip-${server.id}-${type}`;
  return addPrimaryIp(project, { name, type, location, autoDelete: true, labels: {} });
}

function givenIps(project: Project, body: CreateBody): PrimaryIp[] {
  return (["ipv4", "ipv6"] as const).flatMap((type) => {
    const id = body.public_net?.[type];
    if (id === undefined || id === null) return [];
    const ip = project.primaryIps.get(id);
    project.expectUnlocked({ type: "primary_ip", id });
    if (ip.type !== type)
      throw new ApiError(412, "primary_ip_version_mismatch", "Primary IP has the wrong version");
    if (ip.assignee !== null)
      throw refused("primary_ip_assigned", "Primary IP is already assigned to a server");
    return [ip];
  });
}

function remove(project: Project, server: Server): Action {
  const volumes = project.volumes.all().filter((volume) => volume.server === server.id);
  const ips = project.primaryIps.all().filter((ip) => ip.assignee === server.id);
  const held: Reference[] = [
    ...volumes.map(({ id }) => ({ type: "volume" as const, id })),
    ...ips.map(({ id }) => ({ type: "primary_ip" as const, id })),
  ];
  project.expectUnlocked(...held);
  project.servers.remove(server.id);
  return project.begin("delete_server", [reference(server), ...held], async () => {
    for (const volume of volumes) {
      await project.machines.detach(volume.id);
      volume.server = null;
    }
    if (server.booted) await project.machines.remove(server.id);
    for (const ip of ips) {
      ip.assignee = null;
      if (ip.autoDelete) project.primaryIps.remove(ip.id);
    }
  });
}

function powerOn(project: Project, server: Server, command: string, after?: Action): Action {
  const work = async (): Promise<void> => {
    if (server.status === "running") return;
    const ipv4 = primaryIpOf(project, server, "ipv4");
    const ipv6 = primaryIpOf(project, server, "ipv6");
    if (!ipv4 && !ipv6 && server.privateNets.length === 0)
      throw new Error("server has no network interface");
    server.status = "starting";
    if (server.booted) await project.machines.powerOn(server.id);
    else
      await project.machines.boot({
        id: server.id,
        name: server.name,
        ipv4: ipv4?.ip ?? "",
        ipv6: ipv6?.ip.replace("/64", "1") ?? "",
        userData: server.userData,
        sshKeys: server.sshKeys,
        memoryMb: server.type.memory * 1024,
        cpus: server.type.cores,
      });
    server.booted = true;
    server.status = "running";
  };
  return project.begin(command, [reference(server)], work, after);
}

/** Ends with the server switched on. */
function changeType(
  project: Project,
  server: Server,
  type: ServerType,
  upgradeDisk: boolean,
): Action {
  return project.begin("change_server_type", [reference(server)], async () => {
    server.status = "migrating";
    await project.machines.changeType?.(server.id, type.memory * 1024, type.cores);
    server.type = type;
    if (upgradeDisk) server.diskSize = type.disk;
    await project.machines.powerOn(server.id);
    server.status = "running";
  });
}

function expectFit(server: Server, type: ServerType): void {
  expectOffered(type, server.location.name);
  if (type.architecture !== server.type.architecture)
    throw refused("invalid_server_type", "server type has another architecture");
  if (type.disk < server.diskSize)
    throw refused("invalid_server_type", "server type has a smaller disk than the server");
  if (type === server.type) throw refused("invalid_server_type", "server has this type already");
}

function expectOffered(type: ServerType, location: string): void {
  const offer = type.locations.find(({ name }) => name === location);
  if (!offer) throw invalidField("location", "unsupported location for server type");
  if (offer.deprecation !== null)
    throw refused("invalid_server_type", `server type ${type.name} is no longer offered`);
}

function typeOf(idOrName: string | number): ServerType {
  const type = serverTypes.find(({ id, name }) => [name, id, String(id)].includes(idOrName));
  if (!type) throw invalidField("server_type", `server type ${idOrName} does not exist`);
  return type;
}

function imageOf(idOrName: string | number, type: ServerType): Image {
  const found = images.filter(({ id, name }) => [name, id, String(id)].includes(idOrName));
  const image = found.find(({ architecture }) => architecture === type.architecture);
  if (!image)
    throw invalidField("image", `image ${idOrName} does not exist for ${type.architecture}`);
  return image;
}

function sshKeyOf(project: Project, idOrName: string | number): string {
  const key = project.sshKeys
    .all()
    .find(({ id, name }) => [name, id, String(id)].includes(idOrName));
  if (!key) throw invalidField("ssh_keys", `SSH key ${idOrName} does not exist`);
  return key.publicKey;
}

function checkName(name: string): void {
  if (!hostName.test(name)) throw invalidField("name", "is not a valid host name");
}

function hex(byte: number): string {
  return (byte & 255).toString(16).padStart(2, "0");
}

function reference(server: Server): Reference {
  return { type: "server", id: server.id };
}

function present(project: Project, server: Server): object {
  const ipv4 = primaryIpOf(project, server, "ipv4");
  const ipv6 = primaryIpOf(project, server, "ipv6");
  const volumes = project.volumes.all().filter((volume) => volume.server === server.id);
  return {
    id: server.id,
    name: server.name,
    labels: server.labels,
    created: server.created,
    status: server.status,
    location: server.location,
    server_type: server.type,
    image: server.image,
    iso: null,
    placement_group: null,
    public_net: {
      ipv4: ipv4 ? { id: ipv4.id, ip: ipv4.ip, blocked: false, dns_ptr: "server.example" } : null,
      ipv6: ipv6 ? { id: ipv6.id, ip: ipv6.ip, blocked: false, dns_ptr: [] } : null,
      floating_ips: [],
      firewalls: server.firewalls.map((id) => ({ id, status: "applied" })),
    },
    private_net: server.privateNets.map((net) => ({
      network: net.network,
      ip: net.ip,
      alias_ips: net.aliasIps,
      mac_address: net.macAddress,
    })),
    volumes: volumes.map(({ id }) => id),
    load_balancers: [],
    primary_disk_size: server.diskSize,
    protection: { delete: server.protected, rebuild: server.protected },
    backup_window: server.backupWindow,
    rescue_enabled: false,
    locked: project.isLocked(reference(server)),
    included_traffic: 0,
    ingoing_traffic: null,
    outgoing_traffic: null,
  };
}
