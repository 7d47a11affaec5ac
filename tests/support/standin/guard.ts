import type { IncomingHttpHeaders } from "node:http";
import type { Reply } from "./http";

interface Request {
  readonly method: string;
  /** Path with query, as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * What stands before every page: the Host header must name this instance, and the connection to the proxy must have been https.
 * @returns the refusal, or nothing when the request may pass
 */
export function guard(
  { method, target, headers }: Request,
  allowedHosts: readonly string[],
): Reply | undefined {
  const path = target.replace(/\?.*$/s, "");
  const host = headers.host ?? "";
  const forwardedHost = single(headers["x-forwarded-host"])?.split(/,\s*/).at(-1);
  const names = forwardedHost ? [host, forwardedHost] : [host];
  // One that is allowed without a port is so with any; one that is allowed with a port, only with that.
  const isAllowed = (name: string): boolean =>
    allowedHosts.includes(name) || allowedHosts.includes(name.replace(/:\d+$/, ""));
  const blocked = names.filter((name) => !isAllowed(name.toLowerCase()));
  if (blocked.length > 0 && path !== "/health") {
    return {
      status: 403,
      headers: { "Content-Type": "text/plain" },
      body: `Blocked hosts: ${blocked.join(", ")}\n`,
    };
  }
  if (isSecure(headers) || path.startsWith("/health")) return undefined;
  // The port is dropped, as in the original: https goes to where the domain's own https is.
  const location = `https://${(forwardedHost ?? host).replace(/:\d+$/, "")}${target}`;
  return {
    status: method === "GET" || method === "HEAD" ? 301 : 308,
    headers: { "Content-Type": "text/html; charset=utf-8", Location: location },
    body: "",
  };
}

/** Whether the person's connection was https, by what the proxy says. */
export function isSecure(headers: IncomingHttpHeaders): boolean {
  return (
    single(headers["x-forwarded-proto"])?.split(/,\s*/)[0] === "https" ||
    headers["x-forwarded-ssl"] === "on"
  );
}

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
