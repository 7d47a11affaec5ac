import fc from "fast-check";
import { ConfigError, makePlan, parseConfig, type Fault, type Plan } from "../../plan";
import { explainContainers, explainSizing } from "../../plan/explanation";
import { leastSearchMachineMb, sizeInstance, totalMemoryMb } from "../../plan/sizing";

type Raw = Readonly<Record<string, unknown>>;

const large = { memoryMb: 8192, cpus: 4 };
const engine = (name: string): Raw => ({
  sizing: large,
  search: { kind: "container", engine: name },
});
const external = (overrides: Raw = {}): Raw => ({
  search: { kind: "external", url: "https://search.example.org:9200", ...overrides },
});
const planOf = (raw: Raw, secret?: readonly string[]): Plan =>
  makePlan(parseConfig(raw, [], secret));

describe("without the key search", () => {
  const plan = planOf({ sizing: large });

  it("nothing searches, and Mastodon is told so by silence", () => {
    expect(plan.containers.search).toBeUndefined();
    expect(plan.jobs.searchIndex).toBeUndefined();
    expect(plan.sizing.search).toBeUndefined();
    expect(plan.volumes.map(({ key }) => key)).not.toContain("search");
    expect(Object.keys(plan.environment).filter((name) => name.startsWith("ES_"))).toEqual([]);
  });
});

describe.each([
  ["elasticsearch", "8", "ES_JAVA_OPTS"],
  ["opensearch", "2", "OPENSEARCH_JAVA_OPTS"],
] as const)("%s beside the instance", (name, major, options) => {
  const plan = planOf(engine(name));
  const { search: container } = plan.containers;
  const { search: sizing } = plan.sizing;

  it("is as it was reviewed", () => {
    expect(container).toMatchSnapshot();
    expect(plan.jobs.searchIndex).toMatchSnapshot();
  });

  it("is one node on the network that nothing outside reaches, without a port", () => {
    expect(container?.networks).toEqual(["internal"]);
    expect(container?.ports).toEqual([]);
    expect(container?.environment).toMatchObject({ "discovery.type": "single-node" });
  });

  it("runs without root, and says why its root can be written to", () => {
    expect(container?.user).toMatch(/^1000:/);
    expect(container?.writableRoot).toBe(true);
    expect(container?.exceptions.map(({ rule }) => rule)).toEqual(["read-only root"]);
  });

  it("gives half of its limit to the heap, and needs no setting of the host's kernel", () => {
    const heap = Math.floor((sizing?.memoryMb ?? 0) / 2);
    expect(container?.memoryMb).toBe(sizing?.memoryMb);
    expect(container?.environment).toMatchObject({
      [options]: `-Xms${heap}m -Xmx${heap}m`,
      "node.store.allow_mmap": "false",
    });
  });

  it("takes its memory from the others", () => {
    const without = planOf({ sizing: large });
    expect(totalMemoryMb(plan.sizing)).toBeLessThanOrEqual(8192);
    expect(plan.sizing.web.memoryMb).toBeLessThan(without.sizing.web.memoryMb);
  });

  it("keeps its index on a volume for its major version, of which nothing is missed", () => {
    expect(plan.volumes.find(({ key }) => key === "search")).toMatchObject({
      name: `mastodon-localhost-${name}${major}`,
      protect: false,
      retain: false,
    });
  });

  it("runs an image of a full version", () => {
    expect(plan.images[name]).toMatch(/:\d+\.\d+\.\d+$/);
    expect(Object.keys(plan.images).filter((key) => key.endsWith("search"))).toEqual([name]);
  });

  it("is known to every Ruby process, and to streaming not at all", () => {
    const { web, sidekiq, streaming } = plan.containers;
    for (const { environment } of [web, ...sidekiq]) {
      expect(environment).toMatchObject({
        ES_ENABLED: "true",
        ES_HOST: "search",
        ES_PORT: "9200",
        ES_PRESET: "single_node_cluster",
      });
    }
    expect(streaming?.environment).not.toHaveProperty("ES_ENABLED");
  });

  it("is told of in the table of npm run plan", () => {
    expect(explainContainers(plan).map((row) => row.name)).toContain("search");
    expect(explainSizing(plan.sizing).map(({ what }) => what)).toContain("search limit");
  });
});

