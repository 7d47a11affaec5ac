import { readFile } from "node:fs/promises";
import { createdState } from "../plan";
import { InitFailed } from "../messages";
import type { Context, Resource } from "../serve";
import { blocks, canonical, number, text, type Values } from "../values";
import { containerFields } from "./containerFields";
import { containerSpec, endpointSpec, updateSpec } from "./containerSpec";
import { containerState, type Inspected } from "./containerState";
import { type Engine, isNotFound, reported, says } from "./engine";
import { findImage } from "./remoteImage";
import { tarOf } from "./tar";

/** The original's limit of a create, an update and a removal. */
const operationLimitSeconds = 20 * 60;

/** All that an update applies; everything else that does not replace is noted in the state and left undone. */
const applied = [
  "restart",
  "maxRetryCount",
  "cpuShares",
  "memory",
  "memoryReservation",
  "cpuSet",
  "memorySwap",
];

/** `docker.Container`. A create that fails once the container is there keeps it, as partial state. */
export function container(engine: Engine): Resource {
  return {
    fields: containerFields,
    autonamed: true,
    removedFirst: true,
    async create(planned, context) {
      const id = await createContainer(engine, planned, context).catch((error: unknown) => {
        throw new Error(reported(error));
      });
      try {
        const logs = await bringUp(engine, id, planned, context);
        const read = await readContainer(engine, id, { ...planned, ...logs }, context);
        if (!read) throw new Error(`the container ${id} was removed as soon as it was created`);
        return { id, state: inGivenOrder(planned, createdState(containerFields, planned, read)) };
      } catch (error) {
        throw new InitFailed(id, reported(error));
      }
    },
    read: (id, state, context) => readContainer(engine, id, state, context),
    async update(id, old, planned, context) {
      try {
        if (old["mustRun"] === false && planned["mustRun"] === true && planned["start"] !== false) {
          await engine
            .raw("POST", `/containers/${id}/start`, context)
            .catch(doing("Unable to start container"));
        }
        if (applied.some((key) => canonical(old[key]) !== canonical(planned[key]))) {
          const call = { body: updateSpec(planned), signal: context.signal };
          await engine
            .raw("POST", `/containers/${id}/update`, call)
            .catch(doing("Unable to update a container"));
        }
        return planned;
      } catch (error) {
        throw new InitFailed(id, reported(error));
      }
    },
    async delete(id, state, context) {
      await removeContainer(engine, id, state, context).catch((error: unknown) => {
        throw new Error(`deleting ${context.urn}: ${reported(error)}`);
      });
    },
  };
}

async function createContainer(engine: Engine, planned: Values, context: Context): Promise<string> {
  const image = text(planned["image"]);
  await findImage(engine, image, "", context).catch(
    doing(`Unable to create container with image ${image}`),
  );
  const body = containerSpec(planned, await engine.version(context.signal));
  const call = { query: { name: text(planned["name"]) }, body, signal: context.signal };
  const { Id } = await engine
    .json<{ Id: string }>("POST", "/containers/create", call)
    .catch(doing("Unable to create container"));
  return Id;
}

/** Networks, uploads, start, health, end: in the original's order. Returns the logs where they were asked for. */
async function bringUp(
  engine: Engine,
  id: string,
  planned: Values,
  context: Context,
): Promise<Values> {
  const { signal } = context;
  const networks = blocks(planned["networksAdvanced"]);
  if (networks.length > 0) {
    await engine
      .raw("POST", "/networks/bridge/disconnect", { body: { Container: id, Force: false }, signal })
      .catch((error: unknown) => {
        if (!says(error, "is not connected to the network bridge"))
          doing("Unable to disconnect the default network")(error);
      });
  }
  for (const network of networks) {
    const name = text(network["name"]);
    await engine
      .raw("POST", `/networks/${encodeURIComponent(name)}/connect`, {
        body: endpointSpec(network, id),
        signal,
      })
      .catch(doing(`Unable to connect to network '${name}'`));
  }
  for (const upload of blocks(planned["uploads"])) {
    await engine
      .raw("PUT", `/containers/${id}/archive`, {
        query: { path: "/" },
        body: await archiveOf(upload),
        signal,
      })
      .catch(doing("Unable to upload volume content"));
  }
  if (planned["start"] !== false) {
    await engine
      .raw("POST", `/containers/${id}/start`, { signal })
      .catch(doing("Unable to start container"));
    if (planned["wait"] === true)
      await untilHealthy(engine, id, number(planned["waitTimeout"]), context);
  }
  if (planned["attach"] !== true) return {};
  await engine
    .raw("POST", `/containers/${id}/wait`, {
      query: { condition: "not-running" },
      limitSeconds: operationLimitSeconds,
      signal,
    })
    .catch(doing("Unable to wait container end of execution"));
  if (planned["logs"] !== true) return {};
  const logs = await engine.raw("GET", `/containers/${id}/logs`, {
    query: { stdout: 1, stderr: 1 },
    signal,
  });
  return { containerLogs: planned["tty"] === true ? logs.toString() : withoutFrames(logs) };
}

