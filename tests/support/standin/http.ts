import type { IncomingMessage, ServerResponse } from "node:http";

/** A finished answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** An uploaded file. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Parameters of query and body alike, under the names that forms use: `user[email]`, `media_ids[]`. */
export class Params {
  readonly files = new Map<string, Upload>();

  constructor(private readonly values: URLSearchParams) {}

  get(name: string): string {
    return this.values.get(name) ?? "";
  }

  all(name: string): string[] {
    return this.values.getAll(name);
  }

  append(name: string, value: string): void {
    this.values.append(name, value);
  }
}

/** Raised by a handler to answer with an error in JSON. */
export class HttpError extends Error {
  override name = "HttpError";

  constructor(
    readonly status: number,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The largest body that is read: the original's limit for video, 99 MB. */
const bodyLimit = 99 * 1024 * 1024;

export function json(value: unknown, status = 200, headers: Reply["headers"] = {}): Reply {
  return {
    status,
    headers: {
      "Content-Type": "application/json; charset=utf-8",
      "Cache-Control": "private, no-store",
      ...headers,
    },
    body: JSON.stringify(value),
  };
}

export function redirect(location: string, status = 302, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { Location: location, ...headers }, body: "" };
}

/** Reads query and body of a request. */
export async function readParams(request: IncomingMessage, url: URL): Promise<Params> {
  const params = new Params(new URLSearchParams(url.search));
  const body = await readBody(request);
  if (body.length === 0) return params;
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/json")) appendJson(params, body);
  else await appendForm(params, body, type);
  return params;
}

async function appendForm(params: Params, body: Buffer, type: string): Promise<void> {
  const response = new Response(body, { headers: { "Content-Type": type } });
  // Holds the whole body in memory, which is discouraged for servers and of no concern to a test double.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await response.formData().catch(() => undefined);
  if (form === undefined) throw new HttpError(400, "Error parsing the request's body");
  for (const [name, value] of form) {
    if (typeof value === "string") params.append(name, value);
    else {
      const bytes = Buffer.from(await value.arrayBuffer());
      params.files.set(name, { name: value.name, type: value.type, bytes });
    }
  }
}

function appendJson(params: Params, body: Buffer): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    throw new HttpError(400, "Error occurred while parsing request parameters");
  }
  if (typeof parsed !== "object" || parsed === null) return;
  for (const [name, value] of Object.entries(parsed)) {
    if (Array.isArray(value)) for (const item of value) params.append(`${name}[]`, String(item));
    else if (value !== null) params.append(name, String(value));
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new HttpError(413, "Payload too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function send(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    "Content-Length": Buffer.byteLength(reply.body),
  });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}
