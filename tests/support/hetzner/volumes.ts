import { ApiError, invalidField, refused } from "./apiError";
import type { Action, Project, Reference, Server, Volume } from "./project";
import {
  checkLabels,
  collection,
  type Labels,
  page,
  presentAction,
  route,
  type Route,
} from "./routes";
import { locationOf } from "./primaryIps";

interface CreateBody {
  readonly name: string;
  readonly size: number;
  readonly location?: string;
  readonly server?: number;
  readonly format?: string;
  readonly automount?: boolean;
  readonly labels?: Labels;
}

/** In GB. */
const sizes = { least: 10, most: 10_240 };

export function volumeRoutes(project: Project): Route[] {
  const store = project.volumes;
  const at = "/volumes/{id}";
  const change = (volume: Volume, body: { readonly name?: string }): void => {
    if (body.name !== undefined) checkName(body.name);
    project.expectUnlocked(reference(volume));
  };
  return [
    ...collection({ project, store, plural: "volumes", singular: "volume", present }, change),
    route<CreateBody>(
      "POST",
      "/volumes",
      { request: "create_volume_request", response: "create_volume_response" },
      ({ body }) => {
        const server = body.server === undefined ? undefined : project.servers.get(body.server);
        checkCreate(body);
        if (server) project.expectUnlocked({ type: "server", id: server.id });
        store.expectFreeName(body.name);
        const volume: Volume = {
          id: project.nextId(),
          created: project.now(),
          name: body.name,
          labels: checkLabels(body.labels),
          location: server?.location ?? locationOf(body.location ?? ""),
          format: body.format ?? null,
          size: body.size,
          status: "creating",
          server: null,
          protected: false,
        };
        store.add(volume);
        const created = project.begin("create_volume", [reference(volume)], async () => {
          await project.machines.createVolume(volume.id, volume.size, body.format);
          volume.status = "available";
        });
        const next = server ? [attach(project, volume, server, created)] : [];
        return {
          volume: present(volume),
          action: presentAction(created),
          next_actions: next.map(presentAction),
        };
      },
    ),
    route("DELETE", at, {}, async ({ id }) => {
      const volume = store.get(id);
      project.expectUnlocked(reference(volume));
      if (volume.protected) throw new ApiError(423, "protected", "volume deletion is protected");
      if (volume.server !== null)
        throw refused("resource_in_use", "volume is still attached to a server");
      store.remove(id);
      await project.machines.removeVolume(id);
    }),
    route(
      "GET",
      `${at}/actions`,
      { response: "list_actions_for_volume_response" },
      ({ id, query }) => {
        const volume = reference(store.get(id));
        const status = query.getAll("status");
        const found = [...project.actions.values()].filter(
          (action) =>
            action.resources.some((each) => each.type === volume.type && each.id === volume.id) &&
            (status.length === 0 || status.includes(action.status)),
        );
        return page("actions", query, found.map(presentAction));
      },
    ),
    route<{ readonly server: number; readonly automount?: boolean }>(
      "POST",
      `${at}/actions/attach`,
      { request: "attach_volume_to_server_request", response: "attach_volume_to_server_response" },
      ({ id, body }) => {
        const [volume, server] = [store.get(id), project.servers.get(body.server)];
        project.expectUnlocked(reference(volume), { type: "server", id: server.id });
        if (volume.server !== null)
          throw refused("volume_already_attached", "volume already attached");
        if (volume.location !== server.location)
          throw invalidField("server", "server and volume must be in the same location");
        return { action: presentAction(attach(project, volume, server)) };
      },
    ),
    route("POST", `${at}/actions/detach`, { response: "detach_volume_response" }, ({ id }) => {
      const volume = store.get(id);
      if (volume.server === null) throw invalidField("id", "volume is not attached to a server");
      const resources = [reference(volume), { type: "server", id: volume.server }] as const;
      project.expectUnlocked(...resources);
      const action = project.begin("detach_volume", resources, async () => {
        await project.machines.detach(id);
        volume.server = null;
      });
      return { action: presentAction(action) };
    }),
    route<{ readonly size: number }>(
      "POST",
      `${at}/actions/resize`,
      { request: "resize_volume_request", response: "resize_volume_response" },
      ({ id, body }) => {
        const volume = store.get(id);
        project.expectUnlocked(reference(volume));
        if (body.size <= volume.size || body.size > sizes.most)
          throw invalidField(
            "size",
            `must be greater than ${volume.size} and at most ${sizes.most}`,
          );
        const action = project.begin("resize_volume", [reference(volume)], async () => {
          await project.machines.resizeVolume?.(id, body.size);
          volume.size = body.size;
        });
        return { action: presentAction(action) };
      },
    ),
    route<{ readonly delete?: boolean }>(
      "POST",
      `${at}/actions/change_protection`,
      {
        request: "change_volume_protection_request",
        response: "change_volume_protection_response",
      },
      ({ id, body }) => {
        const volume = store.get(id);
        project.expectUnlocked(reference(volume));
        const action = project.begin("change_protection", [reference(volume)], () => {
          volume.protected = body.delete ?? volume.protected;
        });
        return { action: presentAction(action) };
      },
    ),
  ];
}

function checkCreate(body: CreateBody): void {
  checkName(body.name);
  if (body.size < sizes.least || body.size > sizes.most)
    throw invalidField("size", `must be between ${sizes.least} and ${sizes.most}`);
  if ((body.server === undefined) === (body.location === undefined))
    throw invalidField("location", "exactly one of location and server must be given");
  if (body.automount === true && body.server === undefined)
    throw invalidField("automount", "server must be given");
  if (body.format !== undefined && !["ext4", "xfs"].includes(body.format))
    throw invalidField("format", "must be one of ext4 and xfs");
}

function checkName(name: string): void {
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62}[a-zA-Z0-9])?$/.test(name))
    throw invalidField("name", "is not a valid volume name");
}

function attach(project: Project, volume: Volume, server: Server, after?: Action): Action {
  const resources = [reference(volume), { type: "server", id: server.id }] as const;
  const work = async (): Promise<void> => {
    await project.machines.attach(volume.id, server.id);
    volume.server = server.id;
  };
  return project.begin("attach_volume", resources, work, after);
}

function reference(volume: Volume): Reference {
  return { type: "volume", id: volume.id };
}

function present(volume: Volume): object {
  return {
    id: volume.id,
    name: volume.name,
    labels: volume.labels,
    created: volume.created,
    location: volume.location,
    server: volume.server,
    size: volume.size,
    format: volume.format,
    status: volume.status,
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    protection: { delete: volume.protected },
  };
}
