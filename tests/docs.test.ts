import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { findZone } from "../components/edge/findZone";
import { makePlan, parseConfig, withExamples, type Plan } from "../plan";
import { connectorsOf } from "../plan/edge/tunnel";
import { zoneSettings } from "../plan/edge/zone";
import { serverTypes } from "../plan/hosts/serverTypes";
import { sizeInstance, type Capacity, type Hardware } from "../plan/sizing";
import { CloudflareApi } from "./support/cloudflare/api";
import { code, mastodonKeys, Page, textOf } from "./support/page";
import { projectFolder } from "./support/projectFolder";
import { sentences } from "./support/sentences";

/** Which page leads through which stack. */
const stacks: Readonly<Record<string, string>> = {
  "docs/vps.md": "prod",
  "docs/mac-mini.md": "mac",
  "docs/raspberry-pi.md": "pi",
};

/** The pages about one thing of any stack, and the stack whose file their examples change. */
const topics: Readonly<Record<string, string>> = {
  "docs/mail.md": "prod",
  "docs/media.md": "prod",
  "docs/policies.md": "prod",
  "docs/public-ports.md": "prod",
  "docs/reverse-proxy.md": "mac",
  "docs/review-in-ci.md": "prod",
  "docs/review.md": "prod",
  "docs/tunnel.md": "mac",
};

const names = readdirSync(path.join(projectFolder, "docs")).map((file) => `docs/${file}`);
const pages = names.map((name): [string, Page] => [name, new Page(name)]);
const page = (name: string): Page => new Page(`docs/${name}.md`);
const [vps, macMini, raspberryPi] = [page("vps"), page("mac-mini"), page("raspberry-pi")];
const tunnel = page("tunnel");

