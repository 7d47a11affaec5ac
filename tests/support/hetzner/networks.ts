import { holds, ipv4Of, networkOf, overlap, parseCidr, type Cidr } from "../cidr";
import { ApiError, invalidField, refused } from "./apiError";
import type { Network, Project, Reference, Subnet } from "./project";
import {
  checkLabels,
  collection,
  type Labels,
  presentAction,
  route,
  type Route,
  type Update,
} from "./routes";

interface CreateBody {
  readonly name: string;
  readonly ip_range: string;
  readonly labels?: Labels;
  readonly expose_routes_to_vswitch?: boolean;
  readonly subnets?: readonly unknown[];
  readonly routes?: readonly unknown[];
}

interface SubnetBody {
  readonly type: string;
  readonly network_zone: string;
  readonly ip_range?: string;
}

/** RFC 1918. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

export function networkRoutes(project: Project): Route[] {
  const store = project.networks;
  const at = "/networks/{id}";
  const change = (network: Network, body: Update): void => {
    project.expectUnlocked(reference(network));
    network.exposeRoutes = body.expose_routes_to_vswitch ?? network.exposeRoutes;
  };
  const presented = (network: Network): object => present(project, network);
  return [
    ...collection<Network>(
      { project, store, plural: "networks", singular: "network", present: presented },
      change,
    ),
    route<CreateBody>(
      "POST",
      "/networks",
      { request: "create_network_request", response: "create_network_response" },
      ({ body }) => {
        if (body.subnets !== undefined || body.routes !== undefined)
          throw new Error(
            "the double of Hetzner's API makes networks without subnets and routes only",
          );
        checkRange(body.ip_range);
        store.expectFreeName(body.name);
        const network: Network = {
          id: project.nextId(),
          created: project.now(),
          name: body.name,
          labels: checkLabels(body.labels),
          ipRange: body.ip_range,
          subnets: [],
          exposeRoutes: body.expose_routes_to_vswitch ?? false,
          protected: false,
        };
        store.add(network);
        return { network: presented(network) };
      },
    ),
    route("DELETE", at, {}, ({ id }) => {
      const network = store.get(id);
      project.expectUnlocked(reference(network));
      if (network.protected) throw new ApiError(423, "protected", "network deletion is protected");
      for (const server of project.servers.all())
        server.privateNets = server.privateNets.filter((net) => net.network !== id);
      store.remove(id);
    }),
    route<SubnetBody>(
      "POST",
      `${at}/actions/add_subnet`,
      { request: "add_subnet_to_network_request", response: "add_subnet_to_network_response" },
      ({ id, body }) => {
        const network = store.get(id);
        project.expectUnlocked(reference(network));
        const subnet = subnetOf(network, body);
        const action = project.begin("add_subnet", [reference(network)], () => {
          network.subnets = [...network.subnets, subnet];
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly ip_range: string }>(
      "POST",
      `${at}/actions/delete_subnet`,
      {
        request: "delete_subnet_from_network_request",
        response: "delete_subnet_from_network_response",
      },
      ({ id, body }) => {
        const network = store.get(id);
        project.expectUnlocked(reference(network));
        if (!network.subnets.some((subnet) => subnet.ip_range === body.ip_range))
          throw new ApiError(404, "not_found", `subnet ${body.ip_range} not found`);
        if (addressesIn(project, network, body.ip_range).length > 0)
          throw refused("service_error", "cannot remove subnet because servers are attached to it");
        const action = project.begin("delete_subnet", [reference(network)], () => {
          network.subnets = network.subnets.filter((each) => each.ip_range !== body.ip_range);
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly delete?: boolean }>(
      "POST",
      `${at}/actions/change_protection`,
      {
        request: "change_network_protection_request",
        response: "change_network_protection_response",
      },
      ({ id, body }) => {
        const network = store.get(id);
        project.expectUnlocked(reference(network));
        const action = project.begin("change_protection", [reference(network)], () => {
          network.protected = body.delete ?? network.protected;
        });
        return { action: presentAction(action) };
      },
    ),
  ];
}

interface Wanted {
  readonly ip?: string;
  /** The subnet to take an address from. */
  readonly ip_range?: string;
}

