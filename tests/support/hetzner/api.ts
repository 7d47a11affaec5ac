import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError, invalidInput } from "./apiError";
import { catalogueRoutes } from "./catalogueRoutes";
import { firewallRoutes } from "./firewalls";
import type { Machines } from "./machines";
import { networkRoutes } from "./networks";
import { primaryIpRoutes } from "./primaryIps";
import { Project } from "./project";
import { actionRoutes, type Route } from "./routes";
import { faultsOf } from "./schemas";
import { serverRoutes } from "./servers";
import { sshKeyRoutes } from "./sshKeys";
import { volumeRoutes } from "./volumes";

/** A request that was made, and how it was answered. */
export interface Request {
  readonly method: string;
  /** Without `/v1` and without the query. */
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
  /** By default the one that goes with the status; null for an answer that is no JSON, as gateways give. */
  readonly code?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests fail; one by default. */
  readonly times?: number;
  /** Fails only after the work has been done. */
  readonly afterWork?: boolean;
}

interface Options {
  readonly token: string;
  readonly machines: Machines;
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

const usualCodes: Readonly<Record<number, string>> = {
  409: "conflict",
  423: "locked",
  429: "rate_limit_exceeded",
  500: "server_error",
  502: "bad_gateway",
  503: "unavailable",
  504: "timeout",
};

/** The longest body that is read, in bytes. */
const longestBody = 1024 * 1024;

/**
 * A test double of the Hetzner Cloud API (https://docs.hetzner.cloud/reference/cloud) for one project: the operations
 * that `@pulumi/hcloud` uses for servers, volumes, addresses, networks, firewalls and keys. Bodies are checked by the
 * schemas that Hetzner publishes, answers as well. What the reference leaves open (which address is given, how long an
 * action takes) is done in the simplest way. It knows no rate limit of its own, no placement groups, no label selectors
 * and no price.
 */
export class HetznerApi {
  /** Everything that was asked, in order. */
  readonly requests: Request[] = [];
  readonly project: Project;
  readonly #server: Server;
  readonly #token: string;
  readonly #routes: readonly Route[];
  readonly #defects: unknown[] = [];
  #faults: (Fault & { left: number })[] = [];
  #lastRequest = 0;

  private constructor({ token, machines }: Options) {
    const project = new Project(machines);
    this.project = project;
    this.#token = token;
    this.#routes = [
      ...catalogueRoutes,
      ...actionRoutes(project),
      ...sshKeyRoutes(project),
      ...primaryIpRoutes(project),
      ...serverRoutes(project),
      ...volumeRoutes(project),
      ...networkRoutes(project),
      ...firewallRoutes(project),
    ];
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: Options): Promise<HetznerApi> {
    const api = new HetznerApi(options);
    await new Promise<void>((resolve, reject) => {
      api.#server.once("error", reject);
      api.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return api;
  }

  /** For `hcloud:endpoint`. */
  get endpoint(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}/v1`;
  }

  /** Makes the next requests that match fail. */
  failNext(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 });
  }

  /**
   * Ends once all actions have ended.
   * @throws when the double itself was at fault: asked for what it does not play, or its answer broke the schema
   */
  async close(): Promise<void> {
    await this.project.settled();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#defects.length > 0)
      throw new AggregateError(this.#defects, `the double failed: ${this.#defects.join("; ")}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const path = pathname.replace(/^\/v1(?=\/)/, "");
    const text = await textOf(request).catch(() => "");
    const fault = this.#takeFault(method, path);
    const answer =
      fault && fault.afterWork !== true
        ? undefined
        : await this.#answer(request, path, searchParams, text);
    const given = fault ? faultyAnswer(fault) : (answer ?? lost);
    const query = searchParams.toString();
    this.requests.push({ method, path, query, body: parsed(text), status: given.status });
    if (given === held) return;
    if (given === lost) {
      response.destroy();
      return;
    }
    response.writeHead(given.status, {
      ...(given.body === undefined ? {} : { "content-type": "application/json" }),
      "x-correlation-id": `request-${++this.#lastRequest}`,
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

  async #answer(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    text: string,
  ): Promise<Answer> {
    try {
      if (request.headers.authorization !== `Bearer ${this.#token}`)
        throw new ApiError(401, "unauthorized", "unable to authenticate");
      if (!(request.url ?? "").startsWith("/v1/"))
        throw new ApiError(404, "not_found", "path not found");
      const { route, id } = this.#find(request.method ?? "", path);
      const body = route.request === undefined ? undefined : checkedBody(route.request, text);
      const answer: unknown = await route.handle({ id, query, body });
      if (route.response === undefined) return { status: route.status, body: undefined };
      const faults = faultsOf(route.response, answer);
      if (faults.length > 0)
        throw new Error(`answer to ${route.method} ${route.path}: ${JSON.stringify(faults)}`);
      return { status: route.status, body: answer };
    } catch (error) {
      if (error instanceof ApiError)
        return { status: error.status, body: { error: bodyOf(error) } };
      this.#defects.push(error);
      return { status: 500, body: { error: { code: "server_error", message: String(error) } } };
    }
  }

  #find(method: string, path: string): { readonly route: Route; readonly id: number } {
    const shape = path.replace(/\/\d+(?=\/|$)/, "/{id}");
    const id = Number(/\/(\d+)(?=\/|$)/.exec(path)?.[1] ?? 0);
    const routes = this.#routes.filter((route) => route.path === shape);
    if (routes.length === 0) throw new ApiError(404, "not_found", `path ${path} not found`);
    const route = routes.find((each) => each.method === method);
    if (!route) throw new ApiError(405, "method_not_allowed", "the request method is not allowed");
    return { route, id };
  }
}

const lost: Answer = { status: 0, body: undefined };
const held: Answer = { status: 0, body: undefined };

function faultyAnswer({ status, code, headers = {} }: Fault): Answer {
  if (status === "lost") return lost;
  if (status === "held") return held;
  const named = code === undefined ? (usualCodes[status] ?? "service_error") : code;
  if (named === null) return { status, body: undefined, headers };
  const error = { code: named, message: "made to fail", details: null };
  return { status, body: { error }, headers };
}

function bodyOf({ code, message, details }: ApiError): object {
  return { code, message, details };
}

/** @throws for what is no JSON, or not by the schema */
function checkedBody(schema: string, text: string): unknown {
  const body = parsed(text);
  if (body === undefined)
    throw new ApiError(400, "json_error", "invalid JSON input in your request");
  const faults = faultsOf(schema, body);
  if (faults.length > 0) throw invalidInput(...faults);
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
