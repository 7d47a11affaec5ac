import { createdState, type Plan, planCreate, planUpdate } from "../plan";
import type { Failure, Fields } from "../schema";
import type { Resource } from "../serve";
import { defined, number, UNKNOWN, type Values } from "../values";
import type { Action, Client, Session } from "./client";
import { finish, isError, withLongErrors } from "./errors";
import { changed, datacenter, flag, labels, labelsOf, name } from "./fields";
import { retry, usualTries } from "./retry";
import type { ServerAnswer } from "./server";

const fields: Fields = {
  name,
  type: { kind: "string", required: true, forceNew: true },
  location: { kind: "string", computed: true, forceNew: true },
  datacenter,
  assigneeId: { kind: "int", computed: true },
  assigneeType: { kind: "string", computed: true },
  autoDelete: flag,
  labels,
  deleteProtection: flag,
  ipAddress: { kind: "string", output: true },
  ipNetwork: { kind: "string", output: true },
};

interface Answer {
  readonly primary_ip: {
    readonly id: number;
    readonly name: string;
    readonly type: string;
    readonly ip: string;
    readonly location: { readonly name: string };
    readonly assignee_id: number | null;
    readonly assignee_type: string;
    readonly auto_delete: boolean;
    readonly labels: Record<string, string>;
    readonly protection: { readonly delete: boolean };
  };
}

/** `hcloud.PrimaryIp`, after `internal/primaryip/resource.go`. A protected one is not deleted: the API refuses. */
export function primaryIp(client: Client): Resource {
  const read = async (id: string, signal: AbortSignal): Promise<Values | undefined> => {
    const answer = await client.session(signal).find<Answer>(`/primary_ips/${id}`);
    return answer && stateOf(answer);
  };
  return withLongErrors({
    fields,
    autonamed: true,
    validate,
    plan,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const answer = await api.send<Answer & { readonly action?: Action }>(
        "POST",
        "/primary_ips",
        createBody(planned),
      );
      const id = String(answer.primary_ip.id);
      return finish(id, async () => {
        await api.waitFor(answer.action);
        if (planned["deleteProtection"] === true)
          await api.order(`/primary_ips/${id}/actions/change_protection`, { delete: true });
        return { id, state: createdState(fields, planned, (await read(id, signal)) ?? {}) };
      });
    },
    read: (id, _state, { signal }) => read(id, signal),
    async update(id, old, planned, { signal }) {
      const api = client.session(signal);
      const at = `/primary_ips/${id}`;
      if (changed(old, planned, "deleteProtection"))
        await api.order(`${at}/actions/change_protection`, {
          delete: planned["deleteProtection"] === true,
        });
      // What the program leaves out is unknown here, and not touched.
      const asked = planned["assigneeId"] !== undefined && planned["assigneeType"] !== undefined;
      if (asked && (changed(old, planned, "assigneeId") || changed(old, planned, "assigneeType")))
        await assignAnew(api, at, old, planned);
      // Sent even when it is empty, for the sake of its answer.
      const body = {
        ...(changed(old, planned, "name") ? { name: planned["name"] } : {}),
        ...(changed(old, planned, "labels") ? { labels: labelsOf(planned) } : {}),
        ...(changed(old, planned, "autoDelete")
          ? { auto_delete: planned["autoDelete"] === true }
          : {}),
      };
      return stateOf(await api.send<Answer>("PUT", at, body));
    },
    async delete(id, state, { signal }) {
      const api = client.session(signal);
      if (number(state["assigneeId"]) !== 0) await unassign(api, id, number(state["assigneeId"]));
      const goesAway = (error: unknown): boolean => !isError(error, "not_found", "protected");
      await retry(2 * usualTries, goesAway, api.wait, () =>
        api.send("DELETE", `/primary_ips/${id}`),
      ).catch((error: unknown) => {
        if (!isError(error, "not_found")) throw error;
      });
    },
  });
}

function validate(inputs: Values): Failure[] {
  const [location, assignee] = [
    inputs["location"] !== undefined,
    inputs["assigneeId"] !== undefined,
  ];
  if (location === assignee)
    return [
      {
        property: "location",
        reason: "Exactly one of these attributes must be configured: [location,assignee_id]",
      },
    ];
  if (assignee && inputs["assigneeType"] === undefined)
    return [
      {
        property: "assigneeId",
        reason: "These attributes must be configured together: [assignee_id,assignee_type]",
      },
    ];
  return [];
}

/** By the newer framework's rules, any change makes the assignee unknown unless the program gives it. */
function plan(_oldInputs: Values, old: Values, inputs: Values): Plan {
  if (Object.keys(old).length === 0) return { state: planCreate(fields, inputs), changes: [] };
  const { state, changes } = planUpdate(fields, old, inputs);
  const open = ["assigneeId", "assigneeType"].filter((key) => inputs[key] === undefined);
  const unknown = Object.fromEntries(open.map((key) => [key, UNKNOWN]));
  return { state: changes.length > 0 ? { ...state, ...unknown } : state, changes };
}

function createBody(planned: Values): Values {
  const place =
    planned["location"] === undefined
      ? { assignee_id: planned["assigneeId"], assignee_type: planned["assigneeType"] }
      : { location: planned["location"] };
  return defined({
    name: planned["name"],
    type: planned["type"],
    auto_delete: planned["autoDelete"] === true,
    labels: labelsOf(planned),
    ...place,
  });
}

async function assignAnew(api: Session, at: string, old: Values, planned: Values): Promise<void> {
  if (number(old["assigneeId"]) !== 0) await api.order(`${at}/actions/unassign`);
  if (number(planned["assigneeId"]) === 0) return;
  await api.order(`${at}/actions/assign`, {
    assignee_id: planned["assigneeId"],
    assignee_type: planned["assigneeType"],
  });
}

/** Takes the address from a server that the state tells of, which may have lost it already; errors count for nothing. */
async function unassign(api: Session, id: string, server: number): Promise<void> {
  const answer = await api.find<ServerAnswer>(`/servers/${server}`).catch(() => undefined);
  const { ipv4, ipv6 } = answer?.server.public_net ?? {};
  if (![ipv4?.id, ipv6?.id].includes(Number(id))) return;
  const paths = [
    `/servers/${server}/actions/poweroff`,
    `/primary_ips/${id}/actions/unassign`,
    `/servers/${server}/actions/poweron`,
  ];
  for (const path of paths) {
    const ordered = await api
      .send<{ readonly action: Action }>("POST", path)
      .catch(() => undefined);
    await api.waitFor(ordered?.action);
  }
}

function stateOf({ primary_ip: found }: Answer): Values {
  const [address = ""] = found.ip.split("/");
  return defined({
    name: found.name,
    type: found.type,
    location: found.location.name,
    assigneeId: found.assignee_id ?? 0,
    assigneeType: found.assignee_type,
    autoDelete: found.auto_delete,
    labels: found.labels,
    deleteProtection: found.protection.delete,
    ipAddress: address,
    ipNetwork: found.type === "ipv6" ? found.ip : undefined,
  });
}
