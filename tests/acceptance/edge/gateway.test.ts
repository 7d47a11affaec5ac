import type { Agent } from "node:http";
import path from "node:path";
import { caddyfile } from "../../../plan/edge/caddyfile";
import { edges, everyEdge } from "../../plan/edge/edges";
import { docker, linesOf, run, until } from "../../support/commands";
import { containersOf, type Inspected } from "../../support/inspection";
import { configWith } from "../../support/fixtures";
import { ask, Listeners, underLoad, type Front, type PlainAnswer } from "../../support/load";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const instance = "mastodon-fronted";
const port = 3004;
const edge = { kind: "none", port };
const environment = { RAILS_LOG_LEVEL: "info" };

/** As a reverse proxy sends it that has taken a visitor's connection. */
const proxied = {
  host: "social.example.org",
  "x-forwarded-proto": "https",
  "x-forwarded-for": "203.0.113.9",
};
const front: Front = { host: "127.0.0.1", port, headers: proxied };

const project = new Project({
  folder: path.join(testbed.folder, "gateway"),
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  stack: "dev",
  config: {
    name: "fronted",
    domain: "example.org",
    webDomain: "social.example.org",
    images: testbed.images,
    edge,
    environment,
  },
});

async function container(part: string): Promise<Inspected> {
  const [found] = await containersOf(testbed.endpoint, instance, part);
  if (found === undefined) throw new Error(`no container is labelled ${part}`);
  return found;
}

const within = async (part: string, ...command: string[]): Promise<string> =>
  (await docker(testbed.endpoint, ["exec", (await container(part)).id, ...command])).stdout;

const textOf = ({ body }: PlainAnswer): string => body.toString();

let person: Visitor;
let token = "";

beforeAll(async () => {
  await project.create();
  await project.installProviders();
  await project.start();
  const { adminPassword } = await project.outputs();
  person = new Visitor(`http://127.0.0.1:${port}`, "", proxied);
  await person.signIn("owner@example.org", String(adminPassword));
  token = await person.authorize();
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data"], true);
  await project.remove();
});

describe("asked as another server asks", () => {
  /** Follows redirects, each name leading to the gateway. @returns the answers, the last one last */
  async function fetched(url: string, accept: string): Promise<PlainAnswer[]> {
    const { host, pathname, search } = new URL(url);
    const answer = await ask(front, pathname + search, { host, accept });
    const { location } = answer.headers;
    return location === undefined ? [answer] : [answer, ...(await fetched(location, accept))];
  }

  const activity =
    'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
  const resource = "resource=acct:owner@example.org";

  it.each(["example.org", "social.example.org"])("%s says who somebody is", async (name) => {
    const answers = await fetched(
      `https://${name}/.well-known/webfinger?${resource}`,
      "application/jrd+json",
    );
    expect(answers.map(({ status }) => status)).toEqual(
      name === "example.org" ? [301, 200] : [200],
    );
    for (const { headers } of answers) expect(headers["access-control-allow-origin"]).toBe("*");
    const [answer] = answers.slice(-1);
    expect(answer?.headers["content-type"]).toMatch(/^application\/jrd\+json/);
    expect(answer?.headers["cache-control"]).toBe("max-age=259200, public");
    expect(JSON.parse(answer?.body.toString() ?? "")).toMatchObject({
      subject: "acct:owner@example.org",
      links: expect.arrayContaining([
        {
          rel: "self",
          type: "application/activity+json",
          href: "https://social.example.org/users/owner",
        },
      ]) as unknown,
    });
  });

  it("leads on with the query, so that the answer is about the same person", async () => {
    const { headers } = await ask(front, `/.well-known/webfinger?${resource}`, {
      host: "example.org",
    });
    expect(headers.location).toBe(`https://social.example.org/.well-known/webfinger?${resource}`);
  });

  it.each(["example.org", "social.example.org"])("%s says where to ask", async (name) => {
    const [hostMeta] = (
      await fetched(`https://${name}/.well-known/host-meta`, "application/xrd+xml")
    ).slice(-1);
    expect(hostMeta?.headers["content-type"]).toMatch(/^application\/xrd\+xml/);
    expect(hostMeta?.body.toString()).toContain(
      'template="https://social.example.org/.well-known/webfinger?resource={uri}"',
    );
  });

  it.each(["example.org", "social.example.org"])("%s describes itself", async (name) => {
    const [links] = (
      await fetched(`https://${name}/.well-known/nodeinfo`, "application/json")
    ).slice(-1);
    const {
      links: [link],
    } = JSON.parse(links?.body.toString() ?? "") as { links: { href: string }[] };
    const [description] = await fetched(link?.href ?? "", "application/json");
    expect(description?.status).toBe(200);
    expect(JSON.parse(description?.body.toString() ?? "")).toMatchObject({
      protocols: ["activitypub"],
    });
  });

  it.each([
    "https://social.example.org/users/owner",
    "https://social.example.org/@owner",
    "https://example.org/users/owner",
    "https://example.org/@owner",
  ])("%s is a person", async (url) => {
    const answers = await fetched(url, activity);
    const [answer] = answers.slice(-1);
    if (url.includes("//example.org")) expect(answers[0]?.status).toBe(302);
    expect(answer?.headers["content-type"]).toMatch(/^application\/activity\+json/);
    expect(JSON.parse(answer?.body.toString() ?? "")).toMatchObject({
      type: "Person",
      id: "https://social.example.org/users/owner",
      publicKey: { publicKeyPem: expect.stringContaining("BEGIN PUBLIC KEY") as unknown },
    });
  });

  it("leaves it to Rails how long an answer is kept that depends on who asks", async () => {
    const [page, document] = await Promise.all(
      ["text/html", activity].map((accept) => ask(front, "/@owner", { accept })),
    );
    for (const { headers } of [page, document].flatMap((answer) => answer ?? [])) {
      expect(headers.vary).toContain("Accept, Accept-Language, Cookie");
      expect(headers["cache-control"]).not.toContain("immutable");
    }
    expect(page?.headers["content-type"]).toMatch(/^text\/html/);
    expect(document?.headers["cache-control"]).toBe("max-age=180, public");
  });
});

