import { request } from "node:http";
import type { Sleep } from "../hcloud/retry";

export interface Settings {
  /** Such as `http://127.0.0.1:8080/client/v4`. */
  readonly baseUrl: string;
  readonly token: string;
}

/** Times that a request is sent again. */
const mostRetries = 10;

/** The original waits without limit; a connection that is lost would hang for good. */
const answerLimitSeconds = 60;

const second = 1000;

/** An answer that says no, or is none. */
export class RequestFailed extends Error {
  /** @param status of the answer; undefined where there was none */
  constructor(
    reason: string,
    readonly status?: number,
    readonly retryAfter?: number,
  ) {
    super(`failed to make http request: ${reason}`);
  }
}

/** cloudflare-go, as far as the provider uses it. */
export class Client {
  #settings: Settings | undefined;

  constructor(readonly sleep: Sleep) {}

  use(settings: Settings): void {
    this.#settings = settings;
  }

  /**
   * Sends a request, and again after lost connections, conflicts, rate limits and errors of the server. It makes no
   * difference whether the work may have been done.
   * @returns the envelope's result
   * @throws {RequestFailed} when the API refuses, or nobody answers
   */
  async send<Result>(
    signal: AbortSignal,
    method: string,
    path: string,
    body?: object,
  ): Promise<Result> {
    for (let retries = 0; ; retries++) {
      try {
        return (await this.#sendOnce(signal, method, path, body)) as Result;
      } catch (error) {
        if (retries >= mostRetries || !isWorthRetrying(error)) throw error;
        await this.sleep(delay(error.retryAfter, retries), signal);
      }
    }
  }

  /** Reads something; undefined when it is gone. */
  async find<Result>(signal: AbortSignal, path: string): Promise<Result | undefined> {
    try {
      return await this.send<Result>(signal, "GET", path);
    } catch (error) {
      if (error instanceof RequestFailed && error.status === 404) return undefined;
      throw error;
    }
  }

  #sendOnce(
    signal: AbortSignal,
    method: string,
    path: string,
    body: object | undefined,
  ): Promise<unknown> {
    if (!this.#settings) throw new Error("the cloudflare provider is not configured");
    const { baseUrl, token } = this.#settings;
    const address = `${baseUrl}${path}`;
    const limit = AbortSignal.timeout(answerLimitSeconds * second);
    const payload = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        const reason = limit.aborted
          ? `no answer within ${answerLimitSeconds} s`
          : (lostReasons[error.code ?? ""] ?? error.message);
        const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
        if (signal.aborted) reject(new Error("context canceled"));
        else reject(new RequestFailed(`${verb} "${address}": ${reason}`));
      };
      const sent = request(address, {
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${token}`,
          ...(payload === undefined ? {} : { "content-type": "application/json" }),
        },
        signal: AbortSignal.any([limit, signal]),
        agent: false,
      });
      sent.on("error", failed);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", failed);
        response.on("end", () => {
          const status = response.statusCode ?? 500;
          const text = Buffer.concat(chunks).toString();
          if (status < 400) {
            resolve(resultOf(text));
            return;
          }
          const said = `${method} "${address}": ${status} ${response.statusMessage ?? ""} ${text}`;
          const after = Number(response.headers["retry-after"] ?? NaN) * second;
          reject(new RequestFailed(said, status, Number.isNaN(after) ? undefined : after));
        });
      });
      sent.end(payload);
    });
  }
}

/** What Go says of connections, by what Node says. */
const lostReasons: Readonly<Record<string, string>> = {
  ECONNRESET: "EOF",
  ECONNREFUSED: "connect: connection refused",
};

/** Undefined for what is no answer of the API. */
function resultOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly result?: unknown }).result;
  } catch {
    return undefined;
  }
}

function isWorthRetrying(error: unknown): error is RequestFailed {
  if (!(error instanceof RequestFailed)) return false;
  const { status } = error;
  return status === undefined || [408, 409, 429].includes(status) || status >= 500;
}

/** In milliseconds: what the answer asks for, else doubling from 2 s to 30 s, less up to a quarter by chance. */
export function delay(retryAfter: number | undefined, retries: number): number {
  if (retryAfter !== undefined) return Math.max(0, retryAfter);
  const longest = Math.min(30 * second, 2 * second * 2 ** retries);
  return longest - Math.random() * (longest / 4);
}
