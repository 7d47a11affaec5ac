import { parseCidr } from "../../cidr";
import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import { number, text, type Values } from "../values";
import type { Client, Ordered } from "./client";
import { finish, HcloudError, isError, withPlainErrors } from "./errors";
import { retry, usualTries } from "./retry";

const fields: Fields = {
  networkId: { kind: "int", required: true, forceNew: true },
  type: {
    kind: "string",
    required: true,
    forceNew: true,
    fault: (value: string) =>
      ["cloud", "server", "vswitch"].includes(value)
        ? undefined
        : `expected type to be one of ["cloud" "server" "vswitch"], got ${value}`,
  },
  networkZone: { kind: "string", required: true, forceNew: true },
  ipRange: { kind: "string", required: true, forceNew: true },
  vswitchId: { kind: "int", unsupported: true },
  gateway: { kind: "string", output: true },
};

interface Subnet {
  readonly type: string;
  readonly ip_range: string;
  readonly network_zone: string;
  readonly gateway: string;
}

interface Answer {
  readonly network: { readonly id: number; readonly subnets: readonly Subnet[] };
}

/** `hcloud.NetworkSubnet`, after `internal/network/resource_subnet.go`: its id is `<network>-<range>`. */
export function networkSubnet(client: Client): Resource {
  const find = async (id: string, signal: AbortSignal): Promise<Subnet | undefined> => {
    const { network, range } = parseSubnetId(id) ?? {};
    if (network === undefined) return undefined;
    const answer = await client.session(signal).find<Answer>(`/networks/${network}`);
    return answer?.network.subnets.find((subnet) => subnet.ip_range === range);
  };
  const read = async (id: string, signal: AbortSignal): Promise<Values | undefined> => {
    const subnet = await find(id, signal);
    if (!subnet) return undefined;
    return {
      networkId: Number(parseSubnetId(id)?.network),
      type: subnet.type,
      networkZone: subnet.network_zone,
      ipRange: subnet.ip_range,
      gateway: subnet.gateway,
    };
  };
  return withPlainErrors({
    fields,
    async create(planned, { signal }) {
      const range = text(planned["ipRange"]);
      if (!parseCidr(range)) throw new Error(`invalid CIDR address: ${range}`);
      const api = client.session(signal);
      const path = `/networks/${number(planned["networkId"])}/actions/add_subnet`;
      const action = await api.persist(usualTries, ["conflict", "vswitch_id_already_used"], path, {
        type: planned["type"],
        ip_range: range,
        network_zone: planned["networkZone"],
      });
      const id = `${number(planned["networkId"])}-${range}`;
      return finish(id, async () => {
        await api.waitFor(action);
        return { id, state: createdState(fields, planned, (await read(id, signal)) ?? {}) };
      });
    },
    read: (id, _state, { signal }) => read(id, signal),
    async delete(id, _state, { signal }) {
      const api = client.session(signal);
      const remove = async (): Promise<Ordered | undefined> => {
        const subnet = await find(id, signal);
        const path = `/networks/${parseSubnetId(id)?.network ?? 0}/actions/delete_subnet`;
        return subnet && api.send<Ordered>("POST", path, { ip_range: subnet.ip_range });
      };
      const goesAway = (error: unknown): boolean =>
        isError(error, "conflict", "locked") || isHeldByServers(error);
      try {
        const ordered = await retry(usualTries * 10, goesAway, api.wait, remove);
        await api.waitFor(ordered?.action);
      } catch (error) {
        // As the original: the network is thought to go as a whole then.
        if (!isError(error, "not_found") && !isHeldByServers(error)) throw error;
      }
    },
  });
}

function isHeldByServers(error: unknown): boolean {
  return (
    error instanceof HcloudError &&
    error.code === "service_error" &&
    /servers are attached|network has attached resources/.test(error.message)
  );
}

/** The parts of a subnet's id. */
export function parseSubnetId(
  id: string,
): { readonly network: number; readonly range: string } | undefined {
  const [, network, range = ""] = /^(\d+)-(.*)$/.exec(id) ?? [];
  return network === undefined || !parseCidr(range)
    ? undefined
    : { network: Number(network), range };
}
