import { createdState } from "../plan";
import type { Fields, Property } from "../schema";
import type { Context, Resource } from "../serve";
import { defined, isObject, type Value, type Values } from "../values";
import { type Engine, isNotFound, reported, says, untilRemoved } from "./engine";
import { labelList, labelMap, labels } from "./labels";

const text: Property = { kind: "string", forceNew: true };
const flag: Property = { kind: "bool", forceNew: true };
const map: Property = { kind: "map", forceNew: true };

const fields: Fields = {
  attachable: flag,
  driver: { ...text, computed: true },
  ingress: flag,
  internal: { ...flag, computed: true },
  ipamConfigs: {
    kind: "set",
    forceNew: true,
    computed: true,
    fields: { subnet: text, ipRange: text, gateway: text, auxAddress: map },
  },
  ipamDriver: { ...text, default: "default" },
  ipamOptions: map,
  ipv6: flag,
  labels,
  name: text,
  options: { ...map, computed: true },
  scope: { kind: "string", output: true },
};

interface Inspected {
  Name: string;
  Labels: Record<string, string> | null;
  Driver: string;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  EnableIPv6: boolean;
  Scope: string;
  Options: Record<string, string> | null;
  IPAM: {
    Driver: string;
    Options: Record<string, string> | null;
    Config:
      | {
          Subnet?: string;
          IPRange?: string;
          Gateway?: string;
          AuxiliaryAddresses?: Record<string, string>;
        }[]
      | null;
  };
}

/** `docker.Network`: every change replaces it. The original waits two seconds before it reads; this does not. */
export function network(engine: Engine): Resource {
  const read = async (id: string, context: Context): Promise<Values | undefined> => {
    try {
      return stateOf(await engine.json<Inspected>("GET", `/networks/${id}`, context));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    fields,
    autonamed: true,
    async create(planned, context) {
      const { Id } = await engine
        .json<{ Id: string }>("POST", "/networks/create", {
          body: specOf(planned),
          signal: context.signal,
        })
        .catch((error: unknown) => {
          throw new Error(reported(error, "Unable to create network"));
        });
      return { id: Id, state: createdState(fields, planned, (await read(Id, context)) ?? {}) };
    },
    read: (id, _state, context) => read(id, context),
    async delete(id, _state, context) {
      const attempt = async (): Promise<boolean> => {
        try {
          await engine.raw("DELETE", `/networks/${id}`, context);
          return true;
        } catch (error) {
          if (isNotFound(error)) return true;
          if (says(error, "has active endpoints")) return false;
          throw error;
        }
      };
      await untilRemoved(attempt, "pending").catch((error: unknown) => {
        throw new Error(`deleting ${context.urn}: ${reported(error)}`);
      });
    },
  };
}

function specOf(planned: Values): object {
  // Zero values are left out, so that Docker's own defaults hold.
  const pick = (key: string): Value | undefined => planned[key] || undefined;
  return {
    Name: planned["name"],
    CheckDuplicate: true,
    Labels: labelMap(planned["labels"]),
    Driver: pick("driver"),
    Options: pick("options"),
    Internal: pick("internal"),
    Attachable: pick("attachable"),
    Ingress: pick("ingress"),
    EnableIPv6: pick("ipv6"),
    IPAM: {
      Driver: planned["ipamDriver"],
      Options: pick("ipamOptions"),
      Config: ipamOf(planned["ipamConfigs"]),
    },
  };
}

function ipamOf(configs: Value | undefined): object[] | undefined {
  if (!Array.isArray(configs)) return undefined;
  return configs.filter(isObject).map(({ subnet, ipRange, gateway, auxAddress }) => ({
    Subnet: subnet,
    IPRange: ipRange,
    Gateway: gateway,
    AuxiliaryAddresses: auxAddress,
  }));
}

function stateOf(found: Inspected): Values {
  const configs = (found.IPAM.Config ?? []).map(
    ({ Subnet, IPRange, Gateway, AuxiliaryAddresses }) =>
      defined({
        subnet: Subnet,
        ipRange: IPRange,
        gateway: Gateway,
        auxAddress: AuxiliaryAddresses,
      }),
  );
  return {
    attachable: found.Attachable,
    driver: found.Driver,
    ingress: found.Ingress,
    internal: found.Internal,
    ipamConfigs: configs,
    ipamDriver: found.IPAM.Driver,
    ipamOptions: found.IPAM.Options ?? {},
    ipv6: found.EnableIPv6,
    labels: labelList(found.Labels),
    name: found.Name,
    options: found.Options ?? {},
    scope: found.Scope,
  };
}
