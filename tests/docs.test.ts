import { readdirSync } from "node:fs";
import path from "node:path";
import { makePlan, parseConfig, preflight, withExamples, type HostFacts, type Plan } from "../plan";
import { sshdFile } from "../plan/hosts/hostFiles";
import { explainSsh } from "../plan/hosts/preflight";
import { serverTypes } from "../plan/hosts/serverTypes";
import { capacityFaults, sizeInstance, type Capacity, type Hardware } from "../plan/sizing";
import { code, mastodonKeys, Page, textOf } from "./support/page";
import { projectFolder } from "./support/projectFolder";

/** Which page leads through which stack. */
const stacks: Readonly<Record<string, string>> = {
  "docs/vps.md": "prod",
  "docs/mac-mini.md": "mac",
  "docs/raspberry-pi.md": "pi",
};

const names = readdirSync(path.join(projectFolder, "docs")).map((file) => `docs/${file}`);
const pages = names.map((name): [string, Page] => [name, new Page(name)]);
const page = (name: string): Page => new Page(`docs/${name}.md`);
const [vps, macMini, raspberryPi] = [page("vps"), page("mac-mini"), page("raspberry-pi")];

const { scripts } = JSON.parse(textOf("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** The keys of a page's stack file with examples for what its owner fills in. */
const filledIn = (name: string): Readonly<Record<string, unknown>> =>
  withExamples(mastodonKeys(textOf(`Pulumi.${stacks[name] ?? ""}.yaml`))) as Readonly<
    Record<string, unknown>
  >;

const planOf = (name: string): Plan => makePlan(parseConfig(filledIn(name)));

it("each page leads through a stack", () => {
  expect(names.sort()).toEqual(Object.keys(stacks).sort());
});

describe.each(pages)("%s", (name, found) => {
  const { scripts: named, links, examples, text } = found;
  const stack = stacks[name];
  const plan = planOf(name);

  it.each(named)("names npm run %s, which exists", (script) =>
    expect(scripts).toHaveProperty([script]),
  );

  it.each(links)("links to %s, which leads somewhere", (link) =>
    expect(found.leadsSomewhere(link)).toBe(true),
  );

  it("speaks of its own stack in every command", () => {
    const lines = text.split("\n").filter((line) => /^ *npm run (pulumi|plan) /.test(line));
    expect(lines.filter((line) => !line.includes(`--stack ${stack ?? ""}`))).toEqual([]);
    expect(lines).not.toHaveLength(0);
  });

  it("shows the whole stack file as it is once it is filled in", () => {
    const [whole = {}] = examples;
    expect(Object.keys(whole)).toEqual(Object.keys(filledIn(name)));
    expect(() => makePlan(parseConfig(whole))).not.toThrow();
  });

  it("shows changes of the stack file that are accepted", () => {
    for (const example of examples) {
      const changed = { ...filledIn(name), ...example };
      expect(() => makePlan(parseConfig(changed))).not.toThrow();
    }
  });

  it("names the gateway, its port and its certificate", () => {
    const { gateway } = plan.containers;
    const port = gateway.ports[0]?.external ?? 0;
    const commands = text.replace(/ \\\n +/g, " ");
    const data = gateway.mounts[0]?.path ?? "";
    expect(commands).toContain(
      `docker exec ${gateway.name} cat ${data}/caddy/pki/authorities/local/root.crt`,
    );
    expect(text).toContain(`-L ${port}:127.0.0.1:${port} `);
    expect(text).toContain(`<${plan.url}>`);
  });
});

/** What each container may take of a machine, by the columns of the pages' tables. */
function limitsOf(hardware: Hardware, capacity: Capacity): number[] {
  const sizing = sizeInstance({ hardware, ...capacity, sidekiq: { default: undefined } });
  const { postgres, redis, web, streaming, sidekiq, gateway, job, reserveMb } = sizing;
  const parts = [postgres, redis, web, streaming, sidekiq["default"], gateway, job];
  return [...parts.map((part) => part?.memoryMb ?? 0), reserveMb];
}

describe("the tables of memory", () => {
  const rows = (of: Page): string[][] => of.table("What it draws in memory");

  it.each(rows(vps))("says of %s what the plan says", (types = "", counted = "", ...limits) => {
    const found = types.split(", ").map((type) => serverTypes.get(code(type)));
    for (const type of found) {
      expect(type?.memoryMb).toBe(Number(counted));
      expect(limits.map(Number)).toEqual(type && limitsOf("vps", type));
    }
  });

  const own = [
    ...rows(macMini).map((row) => ["macmini", ...row]),
    ...rows(raspberryPi).map((row) => ["pi", ...row]),
  ];
  it.each(own)("says of a %s with %s what the plan says", (hardware, machine = "", ...limits) => {
    const [, memoryMb, cpus] = /^(\d+) MB, (\d+) cores$/.exec(machine) ?? [];
    const capacity = { memoryMb: Number(memoryMb), cpus: Number(cpus) };
    expect(limits.map(Number)).toEqual(limitsOf(hardware as Hardware, capacity));
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
  const { host } = planOf("docs/vps.md");
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

  it("leads a port of the server's loopback to one's own machine, which its SSH allows", () => {
    const settings = sshdFile(host.user).content.split("\n");
    expect(settings).toContain("AllowTcpForwarding local");
    expect(settings).toContain("PermitOpen 127.0.0.1:*");
  });

  it("is closed for a reboot at the hour that the page names", () => {
    expect(vps.text).toContain(`at ${host.cloudInit.rebootTime} UTC`);
  });
});

describe("what the pages quote", () => {
  const sound: HostFacts = {
    machine: "aarch64",
    memoryMb: 4096,
    cpus: 4,
    swapMb: 2048,
    pageSize: 4096,
    boot: undefined,
    clock: 0,
    docker: {
      apiVersion: "1.51",
      limitsMemory: true,
      rootFolder: "/var/lib/docker",
      freeMb: 100_000,
      device: "/dev/sda2",
    },
  };
  const docker = sound.docker;
  const bad: readonly HostFacts[] = [
    { ...sound, machine: "armv7l" },
    { ...sound, clock: 3600 },
    { ...sound, swapMb: 0 },
    { ...sound, pageSize: 16_384 },
    { ...sound, memoryMb: 1024 },
    ...["docker: not found", "permission denied", "Cannot connect to the Docker daemon"].map(
      (trouble) => ({ ...sound, docker: { trouble } }),
    ),
    ...[
      { apiVersion: "1.30" },
      { limitsMemory: false },
      { freeMb: 1 },
      { device: "/dev/mmcblk0p2" },
    ].map((change) => ({ ...sound, docker: { ...docker, ...change } })),
  ];
  const sshSays = [
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED: host key verification failed",
    "Permission denied (publickey)",
    "Could not resolve hostname",
  ];
  const { host } = planOf("docs/vps.md");
  const said = [
    ...bad.flatMap((facts) => {
      const { faults, warnings } = preflight(facts, {
        architecture: "arm64",
        memoryMb: 2048,
        clock: 0,
        login: "alice@raspberrypi.local",
      });
      return [...faults.map(({ message }) => message), ...warnings];
    }),
    ...sshSays.map((text) => explainSsh(text, "alice@raspberrypi.local")),
    ...capacityFaults({ memoryMb: 1024, cpus: 1 }).map(({ message }) => message),
    ...(host.kind === "hetzner" ? [host.readiness] : []),
    // A sentence of the program itself, not of a function that can be asked for it.
    textOf("components/readConfig.ts"),
  ].join("\n");

  const quotes = [
    ...vps.table("When something fails"),
    ...macMini.table("Bring it up"),
    ...raspberryPi.table("Bring it up"),
  ].map(([quote = ""]) => code(quote));

  it.each(quotes)("%s is what the program says", (quote) => expect(said).toContain(quote));
});

it("the key of Docker's packages has the fingerprint that servers are set up with", () => {
  const [fingerprint = "none"] = /\b[0-9A-F]{40}\b/.exec(raspberryPi.text) ?? [];
  expect(textOf("plan/hosts/hostScript.ts")).toContain(`"${fingerprint}"`);
});

it("the first page links to every page", () => {
  const { links } = new Page("README.md");
  expect(names.filter((name) => !links.includes(name))).toEqual([]);
});
