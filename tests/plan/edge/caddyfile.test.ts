import { caddyfile, caddyfileDigest } from "../../../plan/edge/caddyfile";
import { configWith, fullest } from "../../support/fixtures";
import { certificate, edges, everyEdge } from "./edges";

const blockOf = (text: string, head: string): string => {
  const lines = text.split("\n");
  const first = lines.indexOf(`${head} {`);
  expect([head, first]).not.toEqual([head, -1]);
  return lines.slice(first, lines.indexOf("}", first) + 1).join("\n");
};

describe.each(everyEdge)("%s", (_kind, raw) => {
  const text = caddyfile(configWith(raw));

  it("is configured as it was reviewed", () => {
    expect(text).toMatchSnapshot();
  });

  it("has balanced braces, tabs, and no blank where a line ends", () => {
    expect(text.split("{").length).toBe(text.split("}").length);
    expect(text).not.toMatch(/[ \t]\n|^ |\n\n\n/m);
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("tells each upstream one address, and nothing by which somebody could claim another", () => {
    const snippets = text.split("\n\n").filter((part) => part.startsWith("("));
    expect(snippets).not.toHaveLength(0);
    for (const snippet of snippets) {
      expect(snippet).toContain("header_up X-Forwarded-For {client_ip}\n");
      expect(snippet).toContain("header_up -Forwarded\n");
      expect(snippet).toContain("header_up -Client-Ip\n");
    }
  });

  it("lets nobody change it while it runs", () => {
    expect(text).toContain("\n\tadmin off\n");
  });

  it("caches for ever only what was found, and is a file that never changes", () => {
    const blocks = text.split("immutable").slice(0, -1);
    expect(blocks).toHaveLength(2);
    for (const before of blocks) {
      expect(before.split("\n").slice(-2)[0]).toMatch(/^\t+match status 200 206 304$/);
    }
  });
});

it.each([
  ["local", "\t\theader_down -Strict-Transport-Security\n", true],
  ["caddy", "Strict-Transport-Security", false],
  ["tunnel", "Strict-Transport-Security", false],
  ["none", "Strict-Transport-Security", false],
  ["local", "trusted_proxies", false],
  ["caddy", "trusted_proxies", false],
  ["tunnel", "trusted_proxies static private_ranges\n", true],
  ["tunnel", "client_ip_headers Cf-Connecting-Ip X-Forwarded-For\n", true],
  ["tunnel", "trusted_proxies_strict\n", true],
  ["none", "trusted_proxies static private_ranges 198.51.100.7 2001:db8::/32\n", true],
  ["none", "trusted_proxies_strict\n", true],
  ["tunnel", "header_up -X-Forwarded-Host\n", true],
  ["none", "header_up -X-Forwarded-Host\n", true],
  ["local", "X-Forwarded-Host", false],
  ["caddy", "X-Forwarded-Host", false],
  ["local", "tls internal", true],
  ["caddy", "tls internal", false],
  ["tunnel", "auto_https off", true],
  ["none", "auto_https off", true],
  ["caddy", "auto_https", false],
  ["caddy", "protocols", false],
  ["local", "protocols h1 h2\n", true],
  ["tunnel", "\theader @made Cloudflare-CDN-Cache-Control no-store\n", true],
  ["local", "Cloudflare", false],
  ["caddy", "Cloudflare", false],
] as const)("%s: %j is there: %s", (kind, text, present) => {
  expect(caddyfile(configWith(edges[kind])).includes(text)).toBe(present);
});

it("keeps answers out of Cloudflare's cache wherever its names are there", () => {
  const dns = { kind: "cloudflare", zone: "example.org", addresses: ["198.51.100.7"] };
  expect(caddyfile(configWith({ ...edges.caddy, dns }))).toContain("Cloudflare-CDN-Cache-Control");
});

describe("the fingerprint in a file's name", () => {
  const pattern = /path_regexp "([^"]+)"/.exec(caddyfile(configWith()))?.[1] ?? "";

  it.each([
    ["/packs/assets/application-CDEbgFPP.js", true],
    ["/packs/assets/inter-variable-font-slnt-wght-B7fK2x_Q.woff2", true],
    ["/packs/intl/de-Dx-2_b4Q.js", true],
    ["/packs/assets/application-CDEbgFPP.js.br", true],
    [`/assets/doorkeeper/application-${"0a".repeat(32)}.css`, true],
    ["/packs/sw.js", false],
    ["/packs/.vite/manifest.json", false],
    ["/packs/.vite/manifest-assets.json", false],
    ["/sw.js", false],
    ["/emoji/1f600.svg", false],
    ["/@alice/113-CDEbgFPP.js", false],
    ["/packs/assets/application-CDEbgFPP", false],
  ])("%s: %s", (path, expected) => {
    expect(new RegExp(pattern).test(path)).toBe(expected);
  });
});

