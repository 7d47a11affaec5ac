import { request } from "node:http";
import { ActionFailed, HcloudError, isError, StatusError } from "./errors";
import { exponential, requestDelay, retry, type Sleep } from "./retry";

export interface Settings {
  /** Such as `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string;
  readonly token: string;
  /** In milliseconds, before each look at an action. */
  readonly pollDelay: (retries: number) => number;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  readonly status: "running" | "success" | "error";
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
}

/** Answers to most orders: the action that carries them out. */
export interface Ordered {
  readonly action: Action;
}

/** Times that a request is sent again. */
const mostRetries = 5;

/** The original waits without limit; a connection that is lost would hang for good. */
const answerLimitSeconds = 60;

/** Actions that are asked for at once. */
const actionsPerRequest = 25;

/** hcloud-go, as far as the provider uses it. */
export class Client {
  #settings: Settings | undefined;

  constructor(readonly sleep: Sleep) {}

  use(settings: Settings): void {
    this.#settings = settings;
  }

  /** @throws unless the provider is configured */
  session(signal: AbortSignal): Session {
    if (!this.#settings) throw new Error("the hcloud provider is not configured");
    return new Session(this.#settings, this.sleep, signal);
  }
}

/** What one operation of a resource asks of the API. */
export class Session {
  constructor(
    readonly settings: Settings,
    readonly sleep: Sleep,
    readonly signal: AbortSignal,
  ) {}

  readonly wait = (milliseconds: number): Promise<void> => this.sleep(milliseconds, this.signal);

  /**
   * Sends a request, and again where that may help: on conflicts, rate limits, bad gateways and time-outs.
   * @throws {HcloudError | StatusError} when the API refuses
   */
  async send<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.#sendOnce<Answer>(method, path, body);
      } catch (error) {
        if (retries >= mostRetries || !isWorthRetrying(error)) throw error;
        await this.wait(requestDelay(retries));
      }
    }
  }

  /** Reads something; undefined when it is gone. */
  async find<Answer>(path: string): Promise<Answer | undefined> {
    try {
      return await this.send<Answer>("GET", path);
    } catch (error) {
      if (isError(error, "not_found")) return undefined;
      throw error;
    }
  }

  /** Sends an order and waits until it is carried out. */
  async order(path: string, body?: object): Promise<void> {
    const { action } = await this.send<Ordered>("POST", path, body);
    await this.waitFor(action);
  }

  /** An order that is given again while it is refused for one of these reasons. */
  async persist(
    tries: number,
    codes: readonly string[],
    path: string,
    body?: object,
  ): Promise<Action> {
    const { action } = await retry(
      tries,
      (error) => isError(error, ...codes),
      this.wait,
      () => this.send<Ordered>("POST", path, body),
    );
    return action;
  }

  /** Waits until actions have succeeded. @throws {ActionFailed} as soon as one has failed */
  async waitFor(...actions: readonly (Action | undefined)[]): Promise<void> {
    const known = actions.flatMap((action) => action ?? []);
    expectSuccess(known);
    let running = known.filter(({ status }) => status === "running").map(({ id }) => id);
    for (let retries = 0; running.length > 0; retries++) {
      await this.wait(this.settings.pollDelay(retries));
      const seen = await this.#look(running.sort((a, b) => a - b));
      const missing = running.filter((id) => !seen.some((action) => action.id === id));
      if (missing.length > 0) throw new Error(`actions not found: [${missing.join(" ")}]`);
      expectSuccess(seen);
      running = seen.filter(({ status }) => status === "running").map(({ id }) => id);
    }
  }

  async #look(ids: readonly number[]): Promise<Action[]> {
    const seen: Action[] = [];
    for (let first = 0; first < ids.length; first += actionsPerRequest) {
      const query = ids.slice(first, first + actionsPerRequest).map((id) => `id=${id}`);
      const path = `/actions?${query.join("&")}&page=1&per_page=50&sort=status&sort=id`;
      seen.push(...(await this.send<{ actions: Action[] }>("GET", path)).actions);
    }
    return seen;
  }

  #sendOnce<Answer>(method: string, path: string, body: object | undefined): Promise<Answer> {
    const address = `${this.settings.endpoint}${path}`;
    const limit = AbortSignal.timeout(answerLimitSeconds * 1000);
    const payload = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        const reason = limit.aborted
          ? `no answer within ${answerLimitSeconds} s`
          : (lostReasons[error.code ?? ""] ?? error.message);
        if (this.signal.aborted) reject(new Error("context canceled"));
        else
          reject(
            new Error(
              `${method.charAt(0)}${method.slice(1).toLowerCase()} "${address}": ${reason}`,
            ),
          );
      };
      const sent = request(address, {
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${this.settings.token}`,
          ...(payload === undefined ? {} : { "content-type": "application/json" }),
        },
        signal: AbortSignal.any([limit, this.signal]),
        agent: false,
      });
      sent.on("error", failed);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", failed);
        response.on("end", () => {
          const status = response.statusCode ?? 500;
          const answer = jsonOf(Buffer.concat(chunks).toString());
          const id = response.headers["x-correlation-id"];
          if (status < 400) resolve(answer as Answer);
          else reject(errorOf(status, answer, typeof id === "string" ? id : undefined));
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

const retriedCodes = ["conflict", "rate_limit_exceeded", "bad_gateway", "timeout"];
const retriedStatuses = [502, 504];

function isWorthRetrying(error: unknown): boolean {
  return (
    isError(error, ...retriedCodes) ||
    (error instanceof StatusError && retriedStatuses.includes(error.status))
  );
}

function expectSuccess(actions: readonly Action[]): void {
  const failed = actions.find(({ status }) => status === "error");
  if (!failed) return;
  const { code = "<unknown>", message = "<unknown>" } = failed.error ?? {};
  const resources = failed.resources.map(({ type, id }) => `${type}: ${id}`).join(", ");
  throw new ActionFailed(code, message, failed.id, failed.command, resources);
}

function errorOf(status: number, answer: unknown, requestId: string | undefined): Error {
  const { error } = (answer ?? {}) as {
    error?: { code?: string; message?: string; details?: unknown };
  };
  const { code = "", message = "", details } = error ?? {};
  return code === "" && message === ""
    ? new StatusError(status)
    : new HcloudError(status, code, message, requestId, details);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The delay before each look at an action. @param kind `constant`, or else it doubles each time */
export function pollDelay(kind: string, interval: number): (retries: number) => number {
  return kind === "constant" ? () => interval : exponential(interval);
}
