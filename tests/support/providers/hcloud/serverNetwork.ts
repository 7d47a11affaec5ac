import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import { defined, number, strings, text, type Values } from "../values";
import type { Client } from "./client";
import { isError, withLongErrors } from "./errors";
import { changed } from "./fields";
import { parseSubnetId } from "./networkSubnet";
import { usualTries } from "./retry";
import type { ServerAnswer } from "./server";

const fields: Fields = {
  serverId: { kind: "int", required: true, forceNew: true },
  networkId: { kind: "int", computed: true, forceNew: true },
  subnetId: { kind: "string", forceNew: true },
  ip: { kind: "string", computed: true, forceNew: true },
  aliasIps: { kind: "set" },
  macAddress: { kind: "string", output: true },
};

/** Refusals of an attachment that go away. */
const passing = ["conflict", "locked", "service_error"];

/** `hcloud.ServerNetwork`, after `internal/server/resource_network.go`: its id is `<server>-<network>`. */
export function serverNetwork(client: Client): Resource {
  const read = async (
    id: string,
    before: Values,
    signal: AbortSignal,
  ): Promise<Values | undefined> => {
    const [server, network] = id.split("-").map(Number);
    const answer = await client.session(signal).find<ServerAnswer>(`/servers/${server ?? 0}`);
    const net = answer?.server.private_net.find((each) => each.network === network);
    if (!net) return undefined;
    return defined({
      serverId: server,
      networkId: network,
      subnetId: before["subnetId"],
      ip: net.ip,
      aliasIps: [...net.alias_ips],
      macAddress: net.mac_address,
    });
  };
  return withLongErrors({
    fields,
    validate: (inputs) =>
      (inputs["networkId"] === undefined) === (inputs["subnetId"] === undefined)
        ? [
            {
              property: "networkId",
              reason: "Exactly one of these attributes must be configured: [network_id,subnet_id]",
            },
          ]
        : [],
    async create(planned, { signal }) {
      const api = client.session(signal);
      const subnet = parseSubnetId(text(planned["subnetId"]));
      const network = subnet?.network ?? number(planned["networkId"]);
      const server = number(planned["serverId"]);
      const body = defined({
        network,
        ip_range: subnet?.range,
        ip: planned["ip"],
        alias_ips: strings(planned["aliasIps"]),
      });
      const action = await api
        .persist(
          usualTries,
          [...passing, "no_subnet_available"],
          `/servers/${server}/actions/attach_to_network`,
          body,
        )
        .catch((error: unknown) => {
          if (isError(error, "server_already_attached")) return undefined;
          throw error;
        });
      await api.waitFor(action);
      const id = `${server}-${network}`;
      const state = await read(id, planned, signal);
      if (!state)
        throw new Error(`Attachment of server (${server}) to network (${network}) vanished`);
      return { id, state: createdState(fields, planned, state) };
    },
    read: (id, state, { signal }) => read(id, state, signal),
    async update(id, old, planned, { signal }) {
      const [server = "", network] = id.split("-");
      if (changed(old, planned, "aliasIps"))
        await client.session(signal).order(`/servers/${server}/actions/change_alias_ips`, {
          network: Number(network),
          alias_ips: strings(planned["aliasIps"]),
        });
      const state = await read(id, planned, signal);
      if (!state)
        throw new Error(`Attachment of server (${server}) to network (${network ?? ""}) vanished`);
      return state;
    },
    async delete(id, _state, { signal }) {
      const [server = "", network] = id.split("-");
      const api = client.session(signal);
      const path = `/servers/${server}/actions/detach_from_network`;
      const action = await api
        .persist(usualTries, passing, path, { network: Number(network) })
        .catch((error: unknown) => {
          if (isError(error, "not_found")) return undefined;
          throw error;
        });
      await api.waitFor(action);
    },
  });
}
