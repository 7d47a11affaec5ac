import { ApiError, invalidField, refused } from "./apiError";
import { locations, type Location } from "./catalogue";
import type { Action, PrimaryIp, Project, Reference, Server } from "./project";
import { checkLabels, collection, type Labels, presentAction, route, type Route } from "./routes";

interface CreateBody {
  readonly name: string;
  readonly type: PrimaryIp["type"];
  readonly location?: string | number;
  readonly assignee_id?: number;
  readonly assignee_type?: string;
  readonly auto_delete?: boolean;
  readonly labels?: Labels;
}

export function primaryIpRoutes(project: Project): Route[] {
  const store = project.primaryIps;
  const at = "/primary_ips/{id}";
  return [
    ...collection<PrimaryIp>(
      { project, store, plural: "primary_ips", singular: "primary_ip", present },
      (ip, body) => {
        if (body.auto_delete === true && ip.protected)
          throw invalidField("auto_delete", "a protected Primary IP cannot be deleted by itself");
        ip.autoDelete = body.auto_delete ?? ip.autoDelete;
      },
    ),
    route<CreateBody>(
      "POST",
      "/primary_ips",
      { request: "create_primary_ip_request", response: "create_primary_ip_response" },
      ({ body }) => {
        const server = assignee(project, body);
        if (server) expectRoom(project, server, body.type);
        store.expectFreeName(body.name);
        const ip = addPrimaryIp(project, {
          name: body.name,
          type: body.type,
          location: server?.location ?? locationOf(body.location ?? ""),
          autoDelete: body.auto_delete ?? false,
          labels: checkLabels(body.labels),
        });
        if (!server) return { primary_ip: present(ip) };
        const action = assign(project, ip, server);
        return { primary_ip: present(ip), action: presentAction(action) };
      },
    ),
    route("DELETE", at, {}, ({ id }) => {
      const ip = store.get(id);
      project.expectUnlocked(reference(ip));
      if (ip.protected) throw new ApiError(423, "protected", "Primary IP deletion is protected");
      if (ip.assignee !== null)
        throw refused("must_be_unassigned", "Primary IP must be unassigned");
      store.remove(id);
    }),
    route<{ readonly assignee_id: number }>(
      "POST",
      `${at}/actions/assign`,
      {
        request: "assign_primary_ip_to_resource_request",
        response: "assign_primary_ip_to_resource_response",
      },
      ({ id, body }) => {
        const [ip, server] = [store.get(id), project.servers.get(body.assignee_id)];
        project.expectUnlocked(reference(ip), { type: "server", id: server.id });
        if (ip.assignee !== null)
          throw refused("primary_ip_already_assigned", "Primary IP is already assigned");
        if (ip.location !== server.location)
          throw invalidField("assignee_id", "server is in another location than the Primary IP");
        expectRoom(project, server, ip.type);
        return { action: presentAction(assign(project, ip, server)) };
      },
    ),
    route(
      "POST",
      `${at}/actions/unassign`,
      { response: "unassign_primary_ip_from_resource_response" },
      ({ id }) => {
        const ip = store.get(id);
        if (ip.assignee === null) throw invalidField("id", "Primary IP is not assigned");
        const server = project.servers.get(ip.assignee);
        project.expectUnlocked(reference(ip), { type: "server", id: server.id });
        expectStopped(server);
        const resources = [reference(ip), { type: "server", id: server.id }] as const;
        const action = project.begin("unassign_primary_ip", resources, () => {
          ip.assignee = null;
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly delete?: boolean }>(
      "POST",
      `${at}/actions/change_protection`,
      {
        request: "change_primary_ip_protection_request",
        response: "change_primary_ip_protection_response",
      },
      ({ id, body }) => {
        const ip = store.get(id);
        project.expectUnlocked(reference(ip));
        if (body.delete === true && ip.autoDelete)
          throw invalidField(
            "delete",
            "a Primary IP that is deleted by itself cannot be protected",
          );
        const action = project.begin("change_protection", [reference(ip)], () => {
          ip.protected = body.delete ?? ip.protected;
        });
        return { action: presentAction(action) };
      },
    ),
  ];
}

/** @throws unless there is a location of that name or id */
export function locationOf(idOrName: string | number): Location {
  const found = locations.find(({ id, name }) => [name, id, String(id)].includes(idOrName));
  if (!found) throw invalidField("location", `location ${idOrName} does not exist`);
  return found;
}

/** The Primary IP of that type that a server has. */
export function primaryIpOf(
  project: Project,
  server: Server,
  type: PrimaryIp["type"],
): PrimaryIp | undefined {
  return project.primaryIps.all().find((ip) => ip.assignee === server.id && ip.type === type);
}

export function addPrimaryIp(
  project: Project,
  given: Pick<PrimaryIp, "name" | "type" | "location" | "autoDelete" | "labels">,
): PrimaryIp {
  const ip: PrimaryIp = {
    ...given,
    id: project.nextId(),
    created: project.now(),
    ip: project.nextAddress(given.type),
    assignee: null,
    protected: false,
  };
  project.primaryIps.add(ip);
  return ip;
}

/** @throws unless the server is off */
export function expectStopped(server: Server): void {
  if (server.status !== "off")
    throw refused("server_not_stopped", "server must be powered off for this operation");
}

function assignee(project: Project, body: CreateBody): Server | undefined {
  if (body.assignee_id === undefined) {
    if (body.location === undefined)
      throw invalidField("location", "Missing data for required field.");
    return undefined;
  }
  if (body.location !== undefined)
    throw invalidField("location", "must not be used together with assignee_id");
  if (body.assignee_type === undefined)
    throw invalidField("assignee_type", "Missing data for required field.");
  const server = project.servers.get(body.assignee_id);
  project.expectUnlocked({ type: "server", id: server.id });
  return server;
}

function expectRoom(project: Project, server: Server, type: PrimaryIp["type"]): void {
  expectStopped(server);
  if (primaryIpOf(project, server, type))
    throw refused(`server_has_${type}`, `server already has an ${type} address`);
}

function assign(project: Project, ip: PrimaryIp, server: Server): Action {
  const resources = [reference(ip), { type: "server", id: server.id }] as const;
  return project.begin("assign_primary_ip", resources, () => {
    ip.assignee = server.id;
  });
}

function reference(ip: PrimaryIp): Reference {
  return { type: "primary_ip", id: ip.id };
}

function present(ip: PrimaryIp): object {
  return {
    id: ip.id,
    name: ip.name,
    labels: ip.labels,
    created: ip.created,
    type: ip.type,
    ip: ip.ip,
    location: ip.location,
    blocked: false,
    dns_ptr: [],
    protection: { delete: ip.protected },
    auto_delete: ip.autoDelete,
    assignee_type: "server",
    assignee_id: ip.assignee,
  };
}
