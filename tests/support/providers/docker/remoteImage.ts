import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Context, Resource } from "../serve";
import { text, type Values } from "../values";
import { type Engine, isNotFound, reported } from "./engine";

const fields: Fields = {
  build: { kind: "object", unsupported: true },
  forceRemove: { kind: "bool" },
  keepLocally: { kind: "bool" },
  name: { kind: "string", required: true, forceNew: true },
  platform: { kind: "string", forceNew: true, default: "" },
  pullTriggers: { kind: "set", forceNew: true },
  triggers: { kind: "map", forceNew: true },
  imageId: { kind: "string", output: true },
  repoDigest: { kind: "string", output: true },
};

interface Inspected {
  Id: string;
  RepoDigests: string[] | null;
}

const pullLimitSeconds = 20 * 60;

/** `docker.RemoteImage`: looked for in the local store, else pulled; removing it takes its tag away unless `keepLocally`. */
export function remoteImage(engine: Engine): Resource {
  const outputs = async (planned: Values, context: Context): Promise<Values> => {
    const found = await findImage(
      engine,
      text(planned["name"]),
      text(planned["platform"]),
      context,
    ).catch((error: unknown) => {
      throw new Error(reported(error, "Unable to read Docker image into resource"));
    });
    return { ...planned, ...outputsOf(found, text(planned["name"])) };
  };
  return {
    fields,
    async create(planned, context) {
      const state = await outputs(planned, context);
      return {
        id: `${text(state["imageId"])}${text(planned["name"])}`,
        state: createdState(fields, planned, state),
      };
    },
    async read(_id, state, context) {
      const found = await inspectImage(engine, text(state["name"]), context);
      return found && { ...state, ...outputsOf(found, text(state["name"])) };
    },
    update: (_id, _old, planned, context) => outputs(planned, context),
    async delete(_id, state, context) {
      if (state["keepLocally"] === true) return;
      const name = text(state["name"]);
      if (!(await inspectImage(engine, name, context))) return;
      const query = { force: state["forceRemove"] === true ? 1 : undefined, noprune: 1 };
      await engine
        .raw("DELETE", `/images/${name}`, { query, signal: context.signal })
        .catch((error: unknown) => {
          throw new Error(
            `deleting ${context.urn}: ${reported(error, "Unable to remove Docker image")}`,
          );
        });
    },
  };
}

/** Finds an image in the local store by name, tag, digest or id; what is not there is pulled. */
export async function findImage(
  engine: Engine,
  name: string,
  platform: string,
  context: Context,
): Promise<Inspected> {
  if (name === "") throw new Error("empty image name is not allowed");
  const local = await inspectImage(engine, name, context);
  if (local) return local;
  try {
    await engine.raw("POST", "/images/create", {
      query: { ...pullQuery(name), platform: platform || undefined },
      headers: { "x-registry-auth": Buffer.from("{}").toString("base64url") },
      limitSeconds: pullLimitSeconds,
      signal: context.signal,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`unable to pull image ${name}: error pulling image ${name}: ${reason}`, {
      cause: error,
    });
  }
  // A pull that fails half-way answers like one that succeeds.
  const pulled = await inspectImage(engine, name, context);
  if (!pulled) throw new Error(`unable to find or pull image ${name}`);
  return pulled;
}

async function inspectImage(
  engine: Engine,
  name: string,
  context: Context,
): Promise<Inspected | undefined> {
  try {
    return await engine.json<Inspected>("GET", `/images/${name}/json`, context);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A digest, if there is one, is asked for in place of the tag. */
export function pullQuery(name: string): { fromImage: string; tag: string } {
  const [tagged = name, digest] = name.split("@");
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  const fromImage = colon < 0 ? tagged : tagged.slice(0, colon);
  return { fromImage, tag: digest ?? (colon < 0 ? "latest" : tagged.slice(colon + 1)) };
}

function outputsOf(found: Inspected, name: string): Values {
  const digests = found.RepoDigests ?? [];
  const [repository = name] = name.split(":");
  const digest =
    digests.length > 1 ? digests.find((each) => each.startsWith(repository)) : undefined;
  return { imageId: found.Id, repoDigest: digest ?? digests[0] ?? "" };
}
