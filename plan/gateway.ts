import type { Config } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import type { Upstream } from "./flavours/flavour";
import { flavourOf } from "./flavours/flavourOf";
import { labelsOf, physicalName } from "./names";
import type { Sizing } from "./sizing";

const sitePort = ({ edge }: Config): number => (edge.kind === "local" ? edge.port : 443);

/** Where the gateway answers its own health check, inside its container: a port that the site does not use. */
const healthPort = (config: Config): number => (sitePort(config) === 2020 ? 2021 : 2020);

/** Mastodon accepts images up to 16 MB and video up to 99 MB (its `MediaAttachment` model). */
const uploadLimit = "100MB";

/** Media never changes under its name, so browsers may keep it for four weeks, as Mastodon's own nginx.conf says. */
const mediaCache = "public, max-age=2419200, immutable";

/** The gateway's configuration, in Caddy's own language: https://caddyserver.com/docs/caddyfile */
export function caddyfile(config: Config): string {
  const { web, streaming } = flavourOf(config.image).upstreams;
  const upstreams = streaming === undefined ? [web] : [web, streaming];
  return (
    [
      globalOptions(),
      ...upstreams.map(passOn),
      site(config, streaming === undefined ? [] : [streamingRoute]),
      healthSite(config),
    ].join("\n\n") + "\n"
  );
}

function globalOptions(): string {
  return block("", [
    "admin off",
    "persist_config off",
    "skip_install_trust",
    "auto_https disable_redirects",
    // HTTP/3 would be announced to browsers, on a port that is published for TCP alone.
    block("servers", ["protocols h1 h2"]),
    block("log", ["level WARN"]),
  ]);
}

/**
 * A snippet that passes requests on. The name is looked up every second, and a request waits for half a minute where
 * nothing answers: a container that is being replaced costs its visitors a moment, not an error page.
 */
function passOn({ service, port, selfSigned }: Upstream): string {
  return block(`(${service})`, [
    block("reverse_proxy", [
      block("dynamic a", [`name ${service}`, `port ${port}`, "refresh 1s"]),
      "lb_policy round_robin",
      "lb_try_duration 30s",
      "lb_try_interval 250ms",
      "fail_duration 5s",
      // Browsers keep it for two years and for every port of the name, so for whatever else is developed on localhost.
      "header_down -Strict-Transport-Security",
      ...(selfSigned === true
        ? [
            // For HTTPS, Caddy would put the upstream's own address there, which is no name of the instance.
            "header_up Host {hostport}",
            block("transport http", [
              "tls_insecure_skip_verify",
              "versions 1.1",
              "dial_timeout 3s",
            ]),
          ]
        : [block("transport http", ["dial_timeout 3s"])]),
    ]),
  ]);
}

/** The sockets, where a process of its own holds them. */
const streamingRoute = block("handle /api/v1/streaming*", ["import streaming"]);

function site(config: Config, routes: readonly string[]): string {
  const port = sitePort(config);
  const hosts = [...new Set([config.domain, config.webDomain ?? config.domain])];
  return block(hosts.map((host) => `https://${host}:${port}`).join(", "), [
    "tls internal",
    "encode zstd gzip",
    block("request_body", [`max_size ${uploadLimit}`]),
    ...routes,
    block("handle_path /system/*", [
      "root * /srv/system",
      `header Cache-Control "${mediaCache}"`,
      "header X-Content-Type-Options nosniff",
      `header Content-Security-Policy "default-src 'none'; form-action 'none'"`,
      "file_server",
    ]),
    block("handle", ["import web"]),
  ]);
}

/** Goes all the way to web, so that a healthy gateway is one through which the instance can be reached. */
function healthSite(config: Config): string {
  return block(`http://127.0.0.1:${healthPort(config)}`, ["import web"]);
}

function block(head: string, lines: readonly string[]): string {
  const body = lines.flatMap((line) => line.split("\n")).map((line) => `\t${line}`);
  return [`${head} {`.trimStart(), ...body, "}"].join("\n");
}

/** Caddy, in front of everything: the only container that publishes a port, and that only on the loopback. */
export function gatewayContainer(config: Config, { gateway }: Sizing): ContainerSpec {
  const port = sitePort(config);
  return {
    part: "gateway",
    image: "caddy",
    name: physicalName(config.name, "gateway"),
    entrypoint: ["/bin/sh", "-c"],
    command: [
      'printf "%s" "$CADDYFILE" > /tmp/Caddyfile\nexec caddy run --config /tmp/Caddyfile --adapter caddyfile',
    ],
    environment: { CADDYFILE: caddyfile(config), TZ: config.timezone },
    user: "0:0",
    networks: ["egress"],
    mounts: [
      { volume: "gateway", path: "/data", readOnly: false },
      { volume: "media", path: "/srv/system", readOnly: true },
    ],
    tmpfs: { "/config": "mode=0700,size=4m", "/tmp": "mode=1777,size=4m" },
    ports: [{ internal: port, external: port, address: "127.0.0.1" }],
    health: {
      test: [
        "CMD",
        "wget",
        "--quiet",
        "--output-document=/dev/null",
        `http://127.0.0.1:${healthPort(config)}/health`,
      ],
      interval: "5s",
      timeout: "5s",
      startPeriod: "30s",
      retries: 3,
    },
    healthySeconds: 120,
    memoryMb: gateway.memoryMb,
    capabilities: ["CAP_NET_BIND_SERVICE"],
    init: false,
    stopSeconds: 20,
    oldGoes: "first",
    exceptions: [
      {
        rule: "all capabilities are dropped",
        reason:
          "the image's caddy carries CAP_NET_BIND_SERVICE as a file capability, and cannot be executed without it",
      },
      {
        rule: "not root",
        reason:
          "the image has no other user that owns /data; without capabilities root is an ordinary user there",
      },
    ],
    labels: labelsOf(config.name, "gateway"),
  };
}
