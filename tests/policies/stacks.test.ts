import { rules } from "../../policies/rules";
import { pinImages, type Config } from "../../plan";
import { resolveImages } from "../../plan/images";
import { queues } from "../../plan/queues";
import { configWith, fullest } from "../support/fixtures";
import { record } from "../support/harness";
import { changed, judge, resource, unknownValue } from "../support/policies";
import type { RequestedResource } from "../support/requestRecorder";
import { configOf, stacks } from "../support/stackFiles";

type Graph = readonly RequestedResource[];

const smtpPassword = "correct horse battery staple";

/** With a digest for each image that has none yet, as the first `up` finds them at the registries. */
function pinned(config: Config): Config {
  const images = resolveImages(config);
  const lock = Object.values(images).map((name) => [name, `sha256:${"0b".repeat(32)}`] as const);
  return { ...config, images: pinImages(images, Object.fromEntries(lock)) };
}

async function graphOf(config: Config, preview = false): Promise<Graph> {
  const options = config.smtp?.login === undefined ? {} : { smtpPassword };
  return (await record(config, { ...options, preview })).requests;
}

/** The stack files, and what else a stack may be. */
const configs: Readonly<Record<string, Config>> = {
  ...Object.fromEntries(stacks.map((stack) => [`stack ${stack}`, pinned(configOf(stack))])),
  "configuration that says something about everything": pinned(configWith(fullest)),
  "configuration with a search engine": pinned(
    configWith({
      sizing: { memoryMb: 8192, cpus: 4 },
      search: { kind: "container", engine: "opensearch" },
    }),
  ),
  "configuration with LinuxServer's image": pinned(
    configWith({
      image: { flavour: "linuxserver", version: "4.7.2" },
      sidekiq: { all: { queues }, push: { queues: ["push"] } },
    }),
  ),
  "configuration that is built from source": configWith({
    image: {
      flavour: "source",
      repository: "https://github.com/glitch-soc/mastodon.git",
      ref: "0123456789abcdef0123456789abcdef01234567",
    },
  }),
  "configuration of a host that emulates another": pinned({
    ...configOf("pi"),
    emulated: { mastodon: "amd64", redis: "amd64" },
    boot: "1",
  }),
};

describe.each(Object.entries(configs))("the %s", (_, config) => {
  it("keeps every rule in an update", async () => {
    expect(await judge(rules, await graphOf(config))).toEqual([]);
  });

  it("keeps every rule in a preview of what does not exist yet, and leaves none open", async () => {
    const graph = await graphOf(config, true);
    // It would be no preview if all were known.
    expect(JSON.stringify(graph)).toContain(unknownValue.string);
    expect(await judge(rules, graph)).toEqual([]);
  });
});

/** One stack that is not as it should be, and the rules that have to refuse it: those and no others. */
interface Spoilt {
  readonly of: string;
  readonly spoil: (graph: Graph) => Graph;
  readonly refused: readonly string[];
}

/** Changes what is called so, and nothing else; there has to be such a resource. */
function at(
  name: string,
  change: (found: RequestedResource) => RequestedResource,
): (graph: Graph) => Graph {
  return (graph) => {
    expect(graph.map((each) => each.name)).toContain(name);
    return graph.map((each) => (each.name === name ? change(each) : each));
  };
}

const inputs =
  (change: Readonly<Record<string, unknown>>) =>
  (found: RequestedResource): RequestedResource =>
    changed(found, change);

const without = (name: string) => (graph: Graph) => graph.filter((each) => each.name !== name);

const and =
  (...resources: readonly RequestedResource[]) =>
  (graph: Graph) => [...graph, ...resources];

const [dev, prod, mac, pi] = ["dev", "prod", "mac", "pi"].map((name) => `stack ${name}`) as [
  string,
  string,
  string,
  string,
];
const web = "mastodon-app-web";
const sidekiq = "mastodon-app-sidekiq-default";
const postgres = "mastodon-database-postgres";

