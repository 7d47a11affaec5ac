import { Agent, request, type IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";

/** Where a gateway listens in clear, and what stands before it adds to each request. */
export interface Front {
  readonly host: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The address that requests come from. Default: the system's choice. */
  readonly from?: string;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A gateway with nothing behind it answers after half a minute, in which it looks for a name: on a busy machine, later. */
const patienceMs = 120_000;

/** One request. A header of undefined is left out, whatever the front says. */
export function ask(
  front: Front,
  path: string,
  headers: Readonly<Record<string, string | undefined>> = {},
  { method = "GET", body, agent }: { method?: string; body?: string; agent?: Agent } = {},
): Promise<PlainAnswer> {
  const sent = Object.entries({ ...front.headers, ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: front.host,
        port: front.port,
        path,
        method,
        headers: Object.fromEntries(sent),
        timeout: patienceMs,
        agent: agent ?? false,
        ...(front.from === undefined ? {} : { localAddress: front.from }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    call.on("timeout", () => call.destroy(new Error(`${method} ${path} was not answered`)));
    call.on("error", reject);
    call.end(body);
  });
}

/** What came of many requests. */
export interface Tally {
  readonly requests: number;
  /** Each that was not answered as it should be, in words. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

interface LoadOptions {
  /** How many are on their way at a time. */
  readonly abreast: number;
  /** At least so many are made, however early the work is done. */
  readonly least: number;
  /** Makes one request, by its number. @throws where the answer is a wrong one */
  readonly one: (number: number, agent: Agent) => Promise<void>;
}

/** Makes requests without a pause, from before some work begins until after it has ended. */
export async function underLoad(
  { abreast, least, one }: LoadOptions,
  work: () => Promise<unknown>,
): Promise<Tally> {
  const agent = new Agent({ keepAlive: true, maxSockets: abreast });
  const failures: string[] = [];
  let [requests, slowestMs, working] = [0, 0, true];
  const visit = async (): Promise<void> => {
    while (working || requests < least) {
      const number = ++requests;
      const began = Date.now();
      await one(number, agent).catch((error: unknown) => failures.push(String(error)));
      slowestMs = Math.max(slowestMs, Date.now() - began);
      // Leaves the two cores of a small machine to what is being watched.
      await sleep(20);
    }
  };
  const visits = Promise.all(Array.from({ length: abreast }, visit));
  try {
    await work();
  } finally {
    working = false;
    await visits;
    agent.destroy();
  }
  return { requests, failures, slowestMs };
}

/** Many people who listen, and who come back when they are cut off, as Mastodon's own pages do. */
export class Listeners {
  /** How often one of them was cut off. */
  losses = 0;
  private ended = false;
  private readonly sockets = new Set<WebSocket>();
  private readonly arrived: string[] = [];

  private constructor(
    private readonly front: Front,
    private readonly token: string,
  ) {}

  static open(front: Front, token: string, count: number): Listeners {
    const listeners = new Listeners(front, token);
    for (let number = 0; number < count; number += 1) listeners.connect();
    return listeners;
  }

  get connected(): number {
    return [...this.sockets].filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** How many have got a message with a text in it. */
  received(text: string): number {
    return this.arrived.filter((message) => message.includes(text)).length;
  }

  close(): void {
    this.ended = true;
    this.sockets.forEach((socket) => socket.terminate());
  }

  private connect(): void {
    const { host, port, headers } = this.front;
    const address = `ws://${host}:${port}/api/v1/streaming?stream=user&access_token=${this.token}`;
    const socket = new WebSocket(address, { headers });
    let opened = false;
    this.sockets.add(socket);
    socket.on("open", () => (opened = true));
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => this.arrived.push(data.toString()));
    socket.on("close", () => {
      this.sockets.delete(socket);
      if (this.ended) return;
      if (opened) this.losses += 1;
      setTimeout(() => this.ended || this.connect(), 200 + Math.random() * 800);
    });
  }
}
