import { setTimeout as sleep } from "node:timers/promises";

/** What a token of Cloudflare's looks like. */
export const tokenShape = /^[0-9A-Za-z_-]{40,80}$/;

/** How Cloudflare is asked, apart from any resource. */
export interface CloudflareAccount {
  readonly token: string;
  /** Absent: Cloudflare's own. */
  readonly baseUrl?: string | undefined;
}

/** The envelope of every answer: https://developers.cloudflare.com/fundamentals/api/ */
interface Envelope {
  readonly success?: boolean;
  readonly errors?: readonly { readonly code: number; readonly message: string }[];
  readonly result?: unknown;
  readonly result_info?: { readonly page?: number; readonly total_pages?: number };
}

/** An answer that is none: what Cloudflare says, and by which status. */
export class CloudflareError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const home = "https://api.cloudflare.com/client/v4";
const patienceMs = 20_000;
const mostTries = 4;

/** Where an account is asked through; tried again where Cloudflare is busy or ill for a moment. */
export class CloudflareApi {
  constructor(private readonly account: CloudflareAccount) {}

  /** @throws CloudflareError */
  async get<Result>(path: string): Promise<Result> {
    return (await this.ask("GET", path)).result as Result;
  }

  /** All pages of a list. @throws CloudflareError */
  async list<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const joint = path.includes("?") ? "&" : "?";
      const { result, result_info: info } = await this.ask(
        "GET",
        `${path}${joint}per_page=50&page=${page}`,
      );
      items.push(...((result ?? []) as Item[]));
      pages = info?.total_pages ?? 1;
    }
    return items;
  }

  /** What is gone already is no failure. @throws CloudflareError */
  async remove(path: string): Promise<void> {
    try {
      await this.ask("DELETE", path);
    } catch (error) {
      if (!(error instanceof CloudflareError && error.status === 404)) throw error;
    }
  }

  private async ask(method: "GET" | "DELETE", path: string): Promise<Envelope> {
    const url = `${this.account.baseUrl ?? home}${path}`;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.send(method, url);
      const again = answer.status === 429 || answer.status >= 500;
      if (again && tries < mostTries) {
        await sleep(waitMs(answer.headers.get("retry-after"), tries));
        continue;
      }
      const body = (await answer.json().catch(() => ({}))) as Envelope;
      if (answer.ok && body.success !== false) return body;
      const [error] = body.errors ?? [];
      throw new CloudflareError(answer.status, error?.message ?? `it answered ${answer.status}`);
    }
  }

  private async send(method: string, url: string): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.account.token}` };
    try {
      return await fetch(url, { method, headers, signal: AbortSignal.timeout(patienceMs) });
    } catch (error) {
      const { cause, message } = error as Error & {
        readonly cause?: { readonly message?: string };
      };
      throw new CloudflareError(0, cause?.message ?? message);
    }
  }
}

/** What the answer asks for, within reason; else longer each time. */
function waitMs(retryAfter: string | null, tries: number): number {
  const asked = Number(retryAfter) * 1000;
  return asked > 0 ? Math.min(asked, 30_000) : 250 * 2 ** tries;
}
