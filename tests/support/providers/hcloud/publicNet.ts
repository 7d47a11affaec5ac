import { randomInt } from "node:crypto";
import { identity } from "../elements";
import { blocks, number, type Values } from "../values";
import type { Action, Session } from "./client";
import { retry, usualTries } from "./retry";
import { serverFields, type ServerAnswer } from "./serverFields";

type Kind = "ipv4" | "ipv6";

/** What was asked for of one kind of address. */
interface Wish {
  readonly enabled: boolean;
  /** Zero for an address that comes and goes with the server. */
  readonly id: number;
}

/** What a create asks for; undefined to leave it to the API. */
export function publicNetBody(planned: Values): Values | undefined {
  const [block] = blocks(planned["publicNets"]);
  if (!block) return undefined;
  const [ipv4, ipv6] = [wish(block, "ipv4"), wish(block, "ipv6")];
  return {
    enable_ipv4: ipv4.enabled || ipv4.id !== 0,
    enable_ipv6: ipv6.enabled || ipv6.id !== 0,
    ...(ipv4.id === 0 ? {} : { ipv4: ipv4.id }),
    ...(ipv6.id === 0 ? {} : { ipv6: ipv6.id }),
  };
}

/** Exchanges the addresses of a server, which is off meanwhile: `updatePublicNet` of the original. */
export async function updatePublicNet(
  api: Session,
  { server }: ServerAnswer,
  old: Values,
  planned: Values,
): Promise<void> {
  await api.order(`/servers/${server.id}/actions/poweroff`);
  const [before] = without(old, planned);
  const [after] = without(planned, old);
  for (const kind of ["ipv4", "ipv6"] as const) {
    const current = server.public_net[kind]?.id ?? 0;
    const had = before ? wish(before, kind) : { enabled: true, id: 0 };
    await (after
      ? exchange(api, server.id, kind, current, had, wish(after, kind))
      : release(api, server.id, kind, current, had));
  }
  await powerOn(api, server.id);
}

/** Powers a server on, again while that fails. */
export async function powerOn(api: Session, server: number): Promise<void> {
  await retry(
    usualTries,
    () => true,
    api.wait,
    () => api.order(`/servers/${server}/actions/poweron`),
  );
}

/** The blocks of one state that the other has not. */
function without(state: Values, other: Values): Values[] {
  const fields = serverFields["publicNets"]?.fields;
  const known = blocks(other["publicNets"]).map((block) => identity(fields, block));
  return blocks(state["publicNets"]).filter((block) => !known.includes(identity(fields, block)));
}

function wish(block: Values, kind: Kind): Wish {
  return { enabled: block[`${kind}Enabled`] !== false, id: number(block[kind]) };
}

/** The whole block is gone: an address of the program's own makes way for one of the server's. */
async function release(
  api: Session,
  server: number,
  kind: Kind,
  current: number,
  had: Wish,
): Promise<void> {
  if (current === 0 || had.id === 0) return;
  if (current !== had.id)
    throw new Error(
      `Assigned ${kind === "ipv4" ? "IPv4" : "IPv6"} changed between plan and apply, please check and generate a new plan`,
    );
  await unassign(api, current);
  await createOwn(api, server, kind);
}

async function exchange(
  api: Session,
  server: number,
  kind: Kind,
  current: number,
  had: Wish,
  wanted: Wish,
): Promise<void> {
  if (!wanted.enabled && wanted.id !== 0) {
    await powerOn(api, server);
    throw new Error(`this operation is not allowed: ipv4_enabled = false | ipv4 = ${wanted.id}`);
  }
  if (wanted.id !== 0 || !wanted.enabled) {
    if (current !== 0) await drop(api, current, had);
    if (wanted.id !== 0)
      await api.order(`/primary_ips/${wanted.id}/actions/assign`, {
        assignee_id: server,
        assignee_type: "server",
      });
    return;
  }
  if (had.enabled && had.id !== 0) await unassign(api, had.id);
  if ((!had.enabled && had.id === 0) || (had.enabled && had.id !== 0))
    await createOwn(api, server, kind);
}

/** Takes an address from a server, and deletes it unless the program had given it. */
async function drop(api: Session, id: number, had: Wish): Promise<void> {
  await unassign(api, id);
  if (had.id === 0) await api.send("DELETE", `/primary_ips/${id}`);
}

async function unassign(api: Session, id: number): Promise<void> {
  await api.order(`/primary_ips/${id}/actions/unassign`);
}

async function createOwn(api: Session, server: number, type: Kind): Promise<void> {
  const { action } = await api.send<{ readonly action: Action }>("POST", "/primary_ips", {
    name: `primary_ip-${randomInt(1_000_000, 9_999_999)}`,
    type,
    assignee_id: server,
    assignee_type: "server",
    auto_delete: true,
  });
  await api.waitFor(action);
}
