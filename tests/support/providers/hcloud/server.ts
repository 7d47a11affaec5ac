import { createdState } from "../plan";
import type { Resource } from "../serve";
import { blocks, defined, number, strings, text, type Values } from "../values";
import type { Action, Client, Session } from "./client";
import { finish, withPlainErrors } from "./errors";
import { changed, labelsOf, renames } from "./fields";
import { attachInline, updateInline } from "./inlineNetworks";
import { powerOn, publicNetBody, updatePublicNet } from "./publicNet";
import { retry, usualTries } from "./retry";
import {
  digest,
  networkFaults,
  type ServerAnswer,
  serverFields,
  serverState,
} from "./serverFields";

export type { ServerAnswer } from "./serverFields";

interface Created extends ServerAnswer {
  readonly action: Action;
  readonly next_actions: readonly Action[];
}

interface ServerType {
  readonly name: string;
  readonly architecture: string;
  readonly deprecation: { readonly unavailable_after: string } | null;
  readonly locations: readonly {
    readonly name: string;
    readonly deprecation: { readonly unavailable_after: string } | null;
  }[];
}

/**
 * `hcloud.Server`, after `internal/server/resource.go`. A change of type cuts the power, and the API switches it on again.
 * Neither a protected server is deleted (the API refuses), nor one that is gone already.
 */
export function server(client: Client): Resource {
  const read = async (
    id: string,
    before: Values,
    signal: AbortSignal,
  ): Promise<Values | undefined> => {
    const answer = await client.session(signal).find<ServerAnswer>(`/servers/${id}`);
    return answer && serverState(answer, before);
  };
  return withPlainErrors({
    fields: serverFields,
    autonamed: true,
    validate: networkFaults,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const created = await api.send<Created>("POST", "/servers", await createBody(api, planned));
      const id = String(created.server.id);
      return finish(id, async () => {
        await api.waitFor(created.action);
        for (const action of created.next_actions) await api.waitFor(action);
        await complete(api, created, planned);
        const before = withDigest(planned);
        const state = (await read(id, before, signal)) ?? {};
        return { id, state: createdState(serverFields, before, state) };
      });
    },
    read: (id, state, { signal }) => read(id, state, signal),
    async update(id, old, planned, { signal }) {
      const api = client.session(signal);
      const found = await api.find<ServerAnswer>(`/servers/${id}`);
      if (!found) return planned;
      for (const body of renames(old, planned)) await api.send("PUT", `/servers/${id}`, body);
      if (changed(old, planned, "serverType")) await changeType(api, found, planned);
      if (changed(old, planned, "backups")) await setBackups(api, found, planned);
      if (changed(old, planned, "networks")) await updateInline(api, found, planned);
      if (changed(old, planned, "firewallIds")) await setFirewalls(api, found, planned);
      if (changed(old, planned, "publicNets")) await updatePublicNet(api, found, old, planned);
      if (changed(old, planned, "deleteProtection") || changed(old, planned, "rebuildProtection"))
        await setProtection(api, found, planned);
      return (await read(id, planned, signal)) ?? planned;
    },
    async delete(id, state, { signal }) {
      const api = client.session(signal);
      if (state["shutdownBeforeDeletion"] === true) await shutDown(api, id);
      const { action } = await api.send<{ readonly action: Action }>("DELETE", `/servers/${id}`);
      await api.waitFor(action);
    },
  });
}

async function createBody(api: Session, planned: Values): Promise<Values> {
  const type = await typeOf(api, text(planned["serverType"]), text(planned["location"]));
  const image = await imageOf(api, text(planned["image"]), type.architecture);
  const keys: number[] = [];
  for (const idOrName of strings(planned["sshKeys"])) keys.push(await keyOf(api, idOrName));
  const publicNet = publicNetBody(planned);
  const firewalls = firewallIds(planned).map((firewall) => ({ firewall }));
  return defined({
    name: planned["name"],
    server_type: planned["serverType"],
    image,
    location: planned["location"],
    user_data: planned["userData"],
    labels: labelsOf(planned),
    ssh_keys: keys.length > 0 ? keys : undefined,
    firewalls: firewalls.length > 0 ? firewalls : undefined,
    public_net: publicNet,
    start_after_create: startsWithNetwork(planned, publicNet) ? undefined : false,
  });
}

/** Without a public net a server has to wait for its first private one. */
function startsWithNetwork(planned: Values, publicNet: Values | undefined): boolean {
  const isPrivate = publicNet?.["enable_ipv4"] === false && publicNet["enable_ipv6"] === false;
  return !isPrivate || blocks(planned["networks"]).length === 0;
}

/** What comes after the server is there. */
async function complete(api: Session, created: Created, planned: Values): Promise<void> {
  const networks = blocks(planned["networks"]);
  for (const block of networks) await attachInline(api, created.server.id, block);
  if (!startsWithNetwork(planned, publicNetBody(planned))) await powerOn(api, created.server.id);
  await setBackups(api, created, planned);
  if (planned["deleteProtection"] === true || planned["rebuildProtection"] === true)
    await setProtection(api, created, planned);
}

