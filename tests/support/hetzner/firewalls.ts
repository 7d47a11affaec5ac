import { canonicalIp, networkOf, parseCidr } from "../cidr";
import { ApiError, type InvalidField, invalidInput, refused } from "./apiError";
import type { Action, Firewall, FirewallRule, Project, Reference, Server } from "./project";
import { checkLabels, collection, type Labels, presentAction, route, type Route } from "./routes";

type RuleBody = Partial<FirewallRule> & Pick<FirewallRule, "direction" | "protocol">;

interface ResourceBody {
  readonly type: string;
  readonly server?: { readonly id: number };
}

interface CreateBody {
  readonly name: string;
  readonly labels?: Labels;
  readonly rules?: readonly RuleBody[];
  readonly apply_to?: readonly ResourceBody[];
}

/** In one firewall, in one rule, and of firewalls at one server. */
const most = { rules: 50, networks: 100, firewalls: 5 };

export function firewallRoutes(project: Project): Route[] {
  const store = project.firewalls;
  const at = "/firewalls/{id}";
  const presented = (firewall: Firewall): object => present(project, firewall);
  const serversOf = (resources: readonly ResourceBody[]): Server[] =>
    resources.map((resource) => serverOf(project, resource));
  const apply = (firewall: Firewall, servers: readonly Server[]): Action[] =>
    servers.map((server) =>
      project.begin("apply_firewall", [reference(firewall), serverReference(server)], () => {
        server.firewalls = [...server.firewalls, firewall.id];
      }),
    );
  return [
    ...collection({
      project,
      store,
      plural: "firewalls",
      singular: "firewall",
      present: presented,
    }),
    route<CreateBody>(
      "POST",
      "/firewalls",
      { request: "create_firewall_request", response: "create_firewall_response" },
      ({ body }) => {
        const rules = checkRules(body.rules ?? []);
        const servers = serversOf(body.apply_to ?? []);
        store.expectFreeName(body.name);
        const firewall: Firewall = {
          id: project.nextId(),
          created: project.now(),
          name: body.name,
          labels: checkLabels(body.labels),
          rules,
        };
        for (const server of servers) expectApplicable(project, firewall.id, server);
        store.add(firewall);
        const set =
          rules.length > 0 ? [project.begin("set_firewall_rules", [reference(firewall)])] : [];
        const actions = [...set, ...apply(firewall, servers)];
        return { firewall: presented(firewall), actions: actions.map(presentAction) };
      },
    ),
    route("DELETE", at, {}, ({ id }) => {
      const firewall = store.get(id);
      project.expectUnlocked(reference(firewall));
      if (project.servers.all().some((server) => server.firewalls.includes(id)))
        throw refused("resource_in_use", `firewall with ID '${id}' is still in use`);
      store.remove(id);
    }),
    route<{ readonly rules: readonly RuleBody[] }>(
      "POST",
      `${at}/actions/set_rules`,
      { request: "set_rules_request", response: "set_rules_response" },
      ({ id, body }) => {
        const firewall = store.get(id);
        project.expectUnlocked(reference(firewall));
        const rules = checkRules(body.rules);
        const action = project.begin("set_firewall_rules", [reference(firewall)], () => {
          firewall.rules = rules;
        });
        return { actions: [presentAction(action)] };
      },
    ),
    route<{ readonly apply_to: readonly ResourceBody[] }>(
      "POST",
      `${at}/actions/apply_to_resources`,
      { request: "apply_to_resources_request", response: "apply_to_resources_response" },
      ({ id, body }) => {
        const firewall = store.get(id);
        const servers = serversOf(body.apply_to);
        project.expectUnlocked(reference(firewall), ...servers.map(serverReference));
        for (const server of servers) {
          if (server.firewalls.includes(id))
            throw refused("firewall_already_applied", "firewall is already applied to the server");
          expectApplicable(project, id, server);
        }
        return { actions: apply(firewall, servers).map(presentAction) };
      },
    ),
    route<{ readonly remove_from: readonly ResourceBody[] }>(
      "POST",
      `${at}/actions/remove_from_resources`,
      { request: "remove_from_resources_request", response: "remove_from_resources_response" },
      ({ id, body }) => {
        const firewall = store.get(id);
        const servers = serversOf(body.remove_from);
        project.expectUnlocked(reference(firewall), ...servers.map(serverReference));
        const actions = servers.map((server) =>
          project.begin("remove_firewall", [reference(firewall), serverReference(server)], () => {
            server.firewalls = server.firewalls.filter((each) => each !== id);
          }),
        );
        return { actions: actions.map(presentAction) };
      },
    ),
  ];
}

