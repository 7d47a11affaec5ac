import { createHash } from "node:crypto";
import type { Config } from "../configSchema";
import { publicUrl } from "../environment";
import type { Upstream } from "../flavours/flavour";
import { flavourOf } from "../flavours/flavourOf";
import { mediaRedirect } from "../media";
import { maintenanceError, maintenancePage, retrySeconds } from "./maintenancePage";
import { isReachedByIpv6 } from "./listeners";
import { publicNames, webHost } from "./names";
import { tunnelPort } from "./tunnel";

/**
 * Where the gateway listens inside its container, whatever port leads to it from outside. With public ports, those who
 * come by IPv6 come here, and all others at the usual ones.
 */
export const httpsPort = 8443;
export const plainPort = tunnelPort;

/** Where it answers its own health check, and says which text it works by. */
export const healthPort = 2020;

/** Where its container finds the text, and the certificates of authorities beside it. */
export const caddyfileFolder = "/etc/mastodon";
export const rootsFile = `${caddyfileFolder}/acmeRoots.pem`;

/** The variable of its container that holds the key of an account at an authority. */
export const hmacVariable = "ACME_HMAC_KEY";

/** Mastodon accepts images up to 16 MB and video up to 99 MB (its `MediaAttachment` model). */
const uploadLimit = "100MB";

/** For what is never another thing under the same name. A year is as long as caches keep anything. */
const foreverCache = "public, max-age=31536000, immutable";

/** The folders of Mastodon's `public` that hold nothing but files (its `dist/nginx.conf`), and media. */
const fileFolders = [
  "assets",
  "avatars",
  "emoji",
  "headers",
  "ocr",
  "packs",
  "sounds",
  "system",
] as const;

/**
 * Files with a digest of their content in their names: eight characters in those of Vite, 64 digits in those of Sprockets.
 * Others of the same folders stay as Rails says, as the service worker and the manifests.
 */
const fingerprinted = "^/(packs|assets)/.+-([0-9A-Za-z_-]{8}|[0-9a-f]{64})[.][0-9a-z.]+$";

/** What is worth compressing: Caddy's own list has none of the types in which servers talk to each other. */
const compressible = [
  "application/activity+json*",
  "application/javascript*",
  "application/json*",
  "application/jrd+json*",
  "application/ld+json*",
  "application/manifest+json*",
  "application/rss+xml*",
  "application/wasm*",
  "application/xml*",
  "application/xrd+xml*",
  "image/svg+xml*",
  "text/*",
] as const;

/** The gateway's configuration, in Caddy's own language: https://caddyserver.com/docs/caddyfile */
export function caddyfile(config: Config): string {
  const { web, streaming } = flavourOf(config.image).upstreams;
  const upstreams = streaming === undefined ? [web] : [web, streaming];
  const text = [
    globalOptions(config),
    ...upstreams.map((upstream) => passOn(config, upstream)),
    mainSite(config, streaming),
    ...(config.webDomain === undefined ? [] : [apexSite(config, config.domain)]),
    ...(isReachedByIpv6(config) ? [plainByIpv6(config)] : []),
    ...(config.edge.kind === "none" ? [strangeHosts(config)] : []),
  ].join("\n\n");
  return `${text}\n\n${healthSite(digestOf(config, text))}\n`;
}

/** Tells one text, and what lies beside it, from any other: by it the gateway is seen to have taken a new one over. */
export const caddyfileDigest = (config: Config): string =>
  /respond \/caddyfile (\w+)/.exec(caddyfile(config))?.[1] ?? "";