const { scripts } = JSON.parse(textOf("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** The keys of a page's stack file with examples for what its owner fills in. */
const filledIn = (name: string): Readonly<Record<string, unknown>> =>
  withExamples(
    mastodonKeys(textOf(`Pulumi.${stacks[name] ?? topics[name] ?? ""}.yaml`)),
  ) as Readonly<Record<string, unknown>>;

const planOf = (name: string): Plan => makePlan(parseConfig(filledIn(name)));

/** The commands of a page that are about one stack. Each has to say which: without, it would be `dev`. */
const stackCommands = ({ text }: Page): string[] =>
  text.match(/\bnpm run (pulumi(?! -- login\b)|plan|doctor|media|(?:--silent )?review) [^`\n]+/g) ??
  [];

it("each page leads through a stack, or is about one thing of any", () => {
  expect(names.sort()).toEqual([...Object.keys(stacks), ...Object.keys(topics)].sort());
});

describe.each(pages)("%s", (name, found) => {
  const { scripts: named, links, examples } = found;

  it("names only scripts that exist", () => {
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  it("has no link that leads nowhere", () => {
    expect(links.filter((link) => !found.leadsSomewhere(link))).toEqual([]);
  });

  it("speaks of a stack in every command", () => {
    const chosen = stackCommands(found).map((line) => / --stack (\w+)( |$)/.exec(line)?.[1]);
    const isThere = (stack = ""): boolean =>
      existsSync(path.join(projectFolder, `Pulumi.${stack}.yaml`));
    expect(stackCommands(found).filter((_, index) => !isThere(chosen[index]))).toEqual([]);
  });

  it("shows changes of the stack file that are accepted", () => {
    expect(examples).not.toHaveLength(0);
    for (const example of examples) {
      const changed = { ...filledIn(name), ...example };
      expect(() => makePlan(parseConfig(changed))).not.toThrow();
    }
  });
});

describe.each(Object.entries(stacks))("%s", (name, stack) => {
  const found = new Page(name);

  it("speaks of its own stack in every command", () => {
    const commands = stackCommands(found);
    expect(commands.filter((line) => !line.includes(`--stack ${stack}`))).toEqual([]);
    expect(commands).not.toHaveLength(0);
  });

  it("shows the whole stack file as it is once it is filled in", () => {
    const [whole = {}] = found.examples;
    expect(Object.keys(whole)).toEqual(Object.keys(filledIn(name)));
    expect(() => makePlan(parseConfig(whole))).not.toThrow();
  });

  it("has the same way in as the stack file", () => {
    const [whole = {}] = found.examples;
    expect(whole["edge"]).toEqual(filledIn(name)["edge"]);
    expect(found.text).toContain(`Open <${planOf(name).url}>`);
  });

  it("has the secrets set that the stack file asks for", () => {
    const asked = textOf(`Pulumi.${stack}.yaml`).match(/npm run pulumi -- config set .*/g) ?? [];
    expect(asked).not.toHaveLength(0);
    expect(found.text.match(/npm run pulumi -- config set .*/g)).toEqual(asked);
  });
});

describe("the page on the tunnel", () => {
  const { tunnel: spec } = planOf("docs/tunnel.md");
  const [rules, settings] = tunnel.tables("What it makes").map(({ rows }) => rows);
  const permissions = tunnel.table("The token");
  const rights = permissions.map(([, name, right]) => `${name ?? ""}:${right ?? ""}`);
  const needed = permissions.filter(([, , , purpose = ""]) => !purpose.startsWith("optional"));

  it("tells its name and its rules, in their order", () => {
    expect(tunnel.text).toContain(`named \`${spec?.name}\``);
    expect(rules?.map((cells) => cells.map(code))).toEqual(
      spec?.ingress.map(({ hostname = "any", path = "any", service }) => [hostname, path, service]),
    );
  });

  it("tells each setting of the zone, with its reason", () => {
    expect(settings?.map((cells) => cells.map(code))).toEqual(
      zoneSettings.map(({ id, value, reason }) => [id, value, reason]),
    );
  });

  it("tells how many containers hold it open", () => {
    const replicas = (hardware: Hardware): number =>
      connectorsOf({ hardware, edge: { kind: "tunnel", accountId: "", zone: "" } });
    expect([replicas("vps"), replicas("macmini"), replicas("pi")]).toEqual([2, 2, 1]);
    expect(tunnel.text).toMatch(/two on `vps` and `macmini`,[^.]* and one on `pi`/);
  });

  it("has the token given the permissions that the program asks for", async () => {
    const said = await sentences([]);
    const listed = needed.map(([scope = "", name, right], index) =>
      [...(scope === needed[index - 1]?.[0] ? [] : [scope]), name, right].join(": "),
    );
    expect(said.join("\n")).toContain(`${listed.join(", ")})`);
  });

  it("has it given no less than is looked for", async () => {
    const api = await CloudflareApi.start({ zones: [{ name: "example.org" }] });
    for (const permission of api.permissions) {
      if (!rights.includes(permission)) api.permissions.delete(permission);
    }
    const edge = { kind: "tunnel", accountId: api.account.id, zone: "example.org" };
    const found = await findZone(
      { domain: "social.example.org", edge },
      { token: api.token, baseUrl: api.url },
    );
    await api.close();
    expect(found).toMatchObject({ faults: [], warnings: [] });
  });

  it("has a foreign website redirect what the gateway would", () => {
    const names = { domain: "example.org", webDomain: "social.example.org" };
    const { url, jobs } = makePlan(parseConfig({ ...filledIn("docs/tunnel.md"), ...names }));
    const [, location = "none"] = /^location ~ (\S+) \{$/m.exec(tunnel.text) ?? [];
    const caddyfile = JSON.stringify(jobs.caddyfile.environment);
    const [, paths = ""] = /@discovery path ([^\\]+)/.exec(caddyfile) ?? [];
    for (const path of paths.split(" ")) expect(path).toMatch(new RegExp(location));
    expect(paths.split(" ")).toHaveLength(3);
    expect(tunnel.text).toContain(`return 301 ${url}$request_uri;`);
  });

  it("finds its containers by their label", () => {
    const { labels = {} } = spec?.replicas[0] ?? {};
    const [, label = "", value] = /label=([^=]+)=(\w+)/.exec(tunnel.text) ?? [];
    expect(labels[label]).toBe(value);
  });
});

/** What each container may take of a machine of a page, by the columns of its table. */
function limitsOf(name: string, hardware: Hardware, capacity: Capacity): string[] {
  const connectors = planOf(name).sizing.tunnel?.connectors ?? 0;
  const sidekiqs = { default: undefined };
  const sizing = sizeInstance({ hardware, ...capacity, connectors, sidekiq: sidekiqs });
  const { postgres, redis, web, streaming, sidekiq, gateway, job, reserveMb } = sizing;
  const before = [postgres, redis, web, streaming, sidekiq["default"], gateway];
  const memory = String(sizing.tunnel?.memoryMb);
  const shares = { 0: [], 1: [memory] }[connectors] ?? [`${connectors} × ${memory}`];
  return [
    ...before.map((part) => String(part?.memoryMb)),
    ...shares,
    ...[job.memoryMb, reserveMb].map(String),
  ];
}