/** @throws where a firewall cannot be applied: only public interfaces have one, and five at the most */
export function expectApplicable(project: Project, firewall: number, server: Server): void {
  if (!project.primaryIps.all().some((ip) => ip.assignee === server.id))
    throw refused("private_net_only_server", "server has no public interface");
  if (new Set([...server.firewalls, firewall]).size > most.firewalls)
    throw new ApiError(403, "resource_limit_exceeded", "server has too many firewalls");
}

function serverOf(project: Project, resource: ResourceBody): Server {
  if (resource.type !== "server" || resource.server === undefined)
    throw new Error("the double of Hetzner's API applies firewalls to servers only");
  const server = project.servers.find(resource.server.id);
  if (!server)
    throw new ApiError(404, "firewall_resource_not_found", "server of the firewall not found");
  return server;
}

/** Rules as they are kept. @throws with all that is wrong with them */
function checkRules(rules: readonly RuleBody[]): FirewallRule[] {
  const faults = rules.flatMap((rule, index) =>
    faultsOf(rule).map(({ name, messages }) => ({ name: `rules.${index}.${name}`, messages })),
  );
  if (rules.length > most.rules)
    faults.push({ name: "rules", messages: [`at most ${most.rules} rules are allowed`] });
  if (faults.length > 0) throw invalidInput(...faults);
  return rules.map((rule) => ({
    direction: rule.direction,
    protocol: rule.protocol,
    port: rule.port ?? null,
    source_ips: (rule.source_ips ?? []).map(canonicalNetwork),
    destination_ips: (rule.destination_ips ?? []).map(canonicalNetwork),
    description: rule.description ?? null,
  }));
}

function faultsOf(rule: RuleBody): InvalidField[] {
  const used = rule.direction === "in" ? "source_ips" : "destination_ips";
  const unused = rule.direction === "in" ? "destination_ips" : "source_ips";
  const faults: InvalidField[] = [];
  const fault = (name: string, message: string): void => {
    faults.push({ name, messages: [message] });
  };
  const networks = rule[used] ?? [];
  if (networks.length === 0) fault(used, `is required for direction ${rule.direction}`);
  if (networks.length > most.networks) fault(used, `at most ${most.networks} are allowed`);
  if ((rule[unused] ?? []).length > 0)
    fault(unused, `is not allowed for direction ${rule.direction}`);
  for (const network of networks) {
    const parsed = parseCidr(network);
    if (!parsed) fault(used, `${network} is not a network in CIDR notation`);
    else if (parsed.address !== networkOf(parsed)) fault(used, `${network} has host bits set`);
  }
  const hasPort = rule.protocol === "tcp" || rule.protocol === "udp";
  const port = rule.port ?? null;
  if (hasPort && port === null) fault("port", `is required for protocol ${rule.protocol}`);
  if (!hasPort && port !== null) fault("port", `is not allowed for protocol ${rule.protocol}`);
  if (hasPort && port !== null && !isPortRange(port))
    fault("port", `${port} is no port or range of ports`);
  return faults;
}

/** A port, two with a dash between them, or `any`. */
function isPortRange(text: string): boolean {
  if (text === "any") return true;
  const [first = 0, last = first, ...more] = text
    .split("-")
    .map((part) => (/^[1-9]\d{0,4}$/.test(part) ? Number(part) : 0));
  return more.length === 0 && first > 0 && first <= last && last <= 65_535;
}

function canonicalNetwork(network: string): string {
  const [host = "", length = ""] = network.split("/");
  return `${canonicalIp(host)}/${length}`;
}

function reference(firewall: Firewall): Reference {
  return { type: "firewall", id: firewall.id };
}

function serverReference(server: Server): Reference {
  return { type: "server", id: server.id };
}

function present(project: Project, firewall: Firewall): object {
  const servers = project.servers.all().filter((server) => server.firewalls.includes(firewall.id));
  return {
    id: firewall.id,
    name: firewall.name,
    labels: firewall.labels,
    created: firewall.created,
    rules: firewall.rules,
    applied_to: servers.map(({ id }) => ({ type: "server", server: { id } })),
  };
}
