import { request as requestPlain, type IncomingHttpHeaders } from "node:http";
import { request, type RequestOptions } from "node:https";
import type { LookupFunction } from "node:net";
import WebSocket from "ws";

/** What a server answered, its body read to the end. */
interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** Every name leads to one address, as the hosts file of a developer would have it. */
const leadingTo =
  (address: string): LookupFunction =>
  (_host, options, found) => {
    if (options.all === true) found(null, [{ address, family: 4 }]);
    else found(null, address, 4);
  };

const patienceMs = 60_000;

/** A person with a browser, who trusts one certificate authority and no other. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  /**
   * @param headers sent with everything, as by a reverse proxy in between. Default: none.
   * @param address of this machine, where the instance is reached
   */
  constructor(
    private readonly origin: string,
    private readonly authority: string,
    private readonly headers: Readonly<Record<string, string>> = {},
    private readonly address = "127.0.0.1",
  ) {}

  get(path: string, question: Question = {}): Promise<Answer> {
    return this.ask("GET", path, question);
  }

  post(path: string, question: Question = {}): Promise<Answer> {
    return this.ask("POST", path, question);
  }

  /** Signs in by the form on the page. @throws when the instance does not let the person in */
  async signIn(email: string, password: string): Promise<void> {
    const page = await this.get("/auth/sign_in");
    const answer = await this.post("/auth/sign_in", {
      form: {
        authenticity_token: tokenOf(page.text),
        "user[email]": email,
        "user[password]": password,
      },
    });
    if (![302, 303].includes(answer.status)) {
      throw new Error(`sign-in was answered with ${answer.status}: ${answer.text.slice(0, 400)}`);
    }
  }

  /** Registers an application and lets it act for the person who is signed in. @returns its access token */
  async authorize(): Promise<string> {
    const redirect = "urn:ietf:wg:oauth:2.0:oob";
    const scope = "read write follow";
    const { text } = await this.post("/api/v1/apps", {
      json: { client_name: "acceptance", redirect_uris: redirect, scopes: scope },
    });
    const app = JSON.parse(text) as { client_id: string; client_secret: string };
    const wanted = {
      client_id: app.client_id,
      redirect_uri: redirect,
      response_type: "code",
      scope,
    };
    const page = await this.get(`/oauth/authorize?${new URLSearchParams(wanted).toString()}`);
    const granted = await this.post("/oauth/authorize", {
      form: { ...wanted, authenticity_token: tokenOf(page.text) },
    });
    const code = new URL(granted.headers.location ?? "", this.origin).searchParams.get("code");
    const answer = await this.post("/oauth/token", {
      json: {
        grant_type: "authorization_code",
        code,
        client_id: app.client_id,
        client_secret: app.client_secret,
        redirect_uri: redirect,
      },
    });
    if (answer.status !== 200) throw new Error(`no token was given: ${answer.text}`);
    return (JSON.parse(answer.text) as { access_token: string }).access_token;
  }

  /** Publishes a status. @returns its id */
  async publish(token: string, status: string): Promise<string> {
    const answer = await this.post("/api/v1/statuses", {
      json: { status },
      headers: { authorization: `Bearer ${token}` },
    });
    if (answer.status !== 200) throw new Error(`not posted, ${answer.status}: ${answer.text}`);
    return (JSON.parse(answer.text) as { id: string }).id;
  }

  /** Opens the streaming socket of the person's home timeline. */
  async listen(token: string): Promise<Socket> {
    const address = `${this.origin.replace(/^http/, "ws")}/api/v1/streaming?stream=user&access_token=${token}`;
    const socket = new WebSocket(address, {
      ca: this.authority,
      lookup: leadingTo(this.address),
      headers: this.headers,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return new Socket(socket);
  }

  private ask(method: string, path: string, { headers, form, json }: Question): Promise<Answer> {
    const body =
      form !== undefined
        ? new URLSearchParams(form).toString()
        : json === undefined
          ? undefined
          : JSON.stringify(json);
    const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
    const options: RequestOptions = {
      method,
      ca: this.authority,
      lookup: leadingTo(this.address),
      timeout: patienceMs,
      agent: false,
      headers: {
        ...(body === undefined
          ? {}
          : { "content-type": type, "content-length": Buffer.byteLength(body) }),
        ...(this.cookies.size === 0
          ? {}
          : { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
        ...this.headers,
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.origin);
      const call = (url.protocol === "http:" ? requestPlain : request)(url, options, (response) => {
        this.keepCookies(response.headers["set-cookie"] ?? []);
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path} was not answered`)));
      call.on("error", reject);
      call.end(body);
    });
  }

  private keepCookies(lines: readonly string[]): void {
    for (const line of lines) {
      const [name, value] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      if (name !== undefined && value !== undefined) this.cookies.set(name.trim(), value);
    }
  }
}

/** An open streaming socket, which remembers what arrived. */
class Socket {
  private readonly arrived: string[] = [];
  private waiting: (() => void) | undefined;

  constructor(private readonly socket: WebSocket) {
    socket.on("message", (data: Buffer) => {
      this.arrived.push(data.toString());
      this.waiting?.();
    });
  }

  /** Waits for a message that contains a text. @throws when none arrives within the time limit */
  async receive(text: string, limitMs = 120_000): Promise<string> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const found = this.arrived.find((message) => message.includes(text));
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`nothing with "${text}" arrived within ${limitMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.socket.terminate();
  }
}

function tokenOf(page: string): string {
  const token = /name="authenticity_token"[^>]*value="([^"]+)"/.exec(page)?.[1];
  if (token === undefined) throw new Error(`the page has no form: ${page.slice(0, 400)}`);
  return token;
}
