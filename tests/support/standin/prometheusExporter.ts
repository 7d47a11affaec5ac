import { createServer } from "node:http";
import { log } from "./log";

/** `prometheus_exporter`: collects what the Ruby processes report. It listens, as the original's default is, to its own host alone. */
const port = Number(process.env["PROMETHEUS_EXPORTER_PORT"] ?? 9394);

createServer((request, response) => {
  const found = request.url === "/metrics";
  response.writeHead(found ? 200 : 404, { "Content-Type": "text/plain" });
  response.end(found ? "# Stand-in for Mastodon (test double)\nruby_collector_working 1\n" : "");
}).listen(port, "127.0.0.1", () => log("prometheus_exporter", `listening on port ${port}`));
