import { createServer, type IncomingMessage } from "node:http";
import { apiRoutes } from "./api";
import { openPool, openRedis } from "./connections";
import { columnKeyring, Keyring } from "./encryption";
import { BootError, integerOf, readEnvironment } from "./environment";
import { federationRoutes } from "./federation";
import { staticFile } from "./files";
import { guard, isSecure } from "./guard";
import { HttpError, json, readParams, send, type Reply } from "./http";
import { log, messageOf } from "./log";
import { oauthRoutes } from "./oauth";
import { page } from "./page";
import { pageRoutes } from "./pages";
import { remoteIp } from "./remoteIp";
import { readSession } from "./session";
import type { Site } from "./site";

const routes = [...apiRoutes, ...oauthRoutes, ...federationRoutes, ...pageRoutes];

/** `puma -C config/puma.rb` */
export async function web(args: readonly string[]): Promise<void> {
  if (args[0] !== "-C" || args[1] !== "config/puma.rb")
    throw new BootError("the stand-in for Mastodon needs: puma -C config/puma.rb");
  await serve(integerOf(process.env, "PORT", 3000, 1));
}

/** Serves until SIGTERM. Starts without Postgres and Redis, and answers 500 until they are there. */
export async function serve(port: number): Promise<void> {
  const environment = readEnvironment(process.env);
  const address = process.env.BIND ?? "127.0.0.1";
  const { webConcurrency, maxThreads } = environment;
  const site: Site = {
    environment,
    // One process plays all workers, so it takes the connections of all.
    pool: openPool(process.env, maxThreads * Math.max(1, webConcurrency)),
    redis: openRedis(process.env),
    columns: columnKeyring(environment),
    sessions: new Keyring(environment.secretKeyBase, "authenticated encrypted cookie"),
  };
  const server = createServer((request, response) => {
    void answer(site, request).then((reply) => {
      const secured = isSecure(request.headers);
      send(
        response,
        request,
        secured ? { ...reply, headers: { ...strictTransport, ...reply.headers } } : reply,
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  const mode = webConcurrency === 0 ? "single" : "cluster";
  log(
    "puma",
    `Puma starting in ${mode} mode (stand-in for Mastodon), workers: ${webConcurrency}, threads: ${maxThreads}`,
  );
  log("puma", `Listening on http://${address}:${port}`);
  process.on("SIGTERM", () => {
    log("puma", "Gracefully shutting down workers...");
    // Puma ends by raising the signal again, which a shell sees as 143.
    server.close(() => process.exit(143));
    server.closeIdleConnections();
  });
}

const strictTransport = { "Strict-Transport-Security": "max-age=63072000; includeSubDomains" };

async function answer(site: Site, request: IncomingMessage): Promise<Reply> {
  const target = request.url ?? "/";
  const method = request.method ?? "GET";
  // As the original does at this level; at those above, it says nothing of what goes well.
  if (["debug", "info"].includes(process.env.RAILS_LOG_LEVEL ?? "")) {
    const visitor = remoteIp(request.headers, request.socket.remoteAddress ?? "");
    log("web", `Started ${method} "${target.replace(/\?.*$/s, "")}" for ${visitor}`);
  }
  const refusal = guard(
    { method, target, headers: request.headers },
    site.environment.allowedHosts,
  );
  if (refusal !== undefined) {
    if (refusal.status === 403)
      log("ActionDispatch::HostAuthorization", refusal.body.toString().trim());
    return refusal;
  }
  const url = new URL(target.replace(/^\/+/, "/"), "https://localhost");
  if (url.pathname === "/health")
    return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "OK" };
  try {
    return await dispatch(site, request, method === "HEAD" ? "GET" : method, url);
  } catch (error) {
    if (error instanceof HttpError)
      return json({ error: error.message, ...error.details }, error.status);
    log(error instanceof Error ? error.name : "Error", messageOf(error));
    if (url.pathname.startsWith("/api/")) return json({ error: "Internal Server Error" }, 500);
    return page(
      "We're sorry, but something went wrong (500)",
      "<h1>We're sorry, but something went wrong on our end.</h1>",
      500,
    );
  }
}

async function dispatch(
  site: Site,
  request: IncomingMessage,
  method: string,
  url: URL,
): Promise<Reply> {
  if (method === "GET" && site.environment.serveStaticFiles) {
    const file = await staticFile(url.pathname);
    if (file !== undefined) return file;
  }
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(url.pathname) : null;
    if (match === null) continue;
    const params = await readParams(request, url);
    const session = readSession(request.headers, site.sessions);
    return route.answer({ site, url, headers: request.headers, params, session }, match.slice(1));
  }
  if (url.pathname.startsWith("/api/")) throw new HttpError(404, "Not Found");
  return page("404", "<h1>The page you were looking for isn't here.</h1>", 404);
}
