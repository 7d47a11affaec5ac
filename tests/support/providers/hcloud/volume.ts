import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import { defined, number, type Value, type Values } from "../values";
import type { Action, Client, Ordered, Session } from "./client";
import { ActionFailed, finish, isError, withPlainErrors } from "./errors";
import { changed, flag, labels, labelsOf, name, renames } from "./fields";
import { retry, usualTries } from "./retry";

const fields: Fields = {
  name,
  size: { kind: "int", required: true },
  location: { kind: "string", computed: true, forceNew: true },
  serverId: { kind: "int", computed: true },
  labels,
  linuxDevice: { kind: "string", output: true },
  automount: { kind: "bool" },
  format: { kind: "string" },
  deleteProtection: flag,
};

export interface VolumeAnswer {
  readonly volume: {
    readonly id: number;
    readonly name: string;
    readonly size: number;
    readonly location: { readonly name: string };
    readonly server: number | null;
    readonly labels: Record<string, string>;
    readonly linux_device: string;
    readonly protection: { readonly delete: boolean };
  };
}

interface Created extends VolumeAnswer {
  readonly action: Action;
  readonly next_actions: readonly Action[];
}

/** `hcloud.Volume`, after `internal/volume/resource.go`. A protected one is not deleted: the API refuses. */
export function volume(client: Client): Resource {
  const read = async (
    id: string,
    before: Values,
    signal: AbortSignal,
  ): Promise<Values | undefined> => {
    const answer = await client.session(signal).find<VolumeAnswer>(`/volumes/${id}`);
    return answer && stateOf(answer, before);
  };
  return withPlainErrors({
    fields,
    autonamed: true,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const created = await create(api, planned);
      const id = String(created.volume.id);
      return finish(id, async () => {
        await api.waitFor(created.action);
        await attachAfterCreate(api, planned, created);
        if (planned["deleteProtection"] === true)
          await api.order(`/volumes/${id}/actions/change_protection`, { delete: true });
        const state = (await read(id, planned, signal)) ?? {};
        return { id, state: createdState(fields, planned, state) };
      });
    },
    read: (id, state, { signal }) => read(id, state, signal),
    async update(id, old, planned, { signal }) {
      const api = client.session(signal);
      const found = await api.send<VolumeAnswer>("GET", `/volumes/${id}`);
      if (changed(old, planned, "name"))
        await api.send("PUT", `/volumes/${id}`, { name: planned["name"] });
      if (changed(old, planned, "serverId")) {
        if (found.volume.server !== null || number(planned["serverId"]) === 0)
          await detach(api, id);
        if (number(planned["serverId"]) !== 0)
          await attach(api, id, planned["serverId"], planned["automount"]);
      }
      if (changed(old, planned, "size"))
        await api.order(`/volumes/${id}/actions/resize`, { size: planned["size"] });
      for (const body of renames(old, { ...planned, name: old["name"] ?? "" }))
        await api.send("PUT", `/volumes/${id}`, body);
      if (changed(old, planned, "deleteProtection"))
        await api.order(`/volumes/${id}/actions/change_protection`, {
          delete: planned["deleteProtection"] === true,
        });
      return (await read(id, planned, signal)) ?? planned;
    },
    async delete(id, _state, { signal }) {
      const api = client.session(signal);
      const found = await api.find<VolumeAnswer>(`/volumes/${id}`);
      if (!found) return;
      if (found.volume.server !== null) await detach(api, id);
      const remove = (): Promise<unknown> =>
        api.send("DELETE", `/volumes/${id}`).catch((error: unknown) => {
          if (!isError(error, "not_found")) throw error;
        });
      await retry(usualTries, () => true, api.wait, remove);
    },
  });
}

function create(api: Session, planned: Values): Promise<Created> {
  const body = defined({
    name: planned["name"],
    size: planned["size"],
    server: planned["serverId"],
    location: planned["location"],
    labels: labelsOf(planned),
    automount: planned["automount"] === true ? true : undefined,
    format: planned["format"] === "" ? undefined : planned["format"],
  });
  // As the original: without limit and without waiting, while the server is locked.
  const attempt = async (): Promise<Created> => {
    try {
      return await api.send<Created>("POST", "/volumes", body);
    } catch (error) {
      if (isError(error, "locked")) return attempt();
      throw error;
    }
  };
  return attempt();
}

/** The API attaches by itself, but fails when another action has locked the server meanwhile. */
async function attachAfterCreate(api: Session, planned: Values, created: Created): Promise<void> {
  for (const action of created.next_actions) {
    try {
      await api.waitFor(action);
    } catch (error) {
      const again = error instanceof ActionFailed && error.reason.includes("locked");
      if (action.command !== "attach_volume" || !again) throw error;
      await attach(api, String(created.volume.id), planned["serverId"], undefined);
    }
  }
}

async function attach(
  api: Session,
  id: string,
  server: Value | undefined,
  automount: Value | undefined,
): Promise<void> {
  const body = defined({ server, automount: automount === true ? true : undefined });
  await retry(
    usualTries,
    () => true,
    api.wait,
    () => api.order(`/volumes/${id}/actions/attach`, body),
  );
}

async function detach(api: Session, id: string): Promise<void> {
  const attempt = async (): Promise<void> => {
    const ordered = await api
      .send<Ordered>("POST", `/volumes/${id}/actions/detach`)
      .catch((error: unknown) => {
        if (isError(error, "not_found")) return undefined;
        throw error;
      });
    await api.waitFor(ordered?.action);
  };
  await retry(usualTries, () => true, api.wait, attempt);
}

function stateOf({ volume: found }: VolumeAnswer, before: Values): Values {
  return defined({
    name: found.name,
    size: found.size,
    location: found.location.name,
    labels: found.labels,
    linuxDevice: found.linux_device,
    deleteProtection: found.protection.delete,
    // Of a volume that is attached no more, the state goes on telling the server.
    serverId: found.server ?? before["serverId"],
    automount: before["automount"],
    format: before["format"],
  });
}