describe("a domain beside the pages' own", () => {
  it.each([
    [fullest, "https://example.org", "https://social.example.org:9443"],
    [
      { ...edges.caddy, webDomain: "www.example.org" },
      "https://social.example.org",
      "https://www.example.org",
    ],
    [
      { ...edges.none, webDomain: "www.example.org" },
      "http://social.example.org",
      "https://www.example.org",
    ],
  ])("leads other servers on for good, and people for now", (raw, head, target) => {
    const block = blockOf(caddyfile(configWith(raw)), head);
    expect(block).toContain(`redir @discovery ${target}{uri} 301\n`);
    expect(block).toContain(`redir ${target}{uri} 302\n`);
    expect(block).toContain('header @discovery Access-Control-Allow-Origin "*"\n');
    expect(block).not.toContain("import web");
  });

  it("is no site of its own where there is none", () => {
    expect(caddyfile(configWith())).not.toContain("@discovery");
  });
});

describe("an authority of one's own", () => {
  const own = { ...edges.caddy.edge, acmeDirectory: "https://acme.example.org/dir" };

  it("is asked in place of the public ones", () => {
    const text = caddyfile(configWith({ ...edges.caddy, edge: own }));
    expect(text).toContain("\tacme_ca https://acme.example.org/dir\n");
    expect(text).not.toContain("acme_ca_root");
    expect(caddyfile(configWith(edges.caddy))).not.toContain("acme_ca");
  });

  it("is known by its certificate, which makes the text another one", () => {
    const [one, other] = [certificate("MIIB"), certificate("MIIC")].map((acmeRoots) =>
      configWith({ ...edges.caddy, edge: { ...own, acmeRoots } }),
    );
    if (one === undefined || other === undefined) throw new Error("unreachable");
    expect(caddyfile(one)).toContain("\tacme_ca_root /etc/mastodon/acmeRoots.pem\n");
    expect(caddyfileDigest(one)).not.toBe(caddyfileDigest(other));
  });

  it("gets the account's key from the environment, so that no text holds it", () => {
    const text = caddyfile(configWith({ ...edges.caddy, edge: { ...own, acmeKeyId: 'kid "1"' } }));
    expect(text).toContain('\t\tkey_id "kid \\"1\\""\n\t\tmac_key {env.ACME_HMAC_KEY}\n');
  });
});

describe("media in a bucket", () => {
  const media = { kind: "s3", bucket: "media", endpoint: "https://s3.example.org", region: "x" };

  it("is fetched there unless the volume still holds it", () => {
    expect(caddyfile(configWith({ media }))).toContain(
      "\t\t@moved not file\n\t\tredir @moved https://s3.example.org/media{uri} 302\n",
    );
  });

  it("leads nowhere else where there is none", () => {
    expect(caddyfile(configWith())).not.toContain("@moved");
  });
});

describe("a reverse proxy of one's own", () => {
  const text = caddyfile(configWith(edges.none));

  it.each(["X-Forwarded-Proto", "X-Forwarded-For"])("is told that it sends no %s", (header) => {
    expect(text).toMatch(
      new RegExp(`header !${header}\n[^}]+respond \`[^\`]*${header}[^\`]*\` 400`),
    );
  });

  it("is asked for what it sends before anything is passed on", () => {
    const order = ["handle @stranger", "handle @missing1", "handle @missing2", "import web\n\t\t}"];
    const places = order.map((part) => text.indexOf(part, text.indexOf("route {")));
    expect(places).not.toContain(-1);
    expect([...places].sort((left, right) => left - right)).toEqual(places);
  });
});

it.each(everyEdge)("says by which text it works: %s", (_, raw) => {
  const config = configWith(raw);
  expect(caddyfile(config)).toContain(`\trespond /caddyfile ${caddyfileDigest(config)}\n`);
  expect(caddyfileDigest(config)).toMatch(/^[0-9a-f]{16}$/);
  const other = configWith({ ...raw, image: { flavour: "linuxserver" } });
  expect(caddyfileDigest(other)).not.toBe(caddyfileDigest(config));
});
