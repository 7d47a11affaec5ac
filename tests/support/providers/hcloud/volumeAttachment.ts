import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import { defined, number, type Values } from "../values";
import type { Client } from "./client";
import { finish, withPlainErrors } from "./errors";
import { usualTries } from "./retry";
import type { VolumeAnswer } from "./volume";

const fields: Fields = {
  volumeId: { kind: "int", required: true, forceNew: true },
  serverId: { kind: "int", required: true, forceNew: true },
  automount: { kind: "bool", computed: true },
};

/**
 * `hcloud.VolumeAttachment`, after `internal/volume/resource_attachment.go`: its id is the volume's. A change of
 * `automount` is only noted in the state.
 */
export function volumeAttachment(client: Client): Resource {
  const read = async (
    id: string,
    before: Values,
    signal: AbortSignal,
  ): Promise<Values | undefined> => {
    const api = client.session(signal);
    const answer = await api.find<VolumeAnswer>(`/volumes/${id}`);
    const attachedTo = answer?.volume.server ?? undefined;
    if (attachedTo === undefined) return undefined;
    const server = number(before["serverId"]) || attachedTo;
    if (!(await api.find(`/servers/${server}`))) return undefined;
    return defined({ volumeId: Number(id), serverId: attachedTo, automount: before["automount"] });
  };
  return withPlainErrors({
    fields,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const id = String(number(planned["volumeId"]));
      const body = defined({
        server: planned["serverId"],
        automount: planned["automount"] === true ? true : undefined,
      });
      const action = await api.persist(
        usualTries,
        ["locked"],
        `/volumes/${id}/actions/attach`,
        body,
      );
      return finish(id, async () => {
        await api.waitFor(action);
        const state = (await read(id, planned, signal)) ?? {};
        return { id, state: createdState(fields, planned, state) };
      });
    },
    read: (id, state, { signal }) => read(id, state, signal),
    async delete(id, _state, { signal }) {
      const api = client.session(signal);
      const answer = await api.find<VolumeAnswer>(`/volumes/${id}`);
      if (answer === undefined || answer.volume.server === null) return;
      const path = `/volumes/${id}/actions/detach`;
      await api.waitFor(await api.persist(usualTries, ["locked"], path));
    },
  });
}