it("fits with everything else into any machine that is large enough for it", () => {
  const machine = fc.record({
    memoryMb: fc.integer({ min: leastSearchMachineMb, max: 131_072 }),
    cpus: fc.integer({ min: 1, max: 64 }),
    connectors: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(machine, (args) => {
      const sizing = sizeInstance({
        ...args,
        hardware: "vps",
        search: true,
        sidekiq: { default: undefined },
      });
      expect(totalMemoryMb(sizing)).toBeLessThanOrEqual(args.memoryMb);
      expect(sizing.search?.memoryMb).toBeGreaterThanOrEqual(1536);
      expect(sizing.web.memoryMb).toBeGreaterThanOrEqual(900);
    }),
  );
});

describe("the job that fills the index", () => {
  const indexOf = (raw: Raw, secret?: readonly string[]) => planOf(raw, secret).jobs.searchIndex;
  const script = (raw: Raw): string => indexOf(raw)?.script ?? "";

  it("follows Mastodon's image", () => {
    expect(indexOf(engine("elasticsearch"))?.followsImage).toBe(true);
    expect(script(engine("elasticsearch"))).toContain('"$IMAGE" tootctl search deploy');
  });

  it("runs again for another engine, and for nothing else", () => {
    const before = indexOf(engine("elasticsearch"));
    expect(script(engine("opensearch"))).not.toBe(before?.script);
    expect(
      script({ ...engine("elasticsearch"), images: { elasticsearch: "elasticsearch:8.20.0" } }),
    ).not.toBe(before?.script);
    expect(
      indexOf({
        ...engine("elasticsearch"),
        registrations: "open",
        environment: { MAX_SESSION_ACTIVATIONS: "8", ES_QUERY_TIMEOUT: "20s" },
      }),
    ).toEqual(before);
  });

  it("has no way out where the engine is beside it, and one where it is elsewhere", () => {
    expect(script(engine("elasticsearch"))).not.toContain("egress");
    expect(script(external())).toContain("docker network connect mastodon-localhost-egress");
    expect(script(external())).toContain("docker start --attach mastodon-localhost-search-deploy");
  });

  it("signs in where that is needed, with a password that is in no plan", () => {
    const environment = indexOf(external({ user: "elastic" }), ["ES_PASS"])?.environment;
    expect(environment).toMatchObject({
      ES_USER: "elastic",
      ES_PASS: { secret: "environment.ES_PASS" },
    });
  });
});

describe("a server elsewhere", () => {
  it.each<[string, Raw, Raw]>([
    ["TLS", {}, { ES_HOST: "https://search.example.org", ES_PORT: "9200" }],
    [
      "TLS on its usual port",
      { url: "https://search.example.org" },
      { ES_HOST: "https://search.example.org", ES_PORT: "443" },
    ],
    [
      "plain HTTP",
      { url: "http://10.0.0.7:9200" },
      { ES_HOST: "10.0.0.7", ES_PORT: "9200", ES_PRESET: "single_node_cluster" },
    ],
    [
      "an IPv6 address",
      { url: "http://[2001:db8::7]:9200" },
      { ES_HOST: "[2001:db8::7]", ES_PORT: "9200" },
    ],
    [
      "a larger cluster that is shared",
      { preset: "large_cluster", prefix: "trial" },
      { ES_PRESET: "large_cluster", ES_PREFIX: "trial" },
    ],
  ])("is named to Mastodon: %s", (_name, overrides, expected) => {
    const plan = planOf(external(overrides));
    expect(plan.environment).toMatchObject({ ES_ENABLED: "true", ...expected });
    expect(plan.containers.search).toBeUndefined();
    expect(plan.sizing.search).toBeUndefined();
  });
});

describe("a search that cannot be", () => {
  const faultsOf = (raw: Raw, secret?: readonly string[]): readonly Fault[] => {
    try {
      parseConfig(raw, [], secret);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
  };

  it.each<[string, Raw, readonly string[], string, ...string[]]>([
    [
      "on a small machine",
      { search: { kind: "container", engine: "elasticsearch" } },
      [],
      "search.kind",
      "8 GB",
      "4096 MB",
      "Elasticsearch can need more memory than Mastodon itself",
    ],
    [
      "on a Raspberry Pi of 4 GB",
      {
        hardware: "pi",
        domain: "social.example.org",
        smtp: { server: "smtp.example.org", from: "a@example.org" },
        admin: { username: "alice", email: "alice@example.org" },
        host: { kind: "ssh", address: "192.0.2.7", user: "alice", arch: "arm64" },
        search: { kind: "container", engine: "opensearch" },
      },
      [],
      "search.kind",
      "OpenSearch can need more memory",
    ],
    ["of an unknown kind", { search: { kind: "meilisearch" } }, [], "search.kind", "container"],
    [
      "with an unknown engine",
      { search: { kind: "container", engine: "solr" } },
      [],
      "search.engine",
      '"solr"',
      "elasticsearch or opensearch",
    ],
    ["without an address", { search: { kind: "external" } }, [], "search.url", "is missing"],
    [
      "at an address with a password",
      external({ url: "https://alice:correct@search.example.org" }),
      [],
      "search.url",
      "holds credentials",
    ],
    [
      "in the container itself",
      external({ url: "http://localhost:9200" }),
      [],
      "search.url",
      "the container itself",
    ],
    [
      "with a user without a password",
      external({ user: "elastic" }),
      [],
      "secretEnvironment.ES_PASS",
      "search.user needs it",
      "secretEnvironment.ES_PASS'",
    ],
    ["with a password without a user", external(), ["ES_PASS"], "search.user", "ES_PASS is set"],
    [
      "that does not exist, with a password",
      {},
      ["ES_PASS"],
      "secretEnvironment.ES_PASS",
      "no use",
    ],
    [
      "that does not exist, with a time limit",
      { environment: { ES_QUERY_TIMEOUT: "10s" } },
      [],
      "environment.ES_QUERY_TIMEOUT",
      "no use with search.kind: none",
    ],
    [
      "beside the instance, with a password",
      engine("elasticsearch"),
      ["ES_PASS"],
      "secretEnvironment.ES_PASS",
      "no use with search.kind: container",
    ],
    [
      "in clear with an authority",
      {
        ...external({ url: "http://search.example.org:9200" }),
        environment: { ES_CA_FILE: "/etc/ssl/certs/ca-certificates.crt" },
      },
      [],
      "environment.ES_CA_FILE",
      "is not encrypted",
    ],
    [
      "by an OpenSearch that Mastodon does not take",
      { ...engine("opensearch"), images: { opensearch: "opensearchproject/opensearch:3.7.0" } },
      [],
      "images.opensearch",
      "opensearch 1 or 2",
    ],
    [
      "by an Elasticsearch without a version",
      { ...engine("elasticsearch"), images: { elasticsearch: "elasticsearch:stable" } },
      [],
      "images.elasticsearch",
      "use one like 8.",
    ],
  ])("is refused: %s", (_name, raw, secret, path, ...words) => {
    const [fault, ...others] = faultsOf(raw, secret);
    expect(others).toEqual([]);
    expect(fault?.path).toBe(path);
    for (const word of words) expect(fault?.message).toContain(word);
  });

  it("is not refused for a password that nobody has decrypted", () => {
    expect(faultsOf(external({ user: "elastic" }))).toEqual([]);
    expect(faultsOf(external({ user: "elastic" }), ["ES_PASS"])).toEqual([]);
  });
});
