import { request } from "node:https";
import type { IncomingHttpHeaders } from "node:http";

/** What a visitor was answered, its body read to the end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface VisitOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** An authority that is trusted beside those of the system, in PEM. */
  readonly authority?: string | undefined;
}

const patienceMs = 20_000;

/** One GET, as anybody in the internet makes it; redirects are not followed. @throws what kept it from an answer */
export const visit = (url: string, options: VisitOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { headers, authority } = options;
    const call = request(
      url,
      {
        headers: { "user-agent": "mastodon-doctor", ...headers },
        timeout: patienceMs,
        agent: false,
        ...(authority === undefined ? {} : { ca: authority }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    call.on("timeout", () =>
      call.destroy(new Error(`no answer within ${patienceMs / 1000} seconds`)),
    );
    call.on("error", reject);
    call.end();
  });
