import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Redis } from "ioredis";
import type { Pool } from "pg";
import { WebSocketServer, type WebSocket } from "ws";
import { openPool, openRedis } from "./connections";
import { log, messageOf } from "./log";

/** What a token opens. */
interface Identity {
  readonly tokenId: string;
  readonly accountId: string;
  readonly scopes: readonly string[];
}

class StreamError extends Error {
  override name = "StreamError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Listener = (message: { event: string; payload: unknown }) => void;

const pathPrefix = "/api/v1/streaming";

/** Redis channels by name of the public streams. */
const publicChannels: Readonly<Record<string, string>> = {
  public: "timeline:public",
  "public:local": "timeline:public:local",
  "public:remote": "timeline:public:remote",
};

/** Shares one Redis subscription among all who listen to a channel. */
class Subscriptions {
  private readonly listeners = new Map<string, Set<Listener>>();
  messages = 0;

  constructor(private readonly redis: Redis) {
    redis.on("message", (channel: string, text: string) => {
      this.messages += 1;
      const message = JSON.parse(text) as Parameters<Listener>[0];
      this.listeners.get(channel)?.forEach((listener) => listener(message));
    });
  }

  get size(): number {
    return this.listeners.size;
  }

  async add(channel: string, listener: Listener): Promise<void> {
    const known = this.listeners.get(channel);
    if (known !== undefined) {
      known.add(listener);
      return;
    }
    this.listeners.set(channel, new Set([listener]));
    await this.redis.subscribe(channel);
  }

  remove(channel: string, listener: Listener): void {
    const known = this.listeners.get(channel);
    known?.delete(listener);
    if (known?.size !== 0) return;
    this.listeners.delete(channel);
    void this.redis.unsubscribe(channel).catch(complain);
  }
}

const complain = (error: unknown): void => log("streaming", messageOf(error));

/** `node ./streaming/index.js`: serves until SIGTERM. Reads none of the Ruby side's secrets. */
export function streaming(): void {
  // As in the original, a crash ends with 0, so only a restart policy of "always" brings it back.
  process.on("uncaughtException", (error) => {
    log("streaming", `uncaught exception: ${messageOf(error)}`);
    process.exit(0);
  });
  const pool = openPool(process.env, 10);
  const subscriptions = new Subscriptions(openRedis(process.env, null));
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    answer(request, response, pool, subscriptions, sockets).catch((error: unknown) =>
      refuse(response, error),
    );
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", complain);
    identify(request, pool)
      .then((identity) => {
        sockets.handleUpgrade(request, socket, head, (client) => {
          sockets.emit("connection", client, request);
          serveSocket(client, request, identity, subscriptions);
        });
      })
      .catch((error: unknown) => {
        const { status, message } = asStreamError(error);
        socket.end(
          `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\nX-Error-Message: ${message}\r\n\r\n`,
        );
      });
  });
  keepAlive(sockets);
  server.on("error", (error) => {
    throw error;
  });
  const port = Number(process.env.PORT ?? 4000);
  const address = process.env.BIND ?? "127.0.0.1";
  server.listen(port, address, () =>
    log("streaming", `Streaming API (stand-in for Mastodon) now listening on ${address}:${port}`),
  );
  const end = (): void => process.exit(0);
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