describe("files", () => {
  const forever = "public, max-age=31536000, immutable";
  const plain = { host: "social.example.org" };

  beforeAll(async () => {
    await within("web", "sh", "-c", "seq 2000 > public/system/kept.txt");
  });

  it.each([
    ["with a fingerprint, for ever", "/packs/assets/standin-B7fK2x_Q.css", 200, forever],
    [
      "without one, as Rails says",
      "/packs/standin.css",
      200,
      "public, max-age=2419200, must-revalidate",
    ],
    ["of people, for ever", "/system/kept.txt", 200, forever],
    ["of people that are not there, not at all", "/system/missing.png", 404, undefined],
    [
      "that are not there, as Rails says",
      "/packs/assets/missing-B7fK2x_Q.css",
      404,
      "private, no-store",
    ],
  ])("are kept %s", async (_, file, status, cache) => {
    const answer = await ask(front, file, plain);
    expect([answer.status, answer.headers["cache-control"]]).toEqual([status, cache]);
  });

  it("of people can be no pages", async () => {
    const { headers } = await ask(front, "/system/kept.txt", plain);
    expect(headers["content-security-policy"]).toBe("default-src 'none'; form-action 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it.each([
    ["/users/owner", "gzip"],
    ["/users/owner", "zstd"],
    ["/api/v2/instance", "gzip"],
    ["/system/kept.txt", undefined],
  ])("%s is compressed with %s", async (file, encoding) => {
    const answer = await ask(front, file, {
      accept: "application/activity+json",
      "accept-encoding": encoding ?? "gzip, zstd",
    });
    expect([answer.status, answer.headers["content-encoding"]]).toEqual([200, encoding]);
  });
});

describe("the reverse proxy before it", () => {
  it.each([
    ["x-forwarded-proto", undefined, 400, "not sent the header X-Forwarded-Proto"],
    ["x-forwarded-for", undefined, 400, "not sent the header X-Forwarded-For"],
    ["host", `127.0.0.1:${port}`, 421, "has sent the header Host: 127.0.0.1"],
  ])("is told what is wrong with %s", async (header, value, status, sentence) => {
    const answer = await ask(front, "/", { [header]: value });
    expect([answer.status, answer.headers.location]).toEqual([status, undefined]);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(textOf(answer)).toContain(sentence);
    expect(textOf(answer)).toContain("nginx: proxy_set_header");
  });

  /** The visitor's address, as web has taken it from a request. */
  async function seen(
    headers: Readonly<Record<string, string>>,
    by: Front = front,
  ): Promise<string> {
    const mark = `/seen-${Math.random().toString(36).slice(2)}`;
    await ask(by, mark, headers);
    const { stdout } = await docker(testbed.endpoint, ["logs", (await container("web")).id]);
    return new RegExp(`Started GET "${mark}" for (\\S+)`).exec(stdout)?.[1] ?? "nothing";
  }

  it.each([
    ["the visitor", { "x-forwarded-for": "203.0.113.9" }, "203.0.113.9"],
    ["a visitor of the newer kind", { "x-forwarded-for": "2001:db8::9" }, "2001:db8::9"],
    [
      "the one that it has seen itself",
      { "x-forwarded-for": "192.0.2.1, 203.0.113.9" },
      "203.0.113.9",
    ],
    [
      "the one before a second proxy",
      { "x-forwarded-for": "203.0.113.9, 10.0.0.5" },
      "203.0.113.9",
    ],
    [
      "nobody whom the visitor names",
      { "client-ip": "192.0.2.1", forwarded: "for=192.0.2.1" },
      "203.0.113.9",
    ],
  ])("names %s to web", async (_, headers, expected) => {
    await expect(seen(headers)).resolves.toBe(expected);
  });

  it("is believed at an address of its own only when that is named, for which nothing is made anew", async () => {
    const own = "198.51.100.7";
    const gateway = await container("gateway");
    const direct: Front = { ...front, host: gateway.address, port: 8080, from: own };
    await run("ip", ["address", "add", `${own}/32`, "dev", "lo"]);
    const listeners = Listeners.open(front, token, 20);
    try {
      await until("all listen", 120_000, () => Promise.resolve(listeners.connected === 20));
      const stranger = await ask(direct, "/");
      expect(stranger.status).toBe(403);
      expect(textOf(stranger)).toContain(`This request came from ${own}`);

      await project.configure({ edge: { ...edge, trustedProxies: [own] } });
      const changes = changesIn(await project.up());
      expect(changes[0]).toMatch(/1 updated/);
      await expect(seen({ "x-forwarded-for": "203.0.113.9" }, direct)).resolves.toBe("203.0.113.9");
      expect((await container("gateway")).id).toBe(gateway.id);
      await person.publish(token, "after the reload");
      await until("the post is with all", 120_000, () =>
        Promise.resolve(listeners.received("after the reload") === 20),
      );
      expect(listeners.losses).toBe(0);
    } finally {
      listeners.close();
      await run("ip", ["address", "delete", `${own}/32`, "dev", "lo"]);
    }
  });
});

describe("while containers are replaced", () => {
  const listening = 200;
  let listeners: Listeners;

  /** Reads of all sorts, and every twentieth time something that is written. @throws where it is not answered well */
  async function one(number: number, agent: Agent): Promise<void> {
    if (number % 20 === 0) {
      const answer = await ask(
        front,
        "/api/v1/apps",
        // As apps send what is written, so that it may be sent again to the web that comes next.
        { "content-type": "application/json", "idempotency-key": `load ${number}` },
        {
          method: "POST",
          agent,
          body: JSON.stringify({
            client_name: `load ${number}`,
            redirect_uris: "urn:ietf:wg:oauth:2.0:oob",
          }),
        },
      );
      if (answer.status !== 200) throw new Error(`POST: ${answer.status} ${textOf(answer)}`);
      return;
    }
    const paths = ["/api/v2/instance", "/@owner", "/users/owner", "/packs/standin.css"] as const;
    const target = paths[number % paths.length] ?? "/";
    const answer = await ask(front, target, { accept: "application/activity+json" }, { agent });
    if (answer.status !== 200) throw new Error(`${target}: ${answer.status} ${textOf(answer)}`);
  }

  const ids = async (): Promise<Readonly<Record<string, string>>> => {
    const found = await containersOf(testbed.endpoint, instance);
    return Object.fromEntries(found.map(({ part, id }) => [part, id]));
  };

  beforeAll(async () => {
    listeners = Listeners.open(front, token, listening);
    await until("all listen", 120_000, () => Promise.resolve(listeners.connected === listening));
  });

  afterAll(() => listeners.close());

  it("no request of 10,000 fails while web is, and nobody stops listening", async () => {
    const before = await ids();
    await project.configure({ environment: { ...environment, MAX_SESSION_ACTIVATIONS: "9" } });
    const { requests, failures, slowestMs } = await underLoad(
      { abreast: 25, least: 10_000, one },
      () => project.up(),
    );
    const after = await ids();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(10_000);
    expect(slowestMs).toBeLessThan(15_000);
    expect(after["web"]).not.toBe(before["web"]);
    expect(after["streaming"]).toBe(before["streaming"]);
    expect(listeners.losses).toBe(0);
    expect(listeners.connected).toBe(listening);
  });

  it("no request fails while streaming is, and all come back to listen", async () => {
    const before = await ids();
    await project.configure({ environment: { ...environment, LOG_LEVEL: "info" } });
    const { failures } = await underLoad({ abreast: 5, least: 500, one }, () => project.up());
    expect(failures).toEqual([]);
    expect((await ids())["streaming"]).not.toBe(before["streaming"]);
    await until("all listen again", 120_000, () =>
      Promise.resolve(listeners.connected === listening),
    );
    expect(listeners.losses).toBeGreaterThanOrEqual(listening);
    await person.publish(token, "after the change");
    await until("the post is with all", 120_000, () =>
      Promise.resolve(listeners.received("after the change") === listening),
    );
  });
});

describe("when web ends without an answer", () => {
  /** Takes a request whole and ends the connection, the first time; the second time, says what has been sent. */
  const ending = `
    const heard = new Map();
    require("node:http").createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const times = (heard.get(request.url) ?? 0) + 1;
      heard.set(request.url, times);
      if (times === 1) request.socket.resetAndDestroy();
      else response.end(JSON.stringify([request.method, times, body.length]));
    }).listen(3000, "0.0.0.0")`;
  const name = `${instance}-ending-web`;
  const long = "x".repeat(500_000);

  beforeAll(async () => {
    const web = await container("web");
    const network = `${instance}-egress`;
    await docker(testbed.endpoint, ["stop", web.id]);
    await docker(testbed.endpoint, [
      ...["run", "--detach", "--name", name, "--network", network, "--network-alias", "web"],
      ...["--entrypoint", "node", web.image, "-e", ending],
    ]);
  });

  afterAll(async () => {
    await docker(testbed.endpoint, ["rm", "--force", name]);
    await docker(testbed.endpoint, ["start", (await container("web")).id]);
    await until("web answers", 120_000, async () => (await ask(front, "/health")).status === 200);
  });

  it.each([
    ["what is read", "GET", "/about", {}],
    ["what is put in a place", "PUT", "/api/v1/statuses/1", {}],
    ["what is deleted", "DELETE", "/api/v1/statuses/1?delete_media=1", {}],
    ["what another server delivers", "POST", "/inbox", {}],
    ["what it delivers to somebody", "POST", "/users/owner/inbox", {}],
    ["what has a key", "POST", "/api/v1/statuses", { "idempotency-key": "k" }],
  ])("%s is sent again, and whole", async (_, method, target, headers) => {
    const body = method === "POST" || method === "PUT" ? long : "";
    const answer = await ask(front, target, headers, { method, body });
    expect(JSON.parse(textOf(answer))).toEqual([method, 2, body.length]);
  });

  it("what could do a thing twice is not", async () => {
    const target = "/api/v1/statuses/1/favourite";
    expect((await ask(front, target, {}, { method: "POST", body: "once" })).status).toBe(503);
    const answer = await ask(front, target, {}, { method: "POST", body: "once more" });
    expect(JSON.parse(textOf(answer))).toEqual(["POST", 2, 9]);
  });
});

describe("while web is really down", () => {
  const answers = new Map<string, PlainAnswer>();
  const kinds = {
    browser: ["/", "text/html,application/xhtml+xml,*/*;q=0.8"],
    server: ["/users/owner", "application/activity+json"],
    application: ["/api/v2/instance", "*/*"],
  } as const;

  beforeAll(async () => {
    const { id } = await container("web");
    await docker(testbed.endpoint, ["stop", id]);
    try {
      await Promise.all(
        Object.entries(kinds).map(async ([kind, [target, accept]]) => {
          answers.set(kind, await ask(front, target, { accept }));
        }),
      );
      answers.set("file", await ask(front, "/system/kept.txt"));
    } finally {
      await docker(testbed.endpoint, ["start", id]);
    }
  });

  it.each(["browser", "server", "application"])("a %s is told to come back", (kind) => {
    const { status, headers } = answers.get(kind) ?? { status: 0, headers: {} };
    expect([status, headers["retry-after"], headers["cache-control"]]).toEqual([
      503,
      "60",
      "no-store",
    ]);
  });

  it("a browser gets a page that asks for nothing else", () => {
    const page = answers.get("browser");
    expect(page?.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page?.body.toString()).toContain("<h1>social.example.org</h1>");
    expect(page?.body.toString()).not.toMatch(/src=|href=|url\(/);
  });

  it.each(["server", "application"])("a %s gets JSON", (kind) => {
    const answer = answers.get(kind);
    expect(answer?.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(JSON.parse(answer?.body.toString() ?? "")).toEqual({
      error: "Mastodon is being worked on, and will be back soon.",
    });
  });

  it("media is there all the same", () => {
    expect(answers.get("file")?.status).toBe(200);
  });

  it("it is back by itself when web is", async () => {
    await until(
      "web answers",
      120_000,
      async () => (await ask(front, "/api/v2/instance")).status === 200,
    );
  });
});

it("passes an error of Rails on as it is", async () => {
  const { id } = await container("postgres");
  await docker(testbed.endpoint, ["stop", id]);
  try {
    const answer = await ask(front, "/api/v2/instance");
    expect([answer.status, textOf(answer)]).toEqual([500, '{"error":"Internal Server Error"}']);
    expect(answer.headers["retry-after"]).toBeUndefined();
  } finally {
    await docker(testbed.endpoint, ["start", id]);
  }
  await until(
    "it answers again",
    120_000,
    async () => (await ask(front, "/api/v2/instance")).status === 200,
  );
});

describe("its text", () => {
  const own = {
    ...edges.caddy.edge,
    acmeDirectory: "https://acme.zerossl.com/v2/DV90",
    acmeKeyId: "kid",
  };
  const bucket = { kind: "s3", bucket: "media", endpoint: "https://s3.example.org", region: "x" };

  it.each([
    ...everyEdge,
    ["an authority of one's own", { ...edges.caddy, edge: own }],
    ["public ports, by IPv6 too", { ...edges.caddy, edge: { ...edges.caddy.edge, ipv6: true } }],
    ["two names", { ...edges.tunnel, webDomain: "www.example.org" }],
    ["media in a bucket", { ...edges.none, media: bucket }],
    ["LinuxServer's image", { ...edges.tunnel, image: { flavour: "linuxserver" } }],
  ])("is taken by Caddy, without a word of advice: %s", async (_, raw) => {
    const variables = {
      ...process.env,
      CADDYFILE: caddyfile(configWith(raw)),
      ACME_HMAC_KEY: "a2V5",
    };
    const { stderr } = await docker(
      testbed.endpoint,
      [
        ...["run", "--rm", "--env=CADDYFILE", "--env=ACME_HMAC_KEY", "--entrypoint=/bin/sh"],
        ...[(await container("gateway")).image, "-c"],
        'printf "%s" "$CADDYFILE" > /tmp/C && exec caddy validate --config /tmp/C --adapter caddyfile',
      ],
      { env: variables },
    );
    expect(linesOf(stderr).filter((line) => line.includes('"logger":"caddyfile"'))).toEqual([]);
  });

  const serves = (): Promise<void> =>
    until("it serves", 120_000, async () => {
      const answer = await ask(front, "/api/v2/instance").catch(() => undefined);
      return answer?.status === 200;
    });

  it("is there again after a reboot", async () => {
    await docker(testbed.endpoint, ["restart", (await container("gateway")).id]);
    await serves();
  });

  it("is made anew with a volume that was lost", async () => {
    await docker(testbed.endpoint, ["rm", "--force", (await container("gateway")).id]);
    await docker(testbed.endpoint, ["volume", "rm", `${instance}-caddyfile`]);
    await project.pulumi(["up", "--yes", "--skip-preview", "--non-interactive", "--refresh"]);
    await serves();
  });

  it("takes effect although the gateway was stopped when it changed", async () => {
    await docker(testbed.endpoint, ["stop", (await container("gateway")).id]);
    await project.configure({ edge });
    await project.up();
    await serves();
    expect(await within("gateway", "cat", "/etc/mastodon/Caddyfile")).not.toContain("198.51.100.7");
  });
});
