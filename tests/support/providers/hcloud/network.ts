import { parseCidr } from "../../cidr";
import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import type { Values } from "../values";
import type { Client } from "./client";
import { finish, isError, withPlainErrors } from "./errors";
import { changed, flag, labels, labelsOf, name, renames } from "./fields";

const fields: Fields = {
  name,
  ipRange: {
    kind: "string",
    required: true,
    forceNew: true,
    fault: (value: string) =>
      parseCidr(value)
        ? undefined
        : `expected "ip_range" to be a valid IPv4 Value, got ${value}: invalid CIDR address: ${value}`,
  },
  labels,
  deleteProtection: flag,
  exposeRoutesToVswitch: flag,
};

interface Answer {
  readonly network: {
    readonly id: number;
    readonly name: string;
    readonly ip_range: string;
    readonly labels: Record<string, string>;
    readonly protection: { readonly delete: boolean };
    readonly expose_routes_to_vswitch: boolean;
  };
}

/** `hcloud.Network`, after `internal/network/resource.go`. */
export function network(client: Client): Resource {
  const read = async (id: string, signal: AbortSignal): Promise<Values | undefined> => {
    const answer = await client.session(signal).find<Answer>(`/networks/${id}`);
    return answer && stateOf(answer);
  };
  return withPlainErrors({
    fields,
    autonamed: true,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const answer = await api.send<Answer>("POST", "/networks", {
        name: planned["name"],
        ip_range: planned["ipRange"],
        labels: labelsOf(planned),
        expose_routes_to_vswitch: planned["exposeRoutesToVswitch"] === true,
      });
      const id = String(answer.network.id);
      return finish(id, async () => {
        if (planned["deleteProtection"] === true)
          await api.order(`/networks/${id}/actions/change_protection`, { delete: true });
        return { id, state: createdState(fields, planned, (await read(id, signal)) ?? {}) };
      });
    },
    read: (id, _state, { signal }) => read(id, signal),
    async update(id, old, planned, { signal }) {
      const api = client.session(signal);
      for (const body of renames(old, planned)) await api.send("PUT", `/networks/${id}`, body);
      if (changed(old, planned, "exposeRoutesToVswitch"))
        await api.send("PUT", `/networks/${id}`, {
          expose_routes_to_vswitch: planned["exposeRoutesToVswitch"] === true,
        });
      if (changed(old, planned, "deleteProtection"))
        await api.order(`/networks/${id}/actions/change_protection`, {
          delete: planned["deleteProtection"] === true,
        });
      return (await read(id, signal)) ?? planned;
    },
    async delete(id, _state, { signal }) {
      await client
        .session(signal)
        .send("DELETE", `/networks/${id}`)
        .catch((error: unknown) => {
          if (!isError(error, "not_found")) throw error;
        });
    },
  });
}

function stateOf({ network: found }: Answer): Values {
  return {
    name: found.name,
    ipRange: found.ip_range,
    labels: found.labels,
    deleteProtection: found.protection.delete,
    exposeRoutesToVswitch: found.expose_routes_to_vswitch,
  };
}
