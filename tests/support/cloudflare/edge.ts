import { randomUUID } from "node:crypto";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { edgePort, onLines, say, type Hello } from "../cloudflared/protocol";
import type { CloudflareApi } from "./api";
import type { Connector } from "./tunnels";

interface Options {
  /** Knows the tunnels, their tokens and their rules. */
  readonly api: CloudflareApi;
  /** Of Cloudflare, for the names of the zone, in PEM. */
  readonly certificate: { readonly key: string; readonly cert: string };
}

/** A connector that is registered. */
interface Registered {
  readonly control: Socket;
  readonly tunnelId: string;
  /** What it was last told. */
  ingress: string;
}

/** Where visitors come in. On the usual loopback address, this machine's registries are looked for on the same port. */
export const edgeAddress = "127.0.0.2";

/** The longest head of a request that is read, in bytes. */
const longestHead = 64 * 1024;

/**
 * A test double of Cloudflare's edge for one account: visitors come in on port 443 by HTTPS, connectors register on 7844,
 * and each request is led to one of them, with the headers that Cloudflare adds. It neither caches nor changes anything,
 * and takes one request a connection.
 */
export class CloudflareEdge {
  private readonly connectors: Registered[] = [];
  private readonly waiting = new Map<string, (socket: Socket) => void>();
  private readonly sockets = new Set<Socket>();
  private turn = 0;

  private constructor(
    private readonly api: CloudflareApi,
    private readonly servers: readonly Server[],
  ) {}

  static async start({ api, certificate }: Options): Promise<CloudflareEdge> {
    const tunnels = createTcpServer();
    const visitors = createTlsServer({ ...certificate, ALPNProtocols: ["http/1.1"] });
    const edge = new CloudflareEdge(api, [tunnels, visitors]);
    tunnels.on("connection", (socket) => edge.greet(edge.watched(socket)));
    visitors.on("secureConnection", (socket) => edge.receive(edge.watched(socket)));
    await listening(tunnels, edgePort, "0.0.0.0");
    await listening(visitors, 443, edgeAddress);
    return edge;
  }

  /** How many connectors are registered. */
  get connected(): number {
    return this.connectors.length;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      this.servers.map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  private watched(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    return socket;
  }

  /** Whatever comes from a machine: a connector, or one that takes up a visitor's stream. */
  private greet(socket: Socket): void {
    socket.once("data", (chunk: Buffer) => {
      const end = chunk.indexOf("\n");
      const hello = JSON.parse(chunk.subarray(0, end).toString()) as Hello;
      if (hello.kind === "connector") {
        this.register(socket, hello.token);
        return;
      }
      socket.pause();
      if (chunk.length > end + 1) socket.unshift(chunk.subarray(end + 1));
      this.waiting.get(hello.stream)?.(socket);
      this.waiting.delete(hello.stream);
    });
  }

  private register(control: Socket, token: string): void {
    let connector: Connector;
    try {
      connector = this.api.connect(token);
    } catch (error) {
      say(control, { kind: "refused", reason: String(error) });
      control.end();
      return;
    }
    const { t: tunnelId } = JSON.parse(Buffer.from(token, "base64").toString()) as { t: string };
    const registered = { control, tunnelId, ingress: "" };
    this.connectors.push(registered);
    this.tell(registered);
    // A closed connection is only noticed by who reads from it.
    onLines(control, () => undefined);
    control.on("close", () => {
      this.api.disconnect(connector);
      this.connectors.splice(this.connectors.indexOf(registered), 1);
    });
  }

  /** Rules that have changed since it was last told. */
  private tell(registered: Registered): void {
    const { config } = this.api.account.tunnels.find(({ id }) => id === registered.tunnelId) ?? {};
    const rules = config?.ingress ?? [];
    const text = JSON.stringify(rules);
    if (text === registered.ingress) return;
    registered.ingress = text;
    say(registered.control, { kind: "ingress", ingress: rules });
  }

  private receive(visitor: Socket): void {
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1 && head.length < longestHead) return;
      visitor.off("data", read);
      visitor.pause();
      this.lead(visitor, head.subarray(0, end).toString("latin1"), head.subarray(end + 4));
    };
    visitor.on("data", read);
  }

  private lead(visitor: Socket, head: string, rest: Buffer): void {
    const [first = "", ...headers] = head.split("\r\n");
    const host = /^host:\s*(\S+)/im.exec(head)?.[1] ?? "";
    const path = (first.split(" ")[1] ?? "").replace(/\?.*$/, "");
    const [tunnelId] = this.targetOf(host)?.split(".") ?? [];
    const connectors = this.connectors.filter((each) => each.tunnelId === tunnelId);
    const chosen = connectors[(this.turn += 1) % Math.max(1, connectors.length)];
    if (chosen === undefined) {
      const status = tunnelId === undefined ? "409 Conflict" : "530 Origin DNS Error";
      visitor.end(
        `HTTP/1.1 ${status}\r\nContent-Length: 16\r\nConnection: close\r\n\r\nerror code: 1033`,
      );
      return;
    }
    this.tell(chosen);
    const stream = randomUUID();
    const address = visitor.remoteAddress ?? "";
    const upgrade = headers.some((line) => /^upgrade:/i.test(line));
    const passed = [
      first,
      ...headers.filter((line) => !replaced.test(line) && (upgrade || !/^connection:/i.test(line))),
      ...(upgrade ? [] : ["Connection: close"]),
      `CF-Connecting-IP: ${address}`,
      `X-Forwarded-For: ${address}`,
      "X-Forwarded-Proto: https",
      'CF-Visitor: {"scheme":"https"}',
    ];
    this.waiting.set(stream, (tunnel) => {
      tunnel.write(`${passed.join("\r\n")}\r\n\r\n`, "latin1");
      tunnel.write(rest);
      tunnel.pipe(visitor);
      visitor.pipe(tunnel);
    });
    say(chosen.control, { kind: "visitor", stream, hostname: host, path });
  }

  /** What the DNS record of a name, if there is a proxied one, leads to. */
  private targetOf(host: string): string | undefined {
    return this.api.account.zones
      .flatMap(({ records }) => records)
      .find(({ name, type, proxied }) => name === host && type === "CNAME" && proxied)?.content;
  }
}

/** Headers that Cloudflare sets itself, whatever a visitor sends. */
const replaced = /^(cf-connecting-ip|x-forwarded-for|x-forwarded-proto|cf-visitor):/i;

const listening = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
