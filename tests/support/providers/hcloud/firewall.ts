import { isIP } from "node:net";
import { canonicalIp, networkOf, parseCidr } from "../../cidr";
import { createdState, type Plan, planCreate, planUpdate } from "../plan";
import type { Fields, Property } from "../schema";
import type { Resource } from "../serve";
import { blocks, defined, number, strings, text, type Value, type Values } from "../values";
import type { Action, Client, Session } from "./client";
import { isError, withPlainErrors } from "./errors";
import { changed, labels, labelsOf, name } from "./fields";
import { retry, usualTries } from "./retry";

const networks: Property = {
  kind: "set",
  element: {
    kind: "string",
    fault: (value: string) => {
      const normal = normalNetwork(value);
      const parsed = parseCidr(normal);
      if (!parsed) return `invalid CIDR address: ${normal}`;
      return parsed.address === networkOf(parsed)
        ? undefined
        : `${normal} is not the start of its cidr block`;
    },
  },
};

const fields: Fields = {
  name,
  labels: { ...labels, computed: true },
  applyTos: {
    kind: "set",
    computed: true,
    // Nothing asked for is no wish to be applied nowhere.
    overlooked: (_old, now) => blocks(now).length === 0,
    fields: {
      server: { kind: "int", computed: true },
      labelSelector: { kind: "string", unsupported: true },
    },
  },
  rules: {
    kind: "set",
    fields: {
      direction: { kind: "string", required: true, fault: oneOf("direction", ["in", "out"]) },
      protocol: {
        kind: "string",
        required: true,
        fault: oneOf("protocol", ["icmp", "tcp", "udp", "esp", "gre"]),
      },
      port: { kind: "string" },
      sourceIps: networks,
      destinationIps: networks,
      description: { kind: "string" },
    },
  },
};

interface Rule {
  readonly direction: string;
  readonly protocol: string;
  readonly port: string | null;
  readonly source_ips: string[];
  readonly destination_ips: string[];
  readonly description: string | null;
}

interface Answer {
  readonly firewall: {
    readonly id: number;
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly rules: readonly Rule[];
    readonly applied_to: readonly {
      readonly type: string;
      readonly server: { readonly id: number };
    }[];
  };
}

interface Ordered {
  readonly actions: readonly Action[];
}

/**
 * `hcloud.Firewall`, after `internal/firewall/resource.go`. As there, rules that are taken away altogether stay in force,
 * and what fails while the firewall is being applied leaves a firewall that the state does not know.
 */
export function firewall(client: Client): Resource {
  const read = async (id: string, signal: AbortSignal): Promise<Values | undefined> => {
    const answer = await client.session(signal).find<Answer>(`/firewalls/${id}`);
    return answer && stateOf(answer);
  };
  return withPlainErrors({
    fields,
    autonamed: true,
    plan,
    async create(planned, { signal }) {
      const api = client.session(signal);
      const { firewall: made, actions } = await api.send<Answer & Ordered>("POST", "/firewalls", {
        name: planned["name"],
        labels: labelsOf(planned),
        rules: blocks(planned["rules"]).map(ruleBody),
        apply_to: serversOf(planned).map(resourceBody),
      });
      await api.waitFor(...actions);
      const id = String(made.id);
      return { id, state: createdState(fields, planned, (await read(id, signal)) ?? {}) };
    },
    read: (id, _state, { signal }) => read(id, signal),
    async update(id, old, planned, { signal }) {
      const api = client.session(signal);
      const at = `/firewalls/${id}`;
      if (changed(old, planned, "name")) await api.send("PUT", at, { name: planned["name"] });
      const rules = blocks(planned["rules"]).map(ruleBody);
      if (changed(old, planned, "rules") && rules.length > 0)
        await orderAll(api, `${at}/actions/set_rules`, { rules });
      if (changed(old, planned, "labels")) await api.send("PUT", at, { labels: labelsOf(planned) });
      if (changed(old, planned, "applyTos")) await applyAnew(api, at, old, planned);
      return (await read(id, signal)) ?? planned;
    },
    async delete(id, _state, { signal }) {
      const api = client.session(signal);
      const at = `/firewalls/${id}`;
      const found = await api.find<Answer>(at);
      if (!found) return;
      const servers = found.firewall.applied_to.map(({ server }) => server.id);
      await removeFrom(api, at, servers);
      const goesAway = (error: unknown): boolean => isError(error, "conflict", "resource_in_use");
      await retry(2 * usualTries, goesAway, api.wait, () => api.send("DELETE", at)).catch(
        (error: unknown) => {
          if (!isError(error, "not_found")) throw error;
        },
      );
    },
  });
}