async function untilHealthy(
  engine: Engine,
  id: string,
  timeoutSeconds: number,
  context: Context,
): Promise<void> {
  const end = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < end) {
    const { State } = await engine.json<Inspected>("GET", `/containers/${id}/json`, context);
    if (!State.Health) {
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. Please remove the " +
          "'wait' argument or add a 'healthcheck' attribute",
      );
    }
    if (State.Health.Status === "healthy") return;
    if (context.signal.aborted) throw new Error("context canceled");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("container failed to be in healthy state");
}

async function readContainer(
  engine: Engine,
  id: string,
  before: Values,
  context: Context,
): Promise<Values | undefined> {
  try {
    return containerState(
      await engine.json<Inspected>("GET", `/containers/${id}/json`, context),
      before,
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function removeContainer(
  engine: Engine,
  id: string,
  state: Values,
  context: Context,
): Promise<void> {
  const { signal } = context;
  if (state["attach"] !== true) {
    // Without grace the container is killed at once: the original never uses Docker's own ten seconds or `stopTimeout`.
    const grace = Math.max(0, number(state["destroyGraceSeconds"]));
    await engine
      .raw("POST", `/containers/${id}/stop`, {
        query: { t: grace },
        limitSeconds: grace + 60,
        signal,
      })
      .catch((error: unknown) => {
        if (!says(error, "No such container")) doing(`Error stopping container ${id}`)(error);
      });
  }
  await engine
    .raw("DELETE", `/containers/${id}`, {
      query: { v: state["removeVolumes"] === false ? undefined : 1, force: 1 },
      signal,
    })
    .catch((error: unknown) => {
      if (!says(error, "No such container", "is already in progress"))
        doing(`Error deleting container ${id}`)(error);
    });
  const condition = state["rm"] === true ? "removed" : "not-running";
  await engine
    .raw("POST", `/containers/${id}/wait`, {
      query: { condition },
      limitSeconds: operationLimitSeconds,
      signal,
    })
    .catch((error: unknown) => {
      if (!says(error, "No such container", "is already in progress")) {
        doing(`Error waiting for container removal '${id}'`)(error);
      }
    });
}

async function archiveOf(upload: Values): Promise<Buffer> {
  const { content, contentBase64, source, permissions, executable } = upload;
  const given = [content, contentBase64, source].filter((value) => text(value) !== "").length;
  if (given === 0) {
    throw new Error(
      "error with upload content: one of 'content', 'content_base64', or 'source' must be set",
    );
  }
  if (given > 1) {
    throw new Error(
      "error with upload content: only one of 'content', 'content_base64', or 'source' can be set",
    );
  }
  const mode =
    text(permissions) === ""
      ? executable === true
        ? 0o744
        : 0o644
      : parseInt(text(permissions), 8);
  if (text(source) !== "") return tarOf(text(upload["file"]), await readFile(text(source)), mode);
  const bytes =
    text(content) !== "" ? Buffer.from(text(content)) : Buffer.from(text(contentBase64), "base64");
  return tarOf(text(upload["file"]), bytes, mode);
}

/** Ports stay in the program's order until a refresh sorts them. */
function inGivenOrder(planned: Values, state: Values): Values {
  const order = blocks(planned["ports"]).map(({ internal }) => internal ?? null);
  if (order.length === 0 || !Array.isArray(state["ports"])) return state;
  const ports = blocks(state["ports"]).sort(
    (a, b) => order.indexOf(a["internal"] ?? null) - order.indexOf(b["internal"] ?? null),
  );
  return { ...state, ports };
}

/** The text of a log stream, whose every piece has eight bytes in front: the stream, three zeros and the length. */
function withoutFrames(stream: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= stream.length;) {
    const end = at + 8 + stream.readUInt32BE(at + 4);
    pieces.push(stream.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString();
}

function doing(what: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
}
