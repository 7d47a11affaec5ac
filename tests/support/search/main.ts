import { accessSync, constants, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import path from "node:path";

/**
 * The stand-in for Elasticsearch: one node, which starts under the same conditions as the original, and keeps the
 * documents of its indices in a file. It answers what Mastodon asks to make and fill its indices, and searches nothing.
 */
const data = "/usr/share/elasticsearch/data";
const file = path.join(data, "indices.json");

/** Index → id → document. */
type Indices = Record<string, Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

function checkStart(env: NodeJS.ProcessEnv): void {
  if (process.getuid?.() === 0)
    refuse("java.lang.RuntimeException: can not run elasticsearch as root");
  if (env["discovery.type"] !== "single-node") {
    refuse("the default discovery settings are unsuitable for production use");
  }
  if (env["xpack.security.enabled"] !== "false") {
    refuse("the stand-in for Elasticsearch knows no security: set xpack.security.enabled to false");
  }
  const [, least, most] = /^-Xms(\d+)m -Xmx(\d+)m$/.exec(env["ES_JAVA_OPTS"] ?? "") ?? [];
  if (least === undefined || least !== most) {
    refuse(`initial heap size [${least ?? ""}] not equal to maximum heap size [${most ?? ""}]`);
  }
  try {
    accessSync(data, constants.W_OK);
  } catch {
    refuse(`java.nio.file.AccessDeniedException: ${data}`);
  }
}

function readIndices(): Indices {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Indices;
  } catch {
    return {};
  }
}

const indices = readIndices();

function keep(): void {
  writeFileSync(`${file}.new`, JSON.stringify(indices));
  renameSync(`${file}.new`, file);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const fault = (status: number, type: string, reason: string): Reply => ({
  status,
  body: { error: { type, reason }, status },
});

function answer(method: string, [first = "", second]: readonly string[], text: string): Reply {
  if (first === "") {
    return {
      status: 200,
      body: { version: { number: "8.19.19" }, tagline: "You Know, for Search" },
    };
  }
  if (first === "_cluster" && second === "health") {
    return { status: 200, body: { status: "green", number_of_nodes: 1 } };
  }
  if (first === "_bulk" && method === "POST") return bulk(text);
  const index = indices[first];
  if (method === "PUT" && second === undefined) {
    if (index !== undefined) return fault(400, "resource_already_exists_exception", first);
    indices[first] = {};
    keep();
    return { status: 200, body: { acknowledged: true, index: first } };
  }
  if (index === undefined)
    return fault(404, "index_not_found_exception", `no such index [${first}]`);
  if (method === "HEAD") return { status: 200, body: "" };
  return second === "_count"
    ? { status: 200, body: { count: Object.keys(index).length } }
    : fault(405, "illegal_argument_exception", `${method} is not known to the stand-in`);
}

/** Pairs of lines: what to do with a document, and the document. */
function bulk(text: string): Reply {
  const lines = text.split("\n").filter((line) => line !== "");
  for (let at = 0; at < lines.length; at += 2) {
    const action = JSON.parse(lines[at] ?? "") as { index: { _index: string; _id: string } };
    const { _index, _id } = action.index;
    const index = indices[_index];
    if (index === undefined) return fault(404, "index_not_found_exception", _index);
    index[_id] = JSON.parse(lines[at + 1] ?? "");
  }
  keep();
  return { status: 200, body: { errors: false } };
}

checkStart(process.env);
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://search");
  const method = request.method ?? "GET";
  void textOf(request).then((text) => {
    const { status, body } = answer(method, pathname.slice(1).split("/"), text);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(method === "HEAD" ? undefined : JSON.stringify(body));
  });
});
server.listen(9200);
process.on("SIGTERM", () => process.exit(143));
