import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Account, everyPermission, type Permission, type Zone } from "./account";
import { ApiError, invalidBody, missingPermission, unauthorized } from "./apiError";
import { botManagementRoutes } from "./botManagement";
import { addRecord, dnsRecordRoutes, type DnsRecord, type NewRecord } from "./dnsRecords";
import type { Call, Route } from "./routes";
import { faultOf } from "./schemas";
import { settingRoutes } from "./settings";
import {
  addTunnel,
  connect,
  disconnect,
  tokenOf,
  tunnelRoutes,
  type Connector,
  type Tunnel,
} from "./tunnels";
import { newZone, zoneRoutes, type NewZone } from "./zones";

/** A request that was made, and how it was answered. */
export interface Request {
  readonly method: string;
  /** Without `/client/v4` and without the query. */
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
  /** Zero for an answer that was lost, or is held back. */
  readonly status: number;
}

export interface Fault {
  readonly method?: string;
  readonly path?: RegExp;
  /** `lost` closes the connection without an answer, `held` leaves it open without one. */
  readonly status: number | "lost" | "held";
  /** By default one that goes with the status; null for an answer that is no JSON, as gateways give. */
  readonly code?: number | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests fail; one by default. */
  readonly times?: number;
  /** Fails only after the work has been done. */
  readonly afterWork?: boolean;
}

interface Options {
  /** None by default. */
  readonly zones?: readonly NewZone[];
  /** What `cloudflare:apiToken` is to be; one is made up by default. */
  readonly token?: string;
  /** All that is played by default. */
  readonly permissions?: readonly Permission[];
  /** Any free one by default. */
  readonly port?: number;
  /** By default 127.0.0.1. */
  readonly host?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const basePath = "/client/v4";

/** Where a fault names none. */
const usualCodes: Readonly<Record<number, number>> = { 429: 971 };
const internalError = 99_998;

/** The longest body that is read, in bytes. */
const longestBody = 1024 * 1024;

/**
 * A test double of Cloudflare's API (https://developers.cloudflare.com/api/) for one account and one token: zones, DNS
 * records, zone settings, bot management, page and cache rules as far as they are read, and tunnels, as far as
 * `@pulumi/cloudflare` and this program use them. It knows no rate limit of its own, and nothing of what a zone does with
 * requests. Codes and sentences of refusals are the API's where they are known; a body that is not by its schema is always
 * told with 1004, a setting that the plan does not let change always with 1057 and status 400.
 *
 * @example
 * const api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
 * // The program: `cloudflare:baseUrl` is api.url, `cloudflare:apiToken` is api.token, `CLOUDFLARE_BASE_URL` does as well.
 * api.addRecord("example.org", { name: "social", type: "A", content: "192.0.2.1", ttl: 1 }); // what was there before
 * api.zone("example.org").settings.get("rocket_loader")!.editable = false; // the plan does not allow it
 * api.permissions.delete("DNS:Edit"); // so a record cannot be made; `add` gives it back
 * api.failNext({ method: "POST", status: 429, headers: { "retry-after": "1" } });
 * // … pulumi up …
 * const replica = api.connect(tokenOfTheContainer); // a cloudflared is up; throws if the token is not the tunnel's
 * api.tunnel("mastodon").config?.ingress; // what that cloudflared would be told
 * api.disconnect(replica); // and stopped, without which the tunnel cannot be deleted
 * await api.close();
 */
export class CloudflareApi {
  /** Everything that was asked, in order. */
  readonly requests: Request[] = [];
  readonly account = new Account();
  readonly token: string;
  readonly #server: Server;
  readonly #routes: readonly (Route & { readonly pattern: RegExp })[];
  readonly #defects: unknown[] = [];
  #faults: (Fault & { left: number })[] = [];

  private constructor({ zones = [], token, permissions = everyPermission }: Options) {
    this.token = token ?? "c".repeat(40);
    this.account.permissions.clear();
    for (const permission of permissions) this.account.permissions.add(permission);
    this.account.zones.push(...zones.map((zone) => newZone(this.account, zone)));
    this.#routes = [
      ...zoneRoutes(),
      ...dnsRecordRoutes(),
      ...settingRoutes(),
      ...botManagementRoutes(),
      ...tunnelRoutes(),
    ].map((route) => ({ ...route, pattern: patternOf(route.path) }));
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: Options = {}): Promise<CloudflareApi> {
    const api = new CloudflareApi(options);
    await new Promise<void>((resolve, reject) => {
      api.#server.once("error", reject);
      api.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return api;
  }

  /** For `cloudflare:baseUrl`. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}${basePath}`;
  }

  /** What the token may do, from now on as well. */
  get permissions(): Set<Permission> {
    return this.account.permissions;
  }

  /** @throws if there is no zone of that name */
  zone(name: string): Zone {
    const found = this.account.zones.find((zone) => zone.name === name);
    if (!found) throw new Error(`there is no zone ${name}`);
    return found;
  }

  /** The tunnel of that name that is not deleted. @throws if there is none */
  tunnel(name: string): Tunnel {
    const found = this.account.tunnels.find((each) => each.name === name && each.deleted === null);
    if (!found) throw new Error(`there is no tunnel ${name}`);
    return found;
  }

  /** Puts a record into a zone, as somebody else would. @throws for one that the API would refuse */
  addRecord(zone: string, record: NewRecord): DnsRecord {
    return addRecord(this.account, this.zone(zone), record);
  }

  /** Makes a tunnel, as somebody else would. @throws for a name that is taken */
  addTunnel(name: string): Tunnel {
    return addTunnel(this.account, { name, config_src: "cloudflare" });
  }

  /** What a cloudflared for the tunnel of that name would be run with. */
  tunnelToken(name: string): string {
    return tokenOf(this.account, this.tunnel(name));
  }

  /** A cloudflared starts with this token. @throws if it would be turned away */
  connect(token: string): Connector {
    return connect(this.account, token);
  }

  /** That cloudflared stops. */
  disconnect(connector: Connector): void {
    disconnect(this.account, connector);
  }

  /** Makes the next requests that match fail. */
  failNext(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 });
  }