/**
 * The address that a server gets in a network.
 * @throws when there is no subnet, or the address that is asked for is taken or in none of them
 */
export function addressFor(project: Project, network: Network, wanted: Wanted): string {
  const subnets = network.subnets.filter(
    ({ ip_range }) => wanted.ip_range === undefined || ip_range === wanted.ip_range,
  );
  const free = subnets.flatMap(({ ip_range, gateway }) => {
    const taken = [gateway, ...addressesIn(project, network, ip_range)];
    return usable(ip_range).filter((ip) => !taken.includes(ip));
  });
  if (wanted.ip === undefined) {
    const [first] = free;
    if (first === undefined)
      throw refused("no_subnet_available", "no subnet or IP available in the network");
    return first;
  }
  if (!free.includes(wanted.ip)) throw refused("ip_not_available", "provided IP is not available");
  return wanted.ip;
}

/** All addresses that servers have in a part of a network. */
function addressesIn(project: Project, network: Network, range: string): string[] {
  const subnet = expectCidr("ip_range", range);
  return project.servers
    .all()
    .flatMap(({ privateNets }) => privateNets)
    .filter((net) => net.network === network.id)
    .flatMap(({ ip, aliasIps }) => [ip, ...aliasIps])
    .filter((ip) => holds(subnet, expectCidr("ip", `${ip}/32`)));
}

/** The addresses of a subnet but its first and last; of a large one, the first thousand of them. */
function usable(range: string): string[] {
  const subnet = expectCidr("ip_range", range);
  const count = Math.min(2 ** (subnet.width - subnet.length) - 2, 1000);
  return Array.from({ length: count }, (_, index) => ipv4Of(networkOf(subnet) + BigInt(index + 1)));
}

function subnetOf(network: Network, body: SubnetBody): Subnet {
  if (body.type === "vswitch" || body.ip_range === undefined)
    throw new Error(
      "the double of Hetzner's API knows neither vSwitches nor ranges of its own choice",
    );
  if (body.network_zone !== "eu-central")
    throw invalidField("network_zone", `network zone ${body.network_zone} does not exist`);
  const range = expectNetwork("ip_range", body.ip_range);
  const outer = expectCidr("ip_range", network.ipRange);
  if (range.length > 30) throw invalidField("ip_range", "the smallest subnet is a /30");
  if (!holds(outer, range)) throw invalidField("ip_range", "is not within the network's range");
  if (network.subnets.some((each) => overlap(range, expectCidr("ip_range", each.ip_range))))
    throw invalidField("ip_range", "overlaps with another subnet");
  return {
    type: body.type,
    ip_range: body.ip_range,
    network_zone: body.network_zone,
    gateway: ipv4Of(networkOf(outer) + 1n),
    vswitch_id: null,
  };
}

function checkRange(text: string): void {
  const range = expectNetwork("ip_range", text);
  const outer = privateRanges.flatMap((each) => parseCidr(each) ?? []);
  if (!outer.some((each) => holds(each, range)))
    throw invalidField("ip_range", "is not one of the private ranges of RFC 1918");
  if (range.length > 24) throw invalidField("ip_range", "the smallest network is a /24");
}

/** @throws unless the text is a network in IPv4 whose host bits are zero */
function expectNetwork(field: string, text: string): Cidr {
  const range = expectCidr(field, text);
  if (range.width !== 32 || range.address !== networkOf(range))
    throw invalidField(field, `${text} is not the start of an IPv4 network`);
  return range;
}

function expectCidr(field: string, text: string): Cidr {
  const range = parseCidr(text);
  if (!range) throw invalidField(field, `${text} is not a network`);
  return range;
}

function reference(network: Network): Reference {
  return { type: "network", id: network.id };
}

function present(project: Project, network: Network): object {
  const servers = project.servers
    .all()
    .filter(({ privateNets }) => privateNets.some((net) => net.network === network.id));
  return {
    id: network.id,
    name: network.name,
    labels: network.labels,
    created: network.created,
    ip_range: network.ipRange,
    subnets: network.subnets,
    routes: [],
    servers: servers.map(({ id }) => id),
    load_balancers: [],
    protection: { delete: network.protected },
    expose_routes_to_vswitch: network.exposeRoutes,
  };
}