function digestOf({ edge }: Config, text: string): string {
  const roots = edge.kind === "caddy" ? edge.acmeRoots : undefined;
  return createHash("sha256")
    .update(JSON.stringify([text, roots]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * What every text begins with. How often certificates are looked at is settled for good by the text that Caddy starts
 * with, whichever that is; each ten minutes, as by default, would be too late for an authority that signs for minutes.
 */
export const commonOptions = ["admin off", "persist_config off", "renew_interval 1m"] as const;

function globalOptions({ edge }: Config): string {
  const log = block("log", ["level WARN"]);
  switch (edge.kind) {
    case "local":
      return block("", [
        ...commonOptions,
        "skip_install_trust",
        "auto_https disable_redirects",
        `https_port ${httpsPort}`,
        // HTTP/3 would be announced to browsers, on a port that is published for TCP alone.
        block("servers", ["protocols h1 h2"]),
        log,
      ]);
    case "caddy":
      return block("", [...commonOptions, ...acme(edge), log]);
    case "tunnel":
      return block("", [
        ...commonOptions,
        ...plain,
        // Whoever comes in by the tunnel, Cloudflare names in a header of its own, which it lets nobody else send.
        block("servers", [
          "protocols h1",
          "trusted_proxies static private_ranges",
          "trusted_proxies_strict",
          "client_ip_headers Cf-Connecting-Ip X-Forwarded-For",
        ]),
        log,
      ]);
    case "none":
      return block("", [
        ...commonOptions,
        ...plain,
        // Strict: from the right, past those that are trusted. What stands further left, anybody may have written.
        block("servers", [
          "protocols h1",
          `trusted_proxies static ${trusted(edge)}`,
          "trusted_proxies_strict",
          "client_ip_headers X-Forwarded-For",
        ]),
        log,
      ]);
    default:
      return edge satisfies never;
  }
}

type EdgeOf<Kind extends Config["edge"]["kind"]> = Extract<Config["edge"], { kind: Kind }>;

const plain = ["auto_https off", `http_port ${plainPort}`] as const;

const trusted = ({ trustedProxies = [] }: EdgeOf<"none">): string =>
  ["private_ranges", ...trustedProxies].join(" ");

/**
 * Where certificates come from. Without a directory, Caddy asks Let's Encrypt and, should that refuse, ZeroSSL, which
 * gives an account to whoever names an address; with ZeroSSL's directory it does so too, so that no account is needed.
 */
function acme({ email, acmeDirectory, acmeRoots, acmeKeyId }: EdgeOf<"caddy">): string[] {
  return [
    `email ${email}`,
    ...(acmeDirectory === undefined ? [] : [`acme_ca ${acmeDirectory}`]),
    ...(acmeRoots === undefined ? [] : [`acme_ca_root ${rootsFile}`]),
    ...(acmeKeyId === undefined
      ? []
      : [block("acme_eab", [`key_id ${word(acmeKeyId)}`, `mac_key {env.${hmacVariable}}`])]),
  ];
}

/**
 * What may be said twice, as nobody can tell whether an upstream that ends has still heard it: what HTTP calls idempotent
 * (RFC 9110, 9.2.2), what other servers deliver, which is known by its id, and what comes with a key by which Mastodon
 * knows it again: https://docs.joinmastodon.org/methods/statuses/#headers
 */
const repeatable = [
  "method GET HEAD OPTIONS PUT DELETE",
  "path */inbox",
  "header Idempotency-Key *",
] as const;

/**
 * As much is kept of each request, to be repeated; what is longer is said once. Mastodon takes no delivery above 1 MB (its
 * `MAX_JSON_SIZE`).
 */
const repeatableSize = "1MiB";

/**
 * A snippet that passes requests on. The name is looked up every second, and a request waits for half a minute where
 * nothing answers: a container that is being replaced costs its visitors a moment, not an error page.
 *
 * The upstream is told one address, that of the visitor, as the gateway has found it out: so Mastodon, which trusts the
 * gateway's own address as a private one, needs no TRUSTED_PROXY_IP, whatever stands before the gateway. Headers by which
 * others tell the same, and which Rack reads as well, are dropped: nobody but the visitor can have sent them.
 */
function passOn({ edge }: Config, { service, port, selfSigned }: Upstream): string {
  return block(`(${service})`, [
    block("reverse_proxy", [
      // Where the network has IPv6 as well, web does not listen by it.
      block("dynamic a", [`name ${service}`, `port ${port}`, "refresh 1s", "versions ipv4"]),
      "lb_policy round_robin",
      "lb_try_duration 30s",
      "lb_try_interval 250ms",
      ...repeatable.map((matcher) => `lb_retry_match ${matcher}`),
      `request_buffers ${repeatableSize}`,
      // A web that ends is left out until its name no longer leads to it. Where there is but one, all wait for so long.
      "fail_duration 2s",
      "header_up X-Forwarded-For {client_ip}",
      ...misleading.map((header) => `header_up -${header}`),
      // Where Caddy trusts whoever stands before it, it passes on what they were sent; elsewhere it writes the header itself.
      ...(edge.kind === "tunnel" || edge.kind === "none" ? ["header_up -X-Forwarded-Host"] : []),
      // Browsers keep it for two years and for every port of the name, so for whatever else is developed on localhost.
      ...(edge.kind === "local" ? ["header_down -Strict-Transport-Security"] : []),
      // Sockets stay open for a day on the configuration that they began with, instead of being cut by the next one.
      "stream_close_delay 24h",
      ...(selfSigned === true
        ? [
            // For HTTPS, Caddy would put the upstream's own address there, which is no name of the instance.
            "header_up Host {hostport}",
            block("transport http", [
              "tls_insecure_skip_verify",
              "versions 1.1",
              "dial_timeout 3s",
              // Before nginx closes it, which by default does so after 75 s.
              "keepalive 60s",
            ]),
          ]
        : // A connection that is kept may be closed just when something is sent that must not be repeated.
          // Puma closes those on which nothing is said for 20 s, Go's client would keep them for two minutes.
          [block("transport http", ["dial_timeout 3s", "keepalive off"])]),
    ]),
  ]);
}

/** Rack takes the scheme, host and port from them, Rails the visitor; `Proxy` becomes a variable that programs obey. */
const misleading = [
  "Forwarded",
  "X-Forwarded-Port",
  "X-Forwarded-Scheme",
  "X-Forwarded-Ssl",
  "Client-Ip",
  "Proxy",
] as const;

function address(config: Config, host: string): string {
  const { kind } = config.edge;
  const usual = `${kind === "local" || kind === "caddy" ? "https" : "http"}://${host}`;
  return isReachedByIpv6(config) ? `${usual}, ${usual}:${httpsPort}` : usual;
}

/** Visitors are told of HTTP/3 at the port that they know, not at the one that they are led to. */
const announcement = (config: Config): string[] =>
  isReachedByIpv6(config) ? [`header Alt-Svc ":${httpsPort}" ":443"`] : [];

/** What Caddy does of itself at port 80 alone. */
function plainByIpv6(config: Config): string {
  const names = publicNames(config).map((name) => `http://${name}:${plainPort}`);
  return block(names.join(", "), ["redir https://{host}{uri} 308"]);
}

function mainSite(config: Config, streaming: Upstream | undefined): string {
  const host = webHost(config);
  const routes = [
    ...(streaming === undefined ? [] : [block("handle /api/v1/streaming*", ["import streaming"])]),
    mediaRoute(config),
    block("handle", ["import web"]),
  ];
  return block(address(config, host), [
    ...(config.edge.kind === "local" ? ["tls internal"] : []),
    ...announcement(config),
    "@text not path /system/* /api/v1/streaming*",
    block("encode @text", [
      "zstd",
      "gzip",
      block(
        "match",
        compressible.map((type) => `header Content-Type ${type}`),
      ),
    ]),
    block("request_body", [`max_size ${uploadLimit}`]),
    `@fingerprinted path_regexp "${fingerprinted}"`,
    block("header @fingerprinted", [ifFound, `Cache-Control "${foreverCache}"`]),
    ...(isBehindCloudflare(config) ? notAtCloudflare : []),
    ...(config.edge.kind === "none"
      ? [block("route", [...headerChecks(config.edge), ...routes])]
      : routes),
    whenDown(host),
  ]);
}

/** What is missing today may be there tomorrow, and is to be asked for again. */
const ifFound = "match status 200 206 304";

const isBehindCloudflare = ({ edge, dns }: Config): boolean =>
  edge.kind === "tunnel" || (edge.kind !== "local" && dns.kind === "cloudflare");

/**
 * Pages and what other servers get lie under the same addresses, told apart by a header that Cloudflare does not look at:
 * not even a rule that caches everything may mix them up. Only Cloudflare reads this, and passes it on to nobody.
 */
const notAtCloudflare = [
  `@made not path ${fileFolders.map((folder) => `/${folder}/*`).join(" ")}`,
  "header @made Cloudflare-CDN-Cache-Control no-store",
] as const;

/** Media never changes under its name. What the volume does not hold is in the bucket, if there is one. */
function mediaRoute(config: Config): string {
  const bucket = mediaRedirect(config);
  return block("handle_path /system/*", [
    "root * /srv/system",
    block("header", [ifFound, `Cache-Control "${foreverCache}"`]),
    "header X-Content-Type-Options nosniff",
    `header Content-Security-Policy "default-src 'none'; form-action 'none'"`,
    ...(bucket === undefined ? [] : ["@moved not file", `redir @moved ${bucket}{uri} 302`]),
    "file_server",
  ]);
}

/** No answer for the whole time in which requests wait. What Rails itself answers, errors as well, is passed on as it is. */
function whenDown(host: string): string {
  return block("handle_errors 502 503 504", [
    block("header", [`Retry-After ${retrySeconds}`, "Cache-Control no-store"]),
    "@program `header({'Accept': '*json*'}) || path('/api/*')`",
    block("handle @program", [
      'header Content-Type "application/json; charset=utf-8"',
      `respond \`${maintenanceError}\` 503`,
    ]),
    block("handle", [
      'header Content-Type "text/html; charset=utf-8"',
      `respond \`${maintenancePage(host)}\` 503`,
    ]),
  ]);
}

/**
 * The domain of the account names, where pages have one of their own. Other servers ask it who somebody is, and follow a
 * permanent redirect, with the query and for scripts of any site: https://docs.joinmastodon.org/admin/config/#web_domain
 * Whatever else is asked goes where people meant to go, but not for ever: a site of its own may stand here one day.
 */
function apexSite(config: Config, domain: string): string {
  const target = `${publicUrl(config)}{uri}`;
  return block(address(config, domain), [
    ...(config.edge.kind === "local" ? ["tls internal"] : []),
    ...announcement(config),
    "@discovery path /.well-known/webfinger /.well-known/host-meta* /.well-known/nodeinfo*",
    'header @discovery Access-Control-Allow-Origin "*"',
    ...(isBehindCloudflare(config) ? ["header Cloudflare-CDN-Cache-Control no-store"] : []),
    `redir @discovery ${target} 301`,
    `redir ${target} 302`,
  ]);
}

/** How the usual reverse proxies are told to send what the gateway cannot do without; whole examples are in the docs. */
const remedies = {
  "X-Forwarded-Proto":
    "nginx: proxy_set_header X-Forwarded-Proto $scheme; Apache: RequestHeader set X-Forwarded-Proto https. Caddy and Traefik send it by themselves",
  "X-Forwarded-For":
    "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; Apache (mod_proxy_http), Caddy and Traefik send it by themselves",
} as const;

const page = "See docs/reverse-proxy.md of the program that set this instance up.";

/** Without these, Rails would redirect for ever, or take everybody for the reverse proxy and lock all out together. */
function headerChecks(edge: EdgeOf<"none">): string[] {
  const refuse = (name: string, matcher: string, text: string, status: number): string[] => [
    `@${name} ${matcher}`,
    block(`handle @${name}`, [`respond \`${text} ${page}\` ${status}`]),
  ];
  return [
    ...refuse(
      "stranger",
      `not remote_ip ${trusted(edge)}`,
      "This request came from {remote_host}, of which nothing is known. If that is the reverse proxy in front of Mastodon, name its address in edge.trustedProxies.",
      403,
    ),
    ...Object.entries(remedies).flatMap(([header, remedy], index) =>
      refuse(
        `missing${index + 1}`,
        `header !${header}`,
        `The reverse proxy in front of Mastodon has not sent the header ${header}. ${remedy}.`,
        400,
      ),
    ),
  ];
}

/** Whatever comes in under another name: a reverse proxy that sends its own in place of the visitor's. */
function strangeHosts(config: Config): string {
  const names = publicNames(config).join(" or ");
  return block("http://", [
    `respond \`The reverse proxy in front of Mastodon has sent the header Host: {host}, where ${names} is expected. nginx: proxy_set_header Host $host; Apache: ProxyPreserveHost On; Caddy and Traefik pass it on by themselves. ${page}\` 421`,
  ]);
}

/** Goes all the way to web, so that a healthy gateway is one through which the instance can be reached. */
function healthSite(digest: string): string {
  return block(`http://127.0.0.1:${healthPort}`, [`respond /caddyfile ${digest}`, "import web"]);
}

/** A text as one word of a Caddyfile. */
const word = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

function block(head: string, lines: readonly string[]): string {
  const body = lines.flatMap((line) => line.split("\n")).map((line) => `\t${line}`);
  return [`${head} {`.trimStart(), ...body, "}"].join("\n");
}