const spoilt: Readonly<Record<string, Spoilt>> = {
  "an image by its tag": {
    of: dev,
    spoil: at("mastodon-foundation-image-postgres", inputs({ name: "postgres:17.11-bookworm" })),
    refused: ["pin-images"],
  },
  "a container by the latest of an image": {
    of: prod,
    spoil: at(web, inputs({ image: "ghcr.io/mastodon/mastodon:latest" })),
    refused: ["pin-images"],
  },
  "an image of a PC on a Raspberry Pi": {
    of: pi,
    spoil: at("mastodon-foundation-image-redis", inputs({ platform: "linux/amd64" })),
    refused: ["match-architecture"],
  },
  "a host that no longer registers its emulator": {
    of: "configuration of a host that emulates another",
    spoil: without("mastodon-foundation-emulation"),
    refused: ["match-architecture", "match-architecture"],
  },
  "the database open to its own machine": {
    of: dev,
    spoil: at(postgres, inputs({ ports: [{ internal: 5432, external: 5432, ip: "127.0.0.1" }] })),
    refused: ["publish-at-gateway-only", "keep-stores-inside"],
  },
  "web beside the gateway": {
    of: prod,
    spoil: at(web, inputs({ ports: [{ internal: 3000, external: 3000, ip: "127.0.0.1" }] })),
    refused: ["publish-at-gateway-only"],
  },
  "an internal network that leads outside": {
    of: mac,
    spoil: at("mastodon-foundation-network-internal", inputs({ internal: false })),
    refused: ["keep-stores-inside", "keep-stores-inside"],
  },
  "Redis on the way out": {
    of: prod,
    spoil: (graph) => {
      const egress = graph.find(({ name }) => name === "mastodon-foundation-network-egress");
      return at("mastodon-cache-redis", (found) => ({
        ...found,
        propertyDependencies: {
          ...found.propertyDependencies,
          networksAdvanced: [egress?.urn ?? ""],
        },
      }))(graph);
    },
    refused: ["keep-stores-inside"],
  },
  "a firewall that lets in the database": {
    of: prod,
    spoil: at("mastodon-host-firewall", (found) =>
      changed(found, {
        rules: [{ direction: "in", port: "5432", protocol: "tcp", sourceIps: ["0.0.0.0/0"] }],
      }),
    ),
    refused: ["close-firewall", "close-firewall"],
  },
  "a firewall that lets in what nobody answers": {
    of: prod,
    spoil: at("mastodon-gateway-caddy", inputs({ ports: [] })),
    refused: ["close-firewall", "close-firewall", "close-firewall"],
  },
  "a server without a firewall": {
    of: prod,
    spoil: at("mastodon-host-server", inputs({ firewallIds: [] })),
    refused: ["close-firewall"],
  },
  "a tunnel that leads everything inside": {
    of: pi,
    spoil: at(
      "mastodon-tunnel-config",
      inputs({ config: { ingresses: [{ service: "http://gateway:8080" }] } }),
    ),
    refused: ["end-ingress-with-404"],
  },
  "a record of a tunnel that is not proxied": {
    of: mac,
    spoil: at("mastodon-dns-social.example.org", inputs({ proxied: false })),
    refused: ["proxy-tunnel-records"],
  },
  "a privileged container": {
    of: pi,
    spoil: at("mastodon-gateway-caddy", inputs({ privileged: true })),
    refused: ["refuse-privileged"],
  },
  "a container that keeps its capabilities": {
    of: dev,
    spoil: at(sidekiq, inputs({ capabilities: { drops: ["NET_RAW"] } })),
    refused: ["drop-capabilities"],
  },
  "the gateway's capability in another container": {
    of: dev,
    spoil: at(web, inputs({ capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] } })),
    refused: ["drop-capabilities"],
  },
  "a container that may gain privileges": {
    of: mac,
    spoil: at("mastodon-connectors-cloudflared", inputs({ securityOpts: [] })),
    refused: ["prevent-new-privileges"],
  },
  "a container without seccomp": {
    of: mac,
    spoil: at(web, inputs({ securityOpts: ["no-new-privileges", "seccomp=unconfined"] })),
    refused: ["keep-security-profiles"],
  },
  "a root that can be written": {
    of: prod,
    spoil: at("mastodon-app-streaming", inputs({ readOnly: false })),
    refused: ["keep-root-read-only"],
  },
  "a container that runs as root": {
    of: prod,
    spoil: at(sidekiq, inputs({ user: "0:0" })),
    refused: ["name-user"],
  },
  "a container on the host's network": {
    of: dev,
    spoil: at(web, inputs({ networkMode: "host" })),
    refused: ["isolate-namespaces"],
  },
  "a container among the host's processes": {
    of: dev,
    spoil: at(sidekiq, inputs({ pidMode: "host" })),
    refused: ["isolate-namespaces"],
  },
  "Docker's socket in a container": {
    of: dev,
    spoil: at(
      web,
      inputs({
        mounts: [{ type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" }],
      }),
    ),
    refused: ["hide-docker-socket", "mount-no-host-folders"],
  },
  "the host's settings in a container": {
    of: pi,
    spoil: at(web, inputs({ mounts: [{ type: "bind", source: "/etc", target: "/mnt" }] })),
    refused: ["mount-no-host-folders"],
  },
  "a volume that is a folder of the host": {
    of: pi,
    spoil: at("mastodon-foundation-volume-media", inputs({ driverOpts: { device: "/home" } })),
    refused: ["mount-no-host-folders"],
  },
  "a disk of the host in a container": {
    of: prod,
    spoil: at(postgres, inputs({ devices: [{ hostPath: "/dev/sda" }] })),
    refused: ["expose-no-devices"],
  },
  "a container that nobody asks": {
    of: dev,
    spoil: at("mastodon-app-streaming", inputs({ healthcheck: undefined })),
    refused: ["check-health"],
  },
  "a container that does not come back": {
    of: dev,
    spoil: at("mastodon-app-streaming", inputs({ restart: "on-failure" })),
    refused: ["restart-containers"],
  },
  "a container without a limit": {
    of: mac,
    spoil: at(sidekiq, inputs({ memory: undefined, memorySwap: undefined })),
    refused: ["limit-memory"],
  },
  "limits that do not fit": {
    of: pi,
    spoil: at(postgres, inputs({ memory: 4096, memorySwap: 4096 })),
    refused: ["fit-memory"],
  },
  "a log that only grows": {
    of: pi,
    spoil: at(web, inputs({ logOpts: {} })),
    refused: ["rotate-logs", "rotate-logs"],
  },
  "no sidekiq": { of: dev, spoil: without(sidekiq), refused: ["run-one-scheduler"] },
  "media without protection": {
    of: mac,
    spoil: at("mastodon-foundation-volume-media", (found) => ({ ...found, protect: false })),
    refused: ["protect-data"],
  },
  "a disk without protection": {
    of: prod,
    spoil: at("mastodon-host-data", (found) => ({ ...found, protect: false })),
    refused: ["protect-data"],
  },
  "media on a disk, without protection of its own": {
    of: prod,
    spoil: at("mastodon-foundation-volume-media", (found) => ({ ...found, protect: false })),
    refused: ["protect-data"],
  },
  "a server that can be deleted": {
    of: prod,
    spoil: at("mastodon-host-server", inputs({ deleteProtection: false })),
    refused: ["protect-server"],
  },
  "a server without its disk": {
    of: prod,
    spoil: without("mastodon-host-data-attachment"),
    refused: ["protect-server"],
  },
  "two databases at once": {
    of: dev,
    spoil: at(postgres, (found) => ({ ...found, deleteBeforeReplace: false })),
    refused: ["stop-before-replacing"],
  },
  "a password that lost its mark": {
    of: prod,
    spoil: at(web, (found) => {
      const envs = found.inputs["envs"] as readonly unknown[];
      return changed(found, { envs: [...envs, "SMTP_PASSWORD=hunter2"] });
    }),
    refused: ["mark-secrets"],
  },
  "a token that lost its mark": {
    of: prod,
    spoil: at("mastodon-host-hcloud", inputs({ token: "x".repeat(64) })),
    refused: ["mark-secrets"],
  },
  "a key that lies open in the state": {
    of: dev,
    spoil: and(resource("random:index/randomBytes:RandomBytes", "key", { protect: true })),
    refused: ["encrypt-random-secrets"],
  },
  "a container on the operator's own machine": {
    of: prod,
    spoil: at(web, (found) => ({
      ...found,
      provider: "urn:pulumi:test::mastodon::pulumi:providers:docker::default_5_2_0",
    })),
    refused: ["use-explicit-providers"],
  },
};

describe("a stack is refused by the rule that should, and by no other, for", () => {
  it.each(Object.entries(spoilt))("%s", async (_, { of, spoil, refused }) => {
    const config = configs[of];
    if (config === undefined) throw new Error(`there is no ${of}`);
    const found = await judge(rules, spoil(await graphOf(config)));
    expect(found.map(({ rule, level }) => [rule, level])).toEqual(
      refused.map((rule) => [rule, "refused"]),
    );
  });
});

/** Configurations that the program itself would refuse, had they come through `parseConfig`. */
const wrong: Readonly<Record<string, readonly [config: Config, refused: readonly string[]]>> = {
  "images that the registry was not asked for": [configOf("prod"), ["pin-images", "pin-images"]],
  "two schedulers": [
    pinned({ ...configOf("mac"), sidekiq: { one: { queues }, two: { queues } } }),
    ["run-one-scheduler", "run-one-scheduler"],
  ],
  "no scheduler": [
    pinned({ ...configOf("pi"), sidekiq: { default: { queues: ["default", "push"] } } }),
    ["run-one-scheduler"],
  ],
  "a gateway at another privileged port": [
    pinned({ ...configOf("dev"), edge: { kind: "local", port: 22 } }),
    ["publish-at-gateway-only"],
  ],
  "images for another processor": [
    pinned({
      ...configOf("pi"),
      images: { ...resolveImages(configOf("pi")), postgres: `amd64/postgres:17.11` },
    }),
    ["match-architecture"],
  ],
};

describe("a configuration is refused in its preview, for", () => {
  it.each(Object.entries(wrong))("%s", async (_, [config, refused]) => {
    const found = await judge(rules, await graphOf(config, true));
    expect(found.map(({ rule, level }) => [rule, level])).toEqual(
      refused.map((rule) => [rule, "refused"]),
    );
  });
});

it("leaves no rule open where nothing is known of the containers' variables", async () => {
  const graph = await graphOf(configs[prod] ?? configWith(), true);
  const blind = graph.map((each) =>
    "envs" in each.inputs ? changed(each, { envs: unknownValue.list }) : each,
  );
  expect(await judge(rules, blind)).toEqual([]);
});

describe("no rule crashes", () => {
  const spoiltBy = async (change: (key: string) => unknown) => {
    const graphs = await Promise.all(
      [prod, mac].map((name) => graphOf(configs[name] ?? configWith())),
    );
    return graphs.flat().map((each) => {
      const entries = Object.keys(each.inputs).map((key) => [key, change(key)]);
      return changed(each, Object.fromEntries(entries) as Record<string, unknown>);
    });
  };

  it("where nothing is known, and each that needs to know says so", async () => {
    const found = await judge(rules, await spoiltBy(() => unknownValue.string));
    expect(found.filter(({ level }) => level === "refused")).toEqual([]);
    expect(found).not.toEqual([]);
  });

  it("where nothing is said", async () => {
    expect(await judge(rules, await spoiltBy(() => undefined))).not.toEqual([]);
  });
});