  /** @throws when the double itself was at fault: asked for what it does not play */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#defects.length > 0)
      throw new AggregateError(this.#defects, `the double failed: ${this.#defects.join("; ")}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const path = pathname.replace(/^\/client\/v4(?=\/)/, "");
    const text = await textOf(request).catch(() => "");
    const fault = this.#takeFault(method, path);
    const answer =
      fault && fault.afterWork !== true
        ? undefined
        : this.#answer(request, path, searchParams, text);
    const given = fault ? faultyAnswer(fault) : (answer ?? lost);
    const query = searchParams.toString();
    this.requests.push({ method, path, query, body: parsed(text), status: given.status });
    if (given === held) return;
    if (given === lost) {
      response.destroy();
      return;
    }
    response.writeHead(given.status, {
      "content-type": given.body === undefined ? "text/html" : "application/json",
      ...given.headers,
    });
    response.end(given.body === undefined ? undefined : JSON.stringify(given.body));
  }

  #takeFault(method: string, path: string): Fault | undefined {
    const fault = this.#faults.find(
      (each) => (each.method ?? method) === method && (each.path?.test(path) ?? true),
    );
    if (!fault) return undefined;
    fault.left--;
    this.#faults = this.#faults.filter(({ left }) => left > 0);
    return fault;
  }

  #answer(request: IncomingMessage, path: string, query: URLSearchParams, text: string): Answer {
    try {
      this.#expectToken(request.headers.authorization, path);
      if (path === "/user/tokens/verify") return verified;
      const { route, part } = this.#find(request, path);
      const { permission } = route;
      if (permission !== undefined && !this.account.may(permission)) throw refusalOf(permission);
      for (const key of query.keys())
        if (!(route.query ?? []).includes(key))
          throw new Error(`${route.method} ${route.path} is not played with ?${key}=`);
      const body = route.request === undefined ? undefined : checkedBody(route.request, text);
      const call: Call<unknown> = { account: this.account, part, query, body };
      return { status: 200, body: { ...success, ...route.handle(call) } };
    } catch (error) {
      if (error instanceof ApiError) return refusal(error.status, error.complaint);
      this.#defects.push(error);
      return refusal(500, { code: internalError, message: String(error) });
    }
  }

  #expectToken(authorization: string | undefined, path: string): void {
    if (!/^Bearer [\w.~+/-]+=*$/.test(authorization ?? ""))
      throw new ApiError(400, 6003, "Invalid request headers", [
        { code: 6111, message: "Invalid format for Authorization header" },
      ]);
    if (authorization === `Bearer ${this.token}`) return;
    throw path === "/user/tokens/verify"
      ? new ApiError(401, 1000, "Invalid API Token")
      : new ApiError(403, 9109, "Invalid access token");
  }

  #find(request: IncomingMessage, path: string): Pick<Call<unknown>, "part"> & { route: Route } {
    const routes = this.#routes.filter(({ pattern }) => pattern.test(path));
    if (routes.length === 0 || !(request.url ?? "").startsWith(`${basePath}/`))
      throw new ApiError(
        404,
        7003,
        `Could not route to ${basePath}${path}, perhaps your object identifier is invalid?`,
      );
    const route = routes.find(({ method }) => method === request.method);
    if (!route) throw new ApiError(405, 10_405, "Method not allowed");
    const parts = route.pattern.exec(path)?.groups ?? {};
    const part = (name: string): string => decodeURIComponent(parts[name] ?? "");
    return { route, part };
  }
}

const lost: Answer = { status: 0, body: undefined };
const held: Answer = { status: 0, body: undefined };

const success = { success: true, errors: [], messages: [] };

const verified: Answer = {
  status: 200,
  body: {
    ...success,
    messages: [{ code: 10_000, message: "This API Token is valid and active", type: null }],
    result: { id: "t".repeat(32), status: "active" },
  },
};

function refusal(status: number, complaint: object): Answer {
  const body = { success: false, errors: [complaint], messages: [], result: null };
  return { status, body };
}

function refusalOf(permission: Permission): ApiError {
  if (permission === "Zone:Read")
    return new ApiError(
      403,
      0,
      "Actor 'com.cloudflare.api.token' requires permission 'com.cloudflare.api.account.zone.list' to list zones",
    );
  return permission.startsWith("Zone Settings:") ? unauthorized() : missingPermission();
}

function faultyAnswer({ status, code, headers = {} }: Fault): Answer {
  if (status === "lost") return lost;
  if (status === "held") return held;
  if (code === null) return { status, body: undefined, headers };
  const complaint = { code: code ?? usualCodes[status] ?? internalError, message: "made to fail" };
  return { ...refusal(status, complaint), headers };
}

/** Ids of zones, accounts and records have 32 hexadecimal digits, else there is no route. */
function patternOf(path: string): RegExp {
  const id = (name: string): string => (name === "setting" ? "\\w+" : "[0-9a-f-]{32,36}");
  const pattern = path.replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${id(name)})`);
  return new RegExp(`^${pattern}$`);
}

/** @throws for what is no JSON, or not by the schema */
function checkedBody(schema: NonNullable<Route["request"]>, text: string): unknown {
  const body = parsed(text);
  if (body === undefined) throw new ApiError(400, 6007, "Malformed JSON in request body");
  const fault = faultOf(schema, body);
  if (fault !== undefined) throw invalidBody(fault);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
