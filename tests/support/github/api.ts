import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

interface Issue extends Comment {
  readonly number: number;
  state: string;
  readonly labels: readonly string[];
}

/** Who writes with the token of a workflow. */
const workflowUser = "github-actions[bot]";

/**
 * A double of GitHub's API, as far as the workflows' scripts use it, for one repository with one pull request:
 * https://docs.github.com/rest
 */
export class GithubApi {
  readonly token = "a-token-of-a-workflow";
  readonly repository = "alice/instance";
  files: readonly { readonly filename: string; readonly previous_filename?: string }[] = [];
  readonly comments: Comment[] = [];
  readonly issues: Issue[] = [];
  readonly labels: string[] = [];
  readonly environments = new Map<string, object>();
  /** Method and path of each request that was to change something. */
  readonly changes: string[] = [];
  private ids = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<GithubApi> {
    const server = createServer();
    const api = new GithubApi(server);
    server.on("request", (request: IncomingMessage, response) => {
      void api.answer(request).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  /** Variables by which a script finds it, as a runner sets them. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.server.address() as AddressInfo;
    return {
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_REPOSITORY: this.repository,
      GITHUB_RUN_ID: "17",
      GITHUB_TOKEN: this.token,
    };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  addComment(body: string, login = workflowUser): Comment {
    const comment = { id: ++this.ids, body, user: { login } };
    this.comments.push(comment);
    return comment;
  }

  addIssue(body: string, labels: readonly string[], login = workflowUser): Issue {
    const number = ++this.ids;
    const issue = { id: number, number, body, user: { login }, state: "open", labels };
    this.issues.push(issue);
    return issue;
  }

  private async answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const { method = "", url = "" } = request;
    if (request.headers.authorization !== `Bearer ${this.token}`) return [401, {}];
    const { pathname, searchParams } = new URL(url, "http://github");
    const place = pathname.replace(`/repos/${this.repository}`, "");
    if (method === "GET") return this.read(place, searchParams);
    this.changes.push(`${method} ${place}`);
    return this.write(`${method} ${place}`, await bodyOf(request));
  }

  private read(place: string, query: URLSearchParams): [number, unknown] {
    const [, kind = "", name = ""] = /^\/(\w+)\/(.+)$/.exec(place) ?? [];
    if (place === "/pulls/7/files") return [200, page(this.files, query)];
    if (place === "/issues/7/comments") return [200, page(this.comments, query)];
    if (place === "/issues") {
      const label = query.get("labels") ?? "";
      const found = this.issues.filter(
        ({ state, labels }) => state === query.get("state") && labels.includes(label),
      );
      return [200, page(found, query)];
    }
    if (kind === "labels") return this.labels.includes(name) ? [200, { name }] : [404, {}];
    const environment = this.environments.get(name);
    return kind === "environments" && environment !== undefined ? [200, environment] : [404, {}];
  }

  private write(what: string, body: Readonly<Record<string, unknown>>): [number, unknown] {
    const [, number = ""] = /(\d+)(?:\/comments)?$/.exec(what) ?? [];
    const text = typeof body["body"] === "string" ? body["body"] : "";
    if (text.length > 65_536) return [422, { message: "body is too long" }];
    const labels = Array.isArray(body["labels"]) ? body["labels"].map(String) : [];
    switch (what.replace(/\d+/, "N")) {
      case "POST /issues/N/comments":
        return [201, this.addComment(text)];
      case "PATCH /issues/comments/N":
        return changed(this.comments, Number(number), body);
      case "POST /labels":
        this.labels.push(String(body["name"]));
        return [201, body];
      case "POST /issues":
        // Of labels that there are none of, GitHub says nothing and takes none.
        return [
          201,
          this.addIssue(
            text,
            labels.filter((name) => this.labels.includes(name)),
          ),
        ];
      case "PATCH /issues/N":
        return changed(this.issues, Number(number), body);
      default:
        return [404, { message: "Not Found" }];
    }
  }
}

function page<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
  const [size, number] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
  return all.slice(size * (number - 1), size * number);
}

function changed(
  all: readonly Comment[],
  id: number,
  body: Readonly<Record<string, unknown>>,
): [number, unknown] {
  const found = all.find((each) => each.id === id);
  return found === undefined ? [404, {}] : [200, Object.assign(found, body)];
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += String(part);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