function withDigest(planned: Values): Values {
  const userData = text(planned["userData"]);
  return userData === "" ? planned : { ...planned, userData: digest(userData) };
}

/** @throws unless there is such a type that can be ordered still */
async function typeOf(api: Session, name: string, location: string): Promise<ServerType> {
  const type = await byIdOrName<ServerType>(api, "server_types", "server_type", name);
  if (!type) throw new Error(`server type ${name} not found`);
  const isOver = (deprecation: ServerType["deprecation"]): boolean =>
    deprecation !== null && Date.parse(deprecation.unavailable_after) < Date.now();
  const where = isOver(type.deprecation)
    ? "all locations"
    : type.locations.some((place) => place.name === location && isOver(place.deprecation))
      ? `"${location}"`
      : undefined;
  if (where !== undefined)
    throw new Error(
      `Server Type "${name}" is unavailable in ${where} and can no longer be ordered`,
    );
  return type;
}

async function imageOf(api: Session, name: string, architecture: string): Promise<number> {
  const query = `&architecture=${architecture}&include_deprecated=true`;
  const image = await byIdOrName<{ readonly id: number }>(api, "images", "image", name, query);
  if (!image) throw new Error(`image ${name} for architecture ${architecture} not found`);
  return image.id;
}

async function keyOf(api: Session, idOrName: string): Promise<number> {
  const key = await byIdOrName<{ readonly id: number }>(api, "ssh_keys", "ssh_key", idOrName);
  if (!key) throw new Error(`SSH key not found: ${idOrName}`);
  return key.id;
}

/** Digits are an id first, and a name only if there is nothing of that id. */
async function byIdOrName<Kind>(
  api: Session,
  plural: string,
  singular: string,
  idOrName: string,
  query = "",
): Promise<Kind | undefined> {
  if (/^\d+$/.test(idOrName)) {
    const found = await api.find<Record<string, Kind>>(`/${plural}/${idOrName}`);
    if (found) return found[singular];
  }
  if (idOrName === "") return undefined;
  const path = `/${plural}?name=${encodeURIComponent(idOrName)}${query}`;
  return (await api.send<Record<string, readonly Kind[]>>("GET", path))[plural]?.[0];
}

async function changeType(api: Session, found: ServerAnswer, planned: Values): Promise<void> {
  const at = `/servers/${found.server.id}/actions`;
  if (found.server.status === "running") await api.order(`${at}/poweroff`);
  await api.order(`${at}/change_type`, {
    server_type: planned["serverType"],
    upgrade_disk: planned["keepDisk"] !== true,
  });
}

async function setBackups(api: Session, found: ServerAnswer, planned: Values): Promise<void> {
  const at = `/servers/${found.server.id}/actions`;
  const [has, wants] = [found.server.backup_window !== null, planned["backups"] === true];
  if (has && !wants) await api.order(`${at}/disable_backup`);
  if (!has && wants) await api.order(`${at}/enable_backup`);
}

async function setFirewalls(api: Session, found: ServerAnswer, planned: Values): Promise<void> {
  const [current, wanted] = [
    found.server.public_net.firewalls.map(({ id }) => id),
    firewallIds(planned),
  ];
  const resources = [{ type: "server", server: { id: found.server.id } }];
  const order = async (path: string, body: object): Promise<void> => {
    const { actions } = await api.send<{ readonly actions: readonly Action[] }>("POST", path, body);
    await api.waitFor(...actions);
  };
  for (const id of current.filter((each) => !wanted.includes(each)))
    await order(`/firewalls/${id}/actions/remove_from_resources`, { remove_from: resources });
  for (const id of wanted.filter((each) => !current.includes(each)))
    await order(`/firewalls/${id}/actions/apply_to_resources`, { apply_to: resources });
}

async function setProtection(api: Session, found: ServerAnswer, planned: Values): Promise<void> {
  await api.order(`/servers/${found.server.id}/actions/change_protection`, {
    delete: planned["deleteProtection"] === true,
    rebuild: planned["rebuildProtection"] === true,
  });
}

/** Asks a server to shut down, and goes on without its consent after a while. */
async function shutDown(api: Session, id: string): Promise<void> {
  await api.order(`/servers/${id}/actions/shutdown`);
  const isRunning = new Error("server has not shut down yet");
  const attempt = async (): Promise<void> => {
    const { server: found } = await api.send<ServerAnswer>("GET", `/servers/${id}`);
    if (found.status !== "off") throw isRunning;
  };
  await retry(usualTries, (error) => error === isRunning, api.wait, attempt).catch(
    (error: unknown) => {
      if (error !== isRunning) throw error;
    },
  );
}

function firewallIds(planned: Values): number[] {
  const ids = planned["firewallIds"];
  return Array.isArray(ids) ? ids.map(number) : [];
}
