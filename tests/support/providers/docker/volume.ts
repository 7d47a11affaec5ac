import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Context, Resource } from "../serve";
import type { Values } from "../values";
import { type Engine, isNotFound, reported, says, untilRemoved } from "./engine";
import { labelList, labelMap, labels } from "./labels";

const fields: Fields = {
  cluster: { kind: "object", unsupported: true },
  driver: { kind: "string", forceNew: true, computed: true },
  driverOpts: { kind: "map", forceNew: true },
  labels,
  name: { kind: "string", forceNew: true, computed: true },
  mountpoint: { kind: "string", output: true },
};

interface Inspected {
  Name: string;
  Labels: Record<string, string> | null;
  Driver: string;
  Options: Record<string, string> | null;
  Mountpoint: string;
}

/** `docker.Volume`: every change replaces it; a volume that exists already under the name is taken over, as Docker does. */
export function volume(engine: Engine): Resource {
  const read = async (id: string, context: Context): Promise<Values | undefined> => {
    try {
      const found = await engine.json<Inspected>("GET", `/volumes/${id}`, context);
      return {
        driver: found.Driver,
        driverOpts: found.Options ?? {},
        labels: labelList(found.Labels),
        name: found.Name,
        mountpoint: found.Mountpoint,
      };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new Error(reported(error, "Unable to inspect volume"), { cause: error });
    }
  };
  return {
    fields,
    autonamed: true,
    async create(planned, context) {
      const body = {
        Name: planned["name"],
        Labels: labelMap(planned["labels"]),
        Driver: planned["driver"],
        DriverOpts: planned["driverOpts"],
      };
      const { Name } = await engine
        .json<Inspected>("POST", "/volumes/create", { body, signal: context.signal })
        .catch((error: unknown) => {
          throw new Error(reported(error, "Unable to create volume"));
        });
      return { id: Name, state: createdState(fields, planned, (await read(Name, context)) ?? {}) };
    },
    read: (id, _state, context) => read(id, context),
    async delete(id, _state, context) {
      const attempt = async (): Promise<boolean> => {
        try {
          await engine.raw("DELETE", `/volumes/${id}`, {
            query: { force: 1 },
            signal: context.signal,
          });
          return true;
        } catch (error) {
          if (says(error, "volume is in use")) return false;
          throw error;
        }
      };
      await untilRemoved(attempt, "in_use").catch((error: unknown) => {
        throw new Error(`deleting ${context.urn}: ${reported(error)}`);
      });
    },
  };
}
