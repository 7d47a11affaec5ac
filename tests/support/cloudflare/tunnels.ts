import type { Account } from "./account";
import { ApiError } from "./apiError";
import { ingressFault, type IngressRule, type OriginRequest } from "../cloudflared/ingress";
import { page, route, type Call, type Route } from "./routes";

export interface TunnelConfig {
  readonly ingress?: readonly IngressRule[];
  readonly originRequest?: OriginRequest;
}

/** A running cloudflared. */
export interface Connector {
  readonly id: string;
  readonly since: string;
}

export interface Tunnel {
  readonly id: string;
  readonly created: string;
  readonly configSrc: "local" | "cloudflare";
  name: string;
  secret: string;
  deleted: string | null;
  connectors: readonly Connector[];
  activeSince: string | null;
  inactiveSince: string | null;
  /** Null until one is given. */
  config: TunnelConfig | null;
  version: number;
  configured: string;
}

interface NewTunnel {
  readonly name: string;
  readonly config_src?: Tunnel["configSrc"];
  readonly tunnel_secret?: string;
}

/** What cloudflared holds open to Cloudflare. */
const connectionsOfEach = 4;

const base = "/accounts/{account}/cfd_tunnel";

export function tunnelRoutes(): Route[] {
  const reading = { permission: "Cloudflare Tunnel:Read" } as const;
  const editing = { permission: "Cloudflare Tunnel:Edit" } as const;
  return [
    tunnelsRoute(
      "GET",
      "",
      { ...reading, query: ["name", "is_deleted", "page", "per_page"] },
      listed,
    ),
    tunnelsRoute<NewTunnel>("POST", "", { ...editing, request: "newTunnel" }, created),
    tunnelRoute("GET", "", reading, (tunnel, { account }) => ({
      result: present(account, tunnel),
    })),
    tunnelRoute<Partial<NewTunnel>>(
      "PATCH",
      "",
      { ...editing, request: "tunnel" },
      (tunnel, { account, body }) => {
        if (body.name !== undefined) expectFreeName(account, body.name, tunnel);
        tunnel.name = body.name ?? tunnel.name;
        tunnel.secret = body.tunnel_secret ?? tunnel.secret;
        return { result: present(account, tunnel) };
      },
    ),
    tunnelRoute("DELETE", "", editing, (tunnel, { account }) => {
      if (tunnel.connectors.length > 0)
        throw new ApiError(
          400,
          1022,
          "This tunnel has active connections. Please stop all cloudflared replicas, or wait a few minutes for connections to close, then try again.",
        );
      tunnel.deleted ??= account.now();
      return { result: present(account, tunnel) };
    }),
    // Whoever may not edit a tunnel may not run it either.
    tunnelRoute("GET", "/token", editing, (tunnel, { account }) => ({
      result: tokenOf(account, tunnel),
    })),
    tunnelRoute("GET", "/connections", reading, (tunnel) => ({
      result: tunnel.connectors.map(presentConnector),
    })),
    tunnelRoute("GET", "/configurations", reading, (tunnel) => ({
      result: presentConfiguration(tunnel),
    })),
    tunnelRoute<{ readonly config: TunnelConfig }>(
      "PUT",
      "/configurations",
      { ...editing, request: "tunnelConfiguration" },
      (tunnel, { account, body }) => {
        presentConfiguration(tunnel);
        const fault = ingressFault(body.config.ingress ?? []);
        if (fault !== undefined)
          throw new ApiError(400, 1056, `Bad Configuration: Validation failed: ${fault}\n`);
        tunnel.config = body.config;
        tunnel.version++;
        tunnel.configured = account.now();
        return { result: presentConfiguration(tunnel) };
      },
    ),
  ];
}

type Terms = Pick<Route, "permission" | "request" | "query">;

/** A route of all tunnels. */
function tunnelsRoute<Body>(
  method: string,
  path: string,
  terms: Terms,
  handle: (call: Call<Body>) => ReturnType<Route["handle"]>,
): Route {
  return route<Body>(method, `${base}${path}`, terms, (call) => {
    if (call.part("account") !== call.account.id)
      throw new ApiError(403, 10_000, "Authentication error");
    return handle(call);
  });
}

/** A route of one tunnel, which may have been deleted: they are kept, and answer nearly as before. */
function tunnelRoute<Body>(
  method: string,
  path: string,
  terms: Terms,
  handle: (tunnel: Tunnel, call: Call<Body>) => ReturnType<Route["handle"]>,
): Route {
  return tunnelsRoute<Body>(method, `/{tunnel}${path}`, terms, (call) => {
    const tunnel = call.account.tunnels.find(({ id }) => id === call.part("tunnel"));
    if (!tunnel) throw new ApiError(404, 1003, "Tunnel not found");
    return handle(tunnel, call);
  });
}

