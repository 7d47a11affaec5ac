import { request, type RequestOptions } from "node:http";
import { StdioConnection } from "../../../../components/host/stdioConnection";
import type { Value } from "../values";

/** The newest API that the original's client speaks. */
const newestApi = "1.51";

/** An answer of the engine that says no. */
class EngineError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(`Error response from daemon: ${message}`);
  }
}

interface Call {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON, or as it is if it is a buffer (a tar archive). */
  readonly body?: object | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** 60 seconds if not given: a lost connection would otherwise hang for good. */
  readonly limitSeconds?: number;
  readonly signal: AbortSignal;
}

/** The part of the Docker Engine API that the provider needs, with the messages of Docker's own client. */
export class Engine {
  #host: string;
  #sshOptions: readonly string[] = [];
  #version: Promise<string> | undefined;

  /** @param host `unix:///path`, `tcp://host:port` or `ssh://user@host:port` */
  constructor(host: string) {
    this.#host = host;
  }

  /** Turns to another host. @param sshOptions arguments of `ssh`, where it is reached by that */
  use(host: string, sshOptions: readonly string[] = []): void {
    this.#host = host;
    this.#sshOptions = sshOptions;
    this.#version = undefined;
  }

  /** The version of the API in use: the newest that both sides speak. */
  async version(signal: AbortSignal): Promise<string> {
    this.#version ??= this.#negotiate(signal);
    try {
      return await this.#version;
    } catch (error) {
      this.#version = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(
        `failed to create Docker client: Error pinging Docker server, please make sure that ${this.#host} is reachable ` +
          `and has a  '_ping' endpoint. Error: ${reason}`,
        { cause: error },
      );
    }
  }

  /**
   * Sends a request and returns its JSON answer.
   * @throws {EngineError} when the engine refuses
   */
  async json<Answer>(method: string, path: string, call: Call): Promise<Answer> {
    const answer = await this.raw(method, path, call);
    return JSON.parse(answer.toString() || "null") as Answer;
  }

  /** Sends a request and returns all of its answer. */
  async raw(method: string, path: string, call: Call): Promise<Buffer> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) query.set(key, String(value));
    const text = query.toString();
    const address = `/v${await this.version(call.signal)}${path}${text && `?${text}`}`;
    const { status, body } = await this.#send(method, address, call);
    if (status >= 400) throw new EngineError(messageOf(body), status);
    return body;
  }

  async #negotiate(signal: AbortSignal): Promise<string> {
    const { status, headers } = await this.#send("GET", "/_ping", { signal, limitSeconds: 15 });
    if (status >= 400) throw new Error(`status ${status}`);
    const offered = String(headers["api-version"] ?? "1.24");
    return isOlder(offered, newestApi) ? offered : newestApi;
  }

  #send(
    method: string,
    path: string,
    call: Call,
  ): Promise<{ status: number; headers: Headers; body: Buffer }> {
    const { body, limitSeconds = 60 } = call;
    const limit = AbortSignal.timeout(limitSeconds * 1000);
    const payload =
      body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? "application/x-tar" : "application/json";
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        if (call.signal.aborted) reject(new Error("context canceled"));
        else if (limit.aborted)
          reject(
            new Error(`${this.#host} did not answer ${method} ${path} within ${limitSeconds} s`),
          );
        else reject(new Error(this.#explain(error)));
      };
      const sent = request({
        ...this.#target(),
        method,
        path,
        headers: {
          ...call.headers,
          ...(payload ? { "content-type": type, "content-length": payload.length } : {}),
        },
        signal: AbortSignal.any([limit, call.signal]),
      });
      sent.on("error", failed);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", failed);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 500,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      sent.end(payload);
    });
  }

  #target(): RequestOptions {
    const { protocol, pathname, hostname, port, username } = new URL(this.#host);
    if (protocol === "unix:") return { socketPath: pathname, agent: false };
    if (protocol === "tcp:" || protocol === "http:") return { hostname, port, agent: false };
    if (protocol !== "ssh:")
      throw new Error(`the stand-in for the docker provider cannot reach engines at ${this.#host}`);
    // In the order of docker/cli's `connhelper`, whose options of its own come after the provider's.
    const args = [
      ...this.#sshOptions,
      ...(username === "" ? [] : ["-l", username]),
      ...(port === "" ? [] : ["-p", port]),
      ...["-o", "ConnectTimeout=30", "-T", "--"],
      hostname.replace(/^\[|\]$/g, ""),
      ...["docker", "system", "dial-stdio"],
    ];
    return { hostname, createConnection: () => new StdioConnection("ssh", args) };
  }

  #explain(error: NodeJS.ErrnoException): string {
    const explained: Readonly<Record<string, string>> = {
      ENOENT: `Cannot connect to the Docker daemon at ${this.#host}. Is the docker daemon running?`,
      ECONNREFUSED: `Cannot connect to the Docker daemon at ${this.#host}. Is the docker daemon running?`,
      EACCES: `permission denied while trying to connect to the Docker daemon socket at ${this.#host}`,
      ECONNRESET: `the connection to the Docker daemon at ${this.#host} was lost`,
      EPIPE: `the connection to the Docker daemon at ${this.#host} was lost`,
    };
    return explained[error.code ?? ""] ?? error.message;
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whether the API version `a` is older than `b`; both like `1.41`. */
export function isOlder(a: string, b: string): boolean {
  const minor = (version: string): number => Number(version.split(".")[1]);
  return minor(a) < minor(b);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404;
}

/** Whether the message is one that the provider takes as no error. */
export function says(error: unknown, ...parts: string[]): boolean {
  const message = error instanceof Error ? error.message.toLowerCase() : "";
  return parts.some((part) => message.includes(part.toLowerCase()));
}

/** The message of an error, in the form that the framework gives to what a provider reports. */
export function reported(error: unknown, doing?: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return `1 error occurred:\n\t* ${doing === undefined ? "" : `${doing}: `}${message}\n\n`;
}

/**
 * Tries a removal until it is no longer refused for being in use, for 30 seconds as the original does; but asks more often.
 * @param attempt returns whether the thing is gone
 * @param state what the original calls the state of waiting
 */
export async function untilRemoved(attempt: () => Promise<boolean>, state: string): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await attempt())) {
    if (Date.now() > end) {
      throw new Error(
        `timeout while waiting for state to become 'removed' (last state: '${state}', timeout: 30s)`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function messageOf(body: Buffer): string {
  try {
    const { message } = JSON.parse(body.toString()) as { message?: Value };
    return typeof message === "string" ? message : body.toString();
  } catch {
    return body.toString();
  }
}
