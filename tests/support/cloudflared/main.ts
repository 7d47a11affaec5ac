import { readFileSync } from "node:fs";
import { createServer, get } from "node:http";
import { connect, type Socket } from "node:net";
import { ingressFault, ruleFor, type IngressRule } from "./ingress";
import { edgePort, onLines, say, type Notice } from "./protocol";

/**
 * The stand-in for cloudflared: `tunnel … run` and `tunnel … ready` as the program calls them. It finds Cloudflare's edge
 * at its own way out, learns its rules there, and leads visitors by them. Anything else is refused, as the original would
 * refuse what it does not know.
 */
interface Call {
  readonly command: "run" | "ready";
  readonly metrics: string;
}

const usageError = (message: string): never => {
  process.stderr.write(`${message}\nSee 'cloudflared tunnel --help'.\n`);
  process.exit(1);
};

/** @param args as the image's entry point gives them, with a flag of its own before the command, or without */
function callOf(args: readonly string[]): Call {
  const [first, ...rest] = args[0] === "--no-autoupdate" ? args.slice(1) : args;
  if (first !== "tunnel") return usageError(`No help topic for '${first ?? ""}'`);
  let metrics: string | undefined;
  const words: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? "";
    if (word === "--metrics") metrics = rest[(index += 1)];
    else if (word.startsWith("-") && word !== "--no-autoupdate")
      return usageError(`flag provided but not defined: ${word}`);
    else if (!word.startsWith("-")) words.push(word);
  }
  const [command, ...more] = words;
  if ((command !== "run" && command !== "ready") || more.length > 0)
    return usageError(`the stand-in for cloudflared does not know: ${words.join(" ")}`);
  if (metrics === undefined)
    return usageError("the stand-in for cloudflared needs --metrics, to be asked for its health");
  return { command, metrics };
}

function log(message: string): void {
  process.stderr.write(`${new Date().toISOString()} INF ${message}\n`);
}

/** The address of the router that leads out of this container: /proc/net/route has it in hexadecimal, backwards. */
function wayOut(): string {
  const routes = readFileSync("/proc/net/route", "utf8").split("\n").slice(1);
  const [, , gateway = ""] =
    routes.map((line) => line.split("\t")).find(([, destination]) => destination === "00000000") ??
    [];
  return (gateway.match(/../g) ?? [])
    .reverse()
    .map((byte) => parseInt(byte, 16))
    .join(".");
}

/** `ready` ends as the answer says. */
function askReady(metrics: string): void {
  get(`http://${metrics}/ready`, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on(
    "error",
    (error) => usageError(error.message),
  );
}

function runTunnel(metrics: string): void {
  const token = process.env["TUNNEL_TOKEN"] ?? "";
  if (token === "")
    usageError(
      '"cloudflared tunnel run" requires the ID or name of the tunnel to run as the last command line argument or in the configuration file.',
    );
  if (!isToken(token)) usageError("Provided Tunnel token is not valid.");
  const connector = new Connector(wayOut(), token);
  const [address = "", port = ""] = metrics.split(":");
  createServer((request, response) => {
    const ready = connector.connected;
    response.writeHead(request.url === "/ready" && !ready ? 503 : 200);
    response.end(JSON.stringify({ status: ready ? 200 : 503, readyConnections: ready ? 4 : 0 }));
  }).listen(Number(port), address);
  connector.register();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      log(`Initiating graceful shutdown due to signal ${signal}`);
      connector.leave();
    });
}

function isToken(text: string): boolean {
  try {
    const { a, t, s } = JSON.parse(Buffer.from(text, "base64").toString()) as Record<
      string,
      unknown
    >;
    return [a, t, s].every((part) => typeof part === "string");
  } catch {
    return false;
  }
}

/** The longest that visitors are given to finish once it is told to stop, as the original's `--grace-period`. */
const graceMs = 30_000;

/** One connection to the edge, taken up again whenever it is lost. */
class Connector {
  connected = false;
  private ingress: readonly IngressRule[] = [];
  private control: Socket | undefined;
  private leaving = false;
  private readonly visitors = new Set<Socket>();

  constructor(
    private readonly edge: string,
    private readonly token: string,
  ) {}

  register(): void {
    const control = connect(edgePort, this.edge, () => {
      say(control, { kind: "connector", token: this.token });
    });
    this.control = control;
    onLines(control, (notice) => this.hear(notice as Notice));
    control.on("error", (error) => log(`Unable to establish connection: ${error.message}`));
    control.on("close", () => {
      this.connected = false;
      if (!this.leaving) setTimeout(() => this.register(), 500);
    });
  }

  /** No further visitor is led here; those that are get time to finish. */
  leave(): void {
    this.leaving = true;
    this.control?.end();
    const began = Date.now();
    setInterval(() => {
      if (this.visitors.size === 0 || Date.now() - began > graceMs) process.exit(0);
    }, 50);
  }

  private hear(notice: Notice): void {
    switch (notice.kind) {
      case "refused":
        log(`Register tunnel error from server side: ${notice.reason}`);
        return;
      case "ingress": {
        const fault = ingressFault(notice.ingress);
        if (fault !== undefined) log(`Unable to update configuration: ${fault}`);
        else this.ingress = notice.ingress;
        if (!this.connected) log("Registered tunnel connection");
        this.connected = fault === undefined;
        return;
      }
      case "visitor":
        this.lead(notice);
    }
  }

  private lead({ stream, hostname, path }: Extract<Notice, { kind: "visitor" }>): void {
    const visitor = connect(edgePort, this.edge, () => say(visitor, { kind: "stream", stream }));
    this.visitors.add(visitor);
    visitor.on("close", () => this.visitors.delete(visitor));
    visitor.on("error", () => visitor.destroy());
    const service = ruleFor(this.ingress, hostname, path)?.service ?? "http_status:503";
    const status = /^http_status:(\d+)$/.exec(service)?.[1];
    if (status !== undefined) {
      visitor.end(`HTTP/1.1 ${status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const { hostname: host, port } = new URL(service);
    const origin = connect(Number(port), host);
    origin.on("error", (error) => {
      log(`Unable to reach the origin service ${service}: ${error.message}`);
      visitor.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    origin.pipe(visitor);
    visitor.pipe(origin);
  }
}

const { command, metrics } = callOf(process.argv.slice(2));
if (command === "ready") askReady(metrics);
else runTunnel(metrics);
