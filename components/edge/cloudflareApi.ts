import { ApiError, askApi, usualTries, type ApiAnswer } from "../restApi";

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

const home = "https://api.cloudflare.com/client/v4";

/** Where an account is asked through; tried again where Cloudflare is busy or ill for a moment. */
export class CloudflareApi {
  constructor(private readonly account: CloudflareAccount) {}

  /** @throws ApiError */
  async get<Result>(path: string): Promise<Result> {
    return (await this.ask("GET", path)).result as Result;
  }

  /** All pages of a list. @throws ApiError */
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

  /** What is gone already is no failure. @throws ApiError */
  async remove(path: string): Promise<void> {
    try {
      await this.ask("DELETE", path);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  private async ask(method: "GET" | "DELETE", path: string): Promise<Envelope> {
    const { token, baseUrl = home } = this.account;
    const answer = await askApi({ token, baseUrl }, { method, path }, triesFor);
    const body = answer.body as Envelope;
    if (answer.ok && body.success !== false) return body;
    const [error] = body.errors ?? [];
    throw new ApiError(answer.status, error?.message ?? `it answered ${answer.status}`);
  }
}

const triesFor = ({ status }: ApiAnswer): number =>
  status === 429 || status >= 500 ? usualTries : 1;