describe("the tables of memory", () => {
  const rows = (of: Page): string[][] => of.table("What it draws in memory");

  it.each(rows(vps))("says of %s what the plan says", (types = "", counted = "", ...limits) => {
    const found = types.split(", ").map((type) => serverTypes.get(code(type)));
    for (const type of found) {
      expect(type?.memoryMb).toBe(Number(counted));
      expect(limits).toEqual(type && limitsOf(vps.name, "vps", type));
    }
  });

  const own = [
    ...rows(macMini).map((row) => [macMini.name, "macmini", ...row]),
    ...rows(raspberryPi).map((row) => [raspberryPi.name, "pi", ...row]),
  ];
  it.each(own)("in %s says of a %s with %s what the plan says", (...cells) => {
    const [name = "", hardware, machine = "", ...limits] = cells;
    const [, memoryMb, cpus] = /^(\d+) MB, (\d+) cores$/.exec(machine) ?? [];
    const capacity = { memoryMb: Number(memoryMb), cpus: Number(cpus) };
    expect(limits).toEqual(limitsOf(name, hardware as Hardware, capacity));
  });
});

describe("the costs of a server", () => {
  const volume = planOf("docs/vps.md").host;
  const perGb = Number(/([\d.]+) for each GB/.exec(vps.text)?.[1]);
  const address = Number(/IPv4 address: ([\d.]+),/.exec(vps.text)?.[1]);

  it.each(vps.table("What it costs"))(
    "of %s add up, and it is as large as the table says",
    (name = "", architecture, cpus, memory = "", server, whole) => {
      const type = serverTypes.get(code(name));
      expect(type).toMatchObject({ architecture, cpus: Number(cpus) });
      // What the kernel keeps is less than a tenth.
      const paidMb = parseInt(memory) * 1024;
      expect((type?.memoryMb ?? 0) / paidMb).toBeGreaterThan(0.9);
      expect((type?.memoryMb ?? 0) / paidMb).toBeLessThan(1);
      const gigabytes = volume.kind === "hetzner" ? volume.dataVolume.sizeGb : 0;
      expect(Number(whole)).toBeCloseTo(Number(server) + gigabytes * perGb + address, 2);
    },
  );

  it("of the volume that is left are those of its size", () => {
    const [, gigabytes, price] = /\((\d+) GB: ([\d.]+) a month\)/.exec(vps.text) ?? [];
    expect(Number(price)).toBeCloseTo(Number(gigabytes) * perGb, 2);
  });
});

describe("the way to a server at Hetzner", () => {
  const { containers, host } = planOf("docs/vps.md");
  if (host.kind !== "hetzner") throw new Error("docs/vps.md is about a server at Hetzner");

  it("is by the configuration and the name that the program gives it", () => {
    expect(host.preamble).toContain(`/ssh/${host.name}:`);
    const named = [
      ...vps.text.matchAll(/\/state\/mastodon\/ssh\/(\S+)\/config(?: (mastodon-\S+))?/g),
    ];
    expect(named).not.toHaveLength(0);
    for (const [, folder, server = host.name] of named) {
      expect([folder, server]).toEqual([host.name, host.name]);
    }
    expect(vps.text).toContain(`The account \`${host.user}\` may use Docker`);
  });

  it("is open where the page says, and nowhere else", () => {
    const [, firewall = ""] = vps.table("Bring it up").find(([what]) => what === "firewall") ?? [];
    const rule = /SSH from `adminIps`, the ports (\d+) and (\d+) by TCP and (\d+) by UDP \S+ from/;
    const [, ...ports] = rule.exec(firewall) ?? [];
    const open = host.firewall.map(({ protocol, port }) => `${protocol} ${port}`);
    expect(open).toEqual(["tcp 22", `tcp ${ports[0]}`, `tcp ${ports[1]}`, `udp ${ports[2]}`]);
  });

  it("has the gateway restarted by its name", () => {
    expect(vps.text).toContain(`docker restart ${containers.gateway.name}\n`);
  });

  it("is closed for a reboot at the hour that the page names", () => {
    expect(vps.text).toContain(`at ${host.readiness.setup.rebootTime} UTC`);
  });
});

describe("what the pages quote", () => {
  let said: readonly string[] = [];
  beforeAll(async () => {
    said = await sentences(Object.keys(stacks).map(planOf));
  });
  const quotes = pages.flatMap(([name, { quotes: found }]) => found.map((quote) => [name, quote]));

  it.each(quotes)("in %s, %s, is what the program says", (_name, quote = "") => {
    // What is left out at an ellipsis is different each time.
    const parts = quote.split("…").map((part) => part.trim());
    const says = (sentence: string): boolean => parts.every((part) => sentence.includes(part));
    expect(said.filter(says)).not.toEqual([]);
  });
});

it("the key of Docker's packages has the fingerprint that servers are set up with", () => {
  const [fingerprint = "none"] = /\b[0-9A-F]{40}\b/.exec(raspberryPi.text) ?? [];
  expect(textOf("plan/hosts/hostSetup.ts")).toContain(`"${fingerprint}"`);
});

it("the first page links to every page", () => {
  const { links } = new Page("README.md");
  expect(names.filter((name) => !links.includes(name))).toEqual([]);
});
