import { canonical, blocks, defined, strings, text, type Values } from "../values";
import { sorted } from "../elements";
import type { Action, Session } from "./client";
import { isError } from "./errors";
import { parseSubnetId } from "./networkSubnet";
import { usualTries } from "./retry";
import { networkOf, type ServerAnswer } from "./serverFields";

/** Refusals that go away. */
const passing = ["conflict", "locked", "service_error"];

/** Attaches a server to the network of one block of its `networks`. */
export async function attachInline(api: Session, server: number, block: Values): Promise<void> {
  const subnet = parseSubnetId(text(block["subnetId"]));
  const body = defined({
    network: networkOf(block),
    ip_range: subnet?.range,
    ip: text(block["ip"]) || undefined,
    alias_ips: strings(block["aliasIps"]),
  });
  const path = `/servers/${server}/actions/attach_to_network`;
  await order(api, [...passing, "no_subnet_available"], path, body, "server_already_attached");
}

/** Makes a server's networks those of the plan. Another address means to be detached and attached again. */
export async function updateInline(
  api: Session,
  { server }: ServerAnswer,
  planned: Values,
): Promise<void> {
  const wanted = new Map(blocks(planned["networks"]).map((block) => [networkOf(block), block]));
  for (const net of server.private_net) {
    const block = wanted.get(net.network);
    wanted.delete(net.network);
    if (block?.["ip"] === net.ip) {
      await changeAliases(api, server.id, net.network, [...net.alias_ips], block);
      continue;
    }
    await detach(api, server.id, net.network);
    if (block) await attachInline(api, server.id, block);
  }
  for (const block of wanted.values()) await attachInline(api, server.id, block);
}

async function changeAliases(
  api: Session,
  server: number,
  network: number,
  current: string[],
  block: Values,
): Promise<void> {
  const wanted = strings(block["aliasIps"]);
  if (canonical(sorted(current)) === canonical(sorted(wanted))) return;
  await api.order(`/servers/${server}/actions/change_alias_ips`, { network, alias_ips: wanted });
}

async function detach(api: Session, server: number, network: number): Promise<void> {
  const path = `/servers/${server}/actions/detach_from_network`;
  await order(api, passing, path, { network }, "not_found");
}

async function order(
  api: Session,
  codes: readonly string[],
  path: string,
  body: object,
  harmless: string,
): Promise<void> {
  let action: Action | undefined;
  try {
    action = await api.persist(usualTries, codes, path, body);
  } catch (error) {
    if (!isError(error, harmless)) throw error;
  }
  await api.waitFor(action);
}