/** Drops whoever did not answer the ping of 30 seconds ago. */
function keepAlive(sockets: WebSocketServer): void {
  const alive = new WeakSet<WebSocket>();
  sockets.on("connection", (client) => {
    alive.add(client);
    client.on("pong", () => alive.add(client));
  });
  setInterval(() => {
    for (const client of sockets.clients) {
      if (!alive.delete(client)) client.terminate();
      else client.ping();
    }
  }, 30_000);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pool: Pool,
  subscriptions: Subscriptions,
  sockets: WebSocketServer,
): Promise<void> {
  const url = urlOf(request);
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (url.pathname === `${pathPrefix}/health`) {
    response.writeHead(200, { "Content-Type": "text/plain" }).end("OK");
  } else if (url.pathname === "/metrics") {
    const lines = [
      `connected_clients{type="websocket"} ${sockets.clients.size}`,
      `redis_subscriptions ${subscriptions.size}`,
      `redis_messages_received_total ${subscriptions.messages}`,
      `pg_pool_total_connections ${pool.totalCount}`,
    ];
    response
      .writeHead(200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" })
      .end(`${lines.join("\n")}\n`);
  } else {
    await serveEvents(request, response, url, pool, subscriptions);
  }
}

/** Server-sent events, the older way to listen. */
async function serveEvents(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  pool: Pool,
  subscriptions: Subscriptions,
): Promise<void> {
  const stream = url.pathname.startsWith(`${pathPrefix}/`)
    ? url.pathname.slice(pathPrefix.length + 1).replaceAll("/", ":")
    : "";
  if (stream !== "user" && publicChannels[stream] === undefined)
    throw new StreamError(400, "Unknown channel requested");
  const channels = channelsOf(stream, await identify(request, pool));
  response
    .writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" })
    .write(":)\n");
  const listener: Listener = ({ event, payload }) =>
    response.write(`event: ${event}\ndata: ${encode(payload)}\n\n`);
  const heartbeat = setInterval(() => response.write(":thump\n"), 15_000);
  request.on("close", () => {
    clearInterval(heartbeat);
    channels.forEach((channel) => subscriptions.remove(channel, listener));
  });
  for (const channel of channels) await subscriptions.add(channel, listener);
}

function serveSocket(
  client: WebSocket,
  request: IncomingMessage,
  identity: Identity,
  subscriptions: Subscriptions,
): void {
  const open = new Map<string, { channels: readonly string[]; listener: Listener }>();
  const leave = (stream: string): void => {
    const { channels = [], listener } = open.get(stream) ?? {};
    if (listener !== undefined)
      channels.forEach((channel) => subscriptions.remove(channel, listener));
    open.delete(stream);
  };
  const join = async (stream: string): Promise<void> => {
    if (open.has(stream)) return;
    const channels = channelsOf(stream, identity);
    const listener: Listener = ({ event, payload }) =>
      client.send(JSON.stringify({ stream: [stream], event, payload: encode(payload) }));
    open.set(stream, { channels, listener });
    for (const channel of channels) await subscriptions.add(channel, listener);
  };
  const obey = (type: string | null, stream: string): void => {
    if (type === "unsubscribe") leave(stream);
    if (type !== "subscribe") return;
    join(stream).catch((error: unknown) => {
      const { status, message } = asStreamError(error);
      client.send(JSON.stringify({ error: message, status }));
    });
  };
  const system = `timeline:access_token:${identity.tokenId}`;
  const onSystem: Listener = ({ event }) => event === "kill" && client.close();
  subscriptions.add(system, onSystem).catch(complain);
  client.on("error", complain);
  client.on("close", () => {
    subscriptions.remove(system, onSystem);
    [...open.keys()].forEach(leave);
  });
  client.on("message", (data: Buffer) => {
    const command = parseCommand(data);
    if (command !== undefined) obey(command.type, command.stream);
  });
  const first = urlOf(request).searchParams.get("stream");
  if (first !== null) obey("subscribe", first);
}

function parseCommand(data: Buffer): { type: string; stream: string } | undefined {
  try {
    return JSON.parse(data.toString("utf8")) as { type: string; stream: string };
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Every stream needs a token, the public ones too. */
async function identify(request: IncomingMessage, pool: Pool): Promise<Identity> {
  const { authorization } = request.headers;
  const token =
    authorization?.replace(/^Bearer /, "") ??
    urlOf(request).searchParams.get("access_token") ??
    request.headers["sec-websocket-protocol"];
  if (!token) throw new StreamError(401, "Missing access token");
  const { rows } = await pool.query<{ id: string; account_id: string; scopes: string }>(
    `SELECT tokens.id, users.account_id, tokens.scopes FROM oauth_access_tokens tokens
     JOIN users ON users.id = tokens.resource_owner_id WHERE token = $1 AND revoked_at IS NULL`,
    [token],
  );
  const row = rows[0];
  if (row === undefined) throw new StreamError(401, "Invalid access token");
  return { tokenId: row.id, accountId: row.account_id, scopes: row.scopes.split(" ") };
}

function channelsOf(stream: string, { accountId, scopes }: Identity): string[] {
  const channel = publicChannels[stream];
  if (channel !== undefined) return [channel];
  if (stream !== "user") throw new StreamError(400, "Unknown stream type");
  if (!scopes.includes("read") && !scopes.includes("read:statuses")) {
    throw new StreamError(401, "Access token does not have the required scopes");
  }
  return [`timeline:${accountId}`];
}

const urlOf = (request: IncomingMessage): URL =>
  new URL((request.url ?? "/").replace(/^\/+/, "/"), "http://localhost");

const encode = (payload: unknown): string =>
  typeof payload === "string" ? payload : JSON.stringify(payload);

/** Faults of our own, such as a lost database, stay unexplained to the client. */
function asStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  complain(error);
  return new StreamError(500, "Internal Server Error");
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, message } = asStreamError(error);
  if (!response.headersSent) response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: message }));
}
