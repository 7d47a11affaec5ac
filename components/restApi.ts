import { setTimeout as sleep } from "node:timers/promises";

/** Where an API is asked, and by which token. */
export interface ApiAccess {
  readonly token: string;
  readonly baseUrl: string;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

export interface ApiAnswer {
  readonly ok: boolean;
  readonly status: number;
  /** Empty where the answer is no JSON, as a gateway's. */
  readonly body: unknown;
}

/** An answer that is none: what the API says, and by which status; zero where it said nothing. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** For an API that is busy or ill for a moment. */
export const usualTries = 4;

const patienceMs = 20_000;

/**
 * Sends a request, and again where that helps.
 * @param triesFor how often it is sent at most, by the answer that it gets
 * @throws ApiError where there is no answer
 */
export async function askApi(
  access: ApiAccess,
  request: ApiRequest,
  triesFor: (answer: ApiAnswer) => number,
): Promise<ApiAnswer> {
  for (let tries = 1; ; tries += 1) {
    const response = await send(access, request);
    const { ok, status, headers } = response;
    const body: unknown = await response.json().catch(() => ({}));
    const answer = { ok, status, body };
    if (tries >= triesFor(answer)) return answer;
    await sleep(waitMs(headers.get("retry-after"), tries));
  }
}

async function send(
  { token, baseUrl }: ApiAccess,
  { method, path, body }: ApiRequest,
): Promise<Response> {
  try {
    return await fetch(`${baseUrl.replace(/\/+$/, "")}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body && { "Content-Type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch (error) {
    const { cause, message } = error as Error & {
      readonly cause?: { readonly message?: string };
    };
    throw new ApiError(0, cause?.message ?? message);
  }
}

/** What the answer asks for, within reason; else longer each time. */
function waitMs(retryAfter: string | null, tries: number): number {
  const asked = Number(retryAfter) * 1000;
  return asked > 0 ? Math.min(asked, 30_000) : Math.min(250 * 2 ** tries, 4_000);
}