/** Compares rules as the API keeps them: addresses as networks, in lower case. */
function plan(_oldInputs: Values, old: Values, inputs: Values): Plan {
  const normal = Array.isArray(inputs["rules"])
    ? { ...inputs, rules: inputs["rules"].map(normalRule) }
    : inputs;
  return Object.keys(old).length === 0
    ? { state: planCreate(fields, normal), changes: [] }
    : planUpdate(fields, old, normal);
}

function normalRule(rule: Value): Value {
  const [found] = blocks([rule]);
  if (!found) return rule;
  const ips = (key: string): Values =>
    Array.isArray(found[key]) ? { [key]: strings(found[key]).map(normalNetwork) } : {};
  return { ...found, ...ips("sourceIps"), ...ips("destinationIps") };
}

function normalNetwork(given: string): string {
  const [host = "", length] = given.split("/");
  if (isIP(host) === 0) return given;
  return `${canonicalIp(host)}/${length ?? (isIP(host) === 4 ? "32" : "128")}`;
}

async function applyAnew(api: Session, at: string, old: Values, planned: Values): Promise<void> {
  const [before, after] = [serversOf(old), serversOf(planned)];
  await removeFrom(
    api,
    at,
    before.filter((server) => !after.includes(server)),
  );
  const added = after.filter((server) => !before.includes(server));
  if (added.length > 0)
    await orderAll(api, `${at}/actions/apply_to_resources`, { apply_to: added.map(resourceBody) });
}

async function removeFrom(api: Session, at: string, servers: readonly number[]): Promise<void> {
  if (servers.length === 0) return;
  const body = { remove_from: servers.map(resourceBody) };
  await orderAll(api, `${at}/actions/remove_from_resources`, body).catch((error: unknown) => {
    if (!isError(error, "firewall_resource_not_found", "not_found")) throw error;
  });
}

async function orderAll(api: Session, path: string, body: object): Promise<void> {
  const { actions } = await api.send<Ordered>("POST", path, body);
  await api.waitFor(...actions);
}

function serversOf(state: Values): number[] {
  return blocks(state["applyTos"]).map(({ server }) => number(server));
}

function resourceBody(server: number): object {
  return { type: "server", server: { id: server } };
}

function ruleBody(rule: Values): Values {
  return defined({
    direction: rule["direction"],
    protocol: rule["protocol"],
    port: text(rule["port"]) || undefined,
    description: text(rule["description"]) || undefined,
    source_ips: rule["sourceIps"],
    destination_ips: rule["destinationIps"],
  });
}

function stateOf({ firewall: found }: Answer): Values {
  return {
    name: found.name,
    labels: found.labels,
    rules: found.rules.map((rule) =>
      defined({
        direction: rule.direction,
        protocol: rule.protocol,
        port: rule.port,
        description: rule.description,
        sourceIps: rule.source_ips,
        destinationIps: rule.destination_ips,
      }),
    ),
    applyTos: found.applied_to.map(({ server }) => ({ server: server.id })),
  };
}

function oneOf(noun: string, allowed: readonly string[]): (value: string) => string | undefined {
  return (value) => (allowed.includes(value) ? undefined : `${value} is not a valid ${noun}`);
}