function listed({ account, query }: Call<unknown>): ReturnType<Route["handle"]> {
  const [name, deleted] = [query.get("name"), query.get("is_deleted")];
  const found = account.tunnels
    .filter((tunnel) => name === null || tunnel.name === name)
    .filter((tunnel) => deleted === null || String(tunnel.deleted !== null) === deleted);
  return page(
    query,
    found.map((tunnel) => present(account, tunnel)),
    { usual: 1000, most: 1000 },
  );
}

function created({ account, body }: Call<NewTunnel>): ReturnType<Route["handle"]> {
  const tunnel = addTunnel(account, body);
  return {
    result: {
      ...present(account, tunnel),
      token: tokenOf(account, tunnel),
      credentials_file: {
        AccountTag: account.id,
        TunnelID: tunnel.id,
        TunnelName: tunnel.name,
        TunnelSecret: tunnel.secret,
      },
    },
  };
}

export function addTunnel(account: Account, given: NewTunnel): Tunnel {
  expectFreeName(account, given.name);
  const now = account.now();
  const tunnel: Tunnel = {
    id: account.nextUuid(),
    created: now,
    configSrc: given.config_src ?? "local",
    name: given.name,
    secret: given.tunnel_secret ?? account.newSecret(),
    deleted: null,
    connectors: [],
    activeSince: null,
    inactiveSince: now,
    config: null,
    version: 0,
    configured: now,
  };
  account.tunnels.push(tunnel);
  return tunnel;
}

/** Names of deleted tunnels are free again. */
function expectFreeName(account: Account, name: string, self?: Tunnel): void {
  const taken = account.tunnels.some(
    (tunnel) => tunnel !== self && tunnel.name === name && tunnel.deleted === null,
  );
  if (taken)
    throw new ApiError(
      409,
      1013,
      "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for your new tunnel.",
    );
}

/** What cloudflared is run with. */
export function tokenOf(account: Account, { id, secret }: Tunnel): string {
  return Buffer.from(JSON.stringify({ a: account.id, t: id, s: secret })).toString("base64");
}

/** As one more cloudflared with this token would. @throws where Cloudflare would turn it away */
export function connect(account: Account, token: string): Connector {
  const tunnel = account.tunnels.find((each) => tokenOf(account, each) === token);
  if (!tunnel || tunnel.deleted !== null)
    throw new Error("Unauthorized: Tunnel not found, or its token is not this one");
  const connector = { id: account.nextUuid(), since: account.now() };
  tunnel.activeSince ??= connector.since;
  tunnel.inactiveSince = null;
  tunnel.connectors = [...tunnel.connectors, connector];
  return connector;
}

export function disconnect(account: Account, { id }: Connector): void {
  for (const tunnel of account.tunnels) {
    const left = tunnel.connectors.filter((connector) => connector.id !== id);
    if (left.length === 0 && tunnel.connectors.length > 0) tunnel.inactiveSince = account.now();
    tunnel.connectors = left;
  }
}

function statusOf({ connectors, activeSince }: Tunnel): string {
  if (connectors.length > 0) return "healthy";
  return activeSince === null ? "inactive" : "down";
}

/** Without `connections`, which Cloudflare ceased to give on 2026-10-05. */
function present(account: Account, tunnel: Tunnel): object {
  const own = tunnel.deleted === null;
  return {
    id: tunnel.id,
    account_tag: account.id,
    name: tunnel.name,
    created_at: tunnel.created,
    deleted_at: tunnel.deleted,
    conns_active_at: tunnel.connectors.length > 0 ? tunnel.activeSince : null,
    conns_inactive_at: tunnel.inactiveSince,
    tun_type: "cfd_tunnel",
    metadata: {},
    status: statusOf(tunnel),
    remote_config: own && tunnel.configSrc === "cloudflare",
    ...(own ? { config_src: tunnel.configSrc } : {}),
  };
}

function presentConnector({ id, since }: Connector): object {
  return {
    id,
    arch: "linux_amd64",
    version: "2026.10.0",
    features: ["allow_remote_config", "serialized_headers"],
    run_at: since,
    conns: Array.from({ length: connectionsOfEach }, (_, index) => ({
      id: `${id}-${index}`,
      uuid: `${id}-${index}`,
      colo_name: `fra0${index + 1}`,
      client_id: id,
      client_version: "2026.10.0",
      is_pending_reconnect: false,
      opened_at: since,
      origin_ip: "203.0.113.10",
    })),
  };
}

/** @throws for a tunnel that is gone */
function presentConfiguration({ id, deleted, version, config, configured }: Tunnel): object {
  if (deleted !== null) throw new ApiError(404, 1055, "Configuration for tunnel not found");
  return {
    tunnel_id: id,
    version,
    config: config && { ...config, "warp-routing": { enabled: false } },
    source: "cloudflare",
    created_at: configured,
  };
}
