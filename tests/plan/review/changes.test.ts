import { withExamples } from "../../../plan";
import { mayGoOn, readPreview, renderMarkdown, renderText, reviewOf } from "../../../plan/review";
import type { Review } from "../../../plan/review";
import { givenSecrets, graphOf, previewOf, violation } from "../../support/previews";
import type { Graph, Placed } from "../../support/previews";
import { rawOf } from "../../support/stackFiles";

type Raw = Readonly<Record<string, unknown>>;

const filledIn = (stack: string): Raw => withExamples(rawOf(stack)) as Raw;

/** On a server at Hetzner, by public ports; on a Mac, by a tunnel; on this machine. */
const [prod, mac, dev] = [filledIn("prod"), filledIn("mac"), { domain: "social.example.org" }];

const hetzner = (change: object): Raw => ({ host: { ...(prod["host"] as object), ...change } });
const tunnel = (change: object): Raw => ({ edge: { ...(mac["edge"] as object), ...change } });
const bucket = (name: string): Raw => ({
  media: { kind: "s3", bucket: name, endpoint: "https://s3.example.org", region: "eu" },
});
const postgres = (tag: string): Raw => ({
  images: { postgres: `postgres:${tag}@sha256:${"0a".repeat(32)}` },
});

const recorded = new Map<string, Promise<Graph>>();

/** Recorded once for each stack file. */
function graph(raw: Raw): Promise<Graph> {
  const key = JSON.stringify(raw);
  const found = recorded.get(key) ?? graphOf(raw);
  recorded.set(key, found);
  return found;
}

interface Spoilt {
  /** Changes of what the state holds. */
  readonly state?: (resources: readonly Placed[]) => readonly Placed[];
  /** Changes of the program itself. */
  readonly program?: (resources: readonly Placed[]) => readonly Placed[];
  /** What policies say. */
  readonly policies?: readonly Raw[];
}

/** The review of a change of a stack file, or of the program. */
async function reviewed(
  before: Raw | undefined,
  change: Raw = {},
  { state = (same) => same, program = (same) => same, policies = [] }: Spoilt = {},
): Promise<Review> {
  const after = await graph({ ...before, ...change });
  const old = before === undefined ? undefined : await graph(before);
  const events = previewOf(
    old && { ...old, resources: state(old.resources) },
    { ...after, resources: program(after.resources) },
    { policies },
  );
  return reviewOf("prod", readPreview(events));
}

/** What becomes of what people know by these names. */
const happening = ({ changes }: Review, ...parts: readonly string[]): string[] =>
  changes.filter(({ part }) => parts.includes(part)).map(({ part, how }) => `${part} ${how}`);

const lost = ({ risks }: Review): string[] => risks.map(({ name }) => name);

const firstLine = (review: Review): string => renderText(review).split("\n")[0] ?? "";

it("of nothing says so in one line", async () => {
  const review = await reviewed(prod);
  expect(renderText(review)).toBe("prod: Nothing changes.");
  expect(mayGoOn(review)).toBe(true);
});

it("of a first deployment is a few lines, though everything is new", async () => {
  const review = await reviewed(undefined, prod);
  expect(firstLine(review)).toMatch(/^prod: Everything is new: \d+ resources\./);
  expect(renderText(review).split("\n").length).toBeLessThan(10);
  expect(renderText(review)).toContain(
    "8.28 € a month (server cx23, volume of 40 GB, IPv4 address)",
  );
  expect(mayGoOn(review)).toBe(true);
});

it("of a new patch of Mastodon names the notes, and interrupts nothing", async () => {
  const review = await reviewed(prod, { image: { flavour: "official", version: "4.7.3" } });
  expect(happening(review, "web", "streaming", "sidekiq default", "job migrate").sort()).toEqual([
    "job migrate changed",
    "sidekiq default replaced",
    "streaming replaced",
    "web replaced",
  ]);
  expect(review.interruptions).toEqual([]);
  expect(review.risks).toEqual([]);
  expect(review.images.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
    "mastodon patch",
    "streaming patch",
  ]);
  expect(review.images[0]?.links.map(({ url }) => url)).toEqual([
    "https://github.com/mastodon/mastodon/releases/tag/v4.7.3",
    "https://github.com/mastodon/mastodon/compare/v4.7.2...v4.7.3",
  ]);
  expect(mayGoOn(review)).toBe(true);
});

it("of a new minor version of Mastodon tells when the schema changes, and what to read and do before", async () => {
  const review = await reviewed(prod, { image: { flavour: "official", version: "4.8.0" } });
  const notes = review.notes.join("\n");
  expect(notes).toContain(
    "migrate brings the schema up to date while the old version still answers",
  );
  expect(notes).toContain("no way back without a backup");
  expect(notes).toContain("every release in between");
  expect(review.interruptions).toEqual([]);
});

it("of a new version in one container tells that everything is away until it has migrated", async () => {
  const before = { ...dev, image: { flavour: "linuxserver", version: "4.7.2-ls209" } };
  const review = await reviewed(before, {
    image: { flavour: "linuxserver", version: "4.8.0-ls211" },
  });
  // 45 s to stop, and 900 s for the migrations.
  expect(review.outages).toEqual([{ services: ["web", "streaming", "sidekiq"], seconds: 945 }]);
  expect(review.notes.join("\n")).toContain("nobody is answered until then");
});

it("of an older Mastodon refuses, since the schema does not go back", async () => {
  const review = await reviewed(prod, { image: { flavour: "official", version: "4.7.1" } });
  expect(lost(review)).toEqual(["mastodon-foundation-image-mastodon"]);
  expect(mayGoOn(review)).toBe(false);
});

describe("of another major version of Postgres", () => {
  const change = postgres("18.1-bookworm");
  const unprotected = {
    state: (resources: readonly Placed[]): Placed[] =>
      resources.map((each) =>
        each.name === "mastodon-foundation-volume-postgres" ? { ...each, protect: false } : each,
      ),
  };

  it.each<[string, Raw]>([
    ["on this machine", dev],
    ["on a server", prod],
  ])(
    "refuses and says why, and that Pulumi's protection does so too: %s",
    async (_where, before) => {
      const review = await reviewed(before, change);
      expect(firstLine(review)).toBe("prod: REFUSED: volume postgres.");
      const [risk] = review.risks;
      expect(risk?.name).toBe("mastodon-foundation-volume-postgres");
      expect(risk?.what).toContain("Postgres 17 becomes Postgres 18");
      expect(risk?.remedy).toContain("pg_dump");
      expect(risk?.upStops).toContain("protection");
      expect(renderText(review)).toContain(
        "17.11-bookworm → 18.1-bookworm, major version: refused",
      );
      expect(mayGoOn(review)).toBe(false);
    },
  );

  it("refuses where the protection is lifted as well, when nothing else does", async () => {
    const review = await reviewed(prod, change, unprotected);
    expect(lost(review)).toEqual(["mastodon-foundation-volume-postgres"]);
    expect(review.risks[0]?.upStops).toBeUndefined();
    expect(renderText(review)).toContain("Nothing else does.");
    expect(mayGoOn(review)).toBe(false);
  });

  it("lets it go on once that volume is acknowledged too, and no other", async () => {
    const acknowledge = ["mastodon-foundation-volume-postgres"];
    expect(mayGoOn(await reviewed(prod, { ...change, acknowledge }, unprotected))).toBe(true);
    const other = ["mastodon-foundation-volume-redis"];
    const refused = await reviewed(prod, { ...change, acknowledge: other }, unprotected);
    expect(mayGoOn(refused)).toBe(false);
    expect(refused.notes.join("\n")).toContain(
      "acknowledge names mastodon-foundation-volume-redis",
    );
  });

  it("does not take an acknowledgement for what lifts the protection", async () => {
    const acknowledge = ["mastodon-foundation-volume-postgres"];
    const review = await reviewed(prod, { ...change, acknowledge });
    expect(mayGoOn(review)).toBe(false);
    expect(renderText(review)).toContain("Acknowledged in the stack file, but up still stops it");
  });
});

it("of a patch of Postgres tells how long the database is away, and of another system below it what to do", async () => {
  const patch = await reviewed(dev, postgres("17.12-bookworm"));
  // 120 s to stop, and 300 s until it is healthy.
  expect(patch.outages).toEqual([{ services: ["web", "streaming", "sidekiq"], seconds: 420 }]);
  expect(firstLine(patch)).toMatch(/^prod: May go on/);
  expect(renderText(patch)).toContain("Interrupts everything for at most 7 minutes.");
  expect(patch.images[0]?.links[0]?.url).toBe("https://www.postgresql.org/docs/release/17.12/");
  expect(patch.notes).toEqual([]);
  const system = await reviewed(dev, postgres("17.12-trixie"));
  expect(system.notes.join("\n")).toContain("REINDEX");
});

it("of other threads for sidekiq names the one process, and interrupts nothing", async () => {
  const { queues } = {
    queues: ["default", "push", "mailers", "scheduler", "fasp", "ingress", "pull"],
  };
  const threads = (count: number): Raw => ({ sidekiq: { default: { queues, threads: count } } });
  const review = await reviewed({ ...dev, ...threads(5) }, threads(7));
  expect(review.changes).toEqual([
    {
      how: "replaced",
      part: "sidekiq default",
      name: "mastodon-app-sidekiq-default",
      why: ["command"],
    },
  ]);
  expect(renderText(review)).toContain("Interrupts nothing.");
  expect(review.notes.join("\n")).toContain("goes back into its queue");
});

describe("of another server type", () => {
  it("tells that everything is away for minutes, and the prices", async () => {
    const review = await reviewed(
      { ...prod, ...hetzner({ serverType: "cx33" }) },
      hetzner({ serverType: "cpx32" }),
    );
    expect(review.outages).toEqual([{ services: ["web", "streaming", "sidekiq"], seconds: 900 }]);
    expect(happening(review, "server")).toEqual(["server changed"]);
    expect(review.interruptions[0]?.why).toContain("started again");
    expect(review.costs?.before.sum).toBeCloseTo(11.28, 2);
    expect(review.costs?.after.sum).toBeCloseTo(38.28, 2);
    expect(review.notes.join("\n")).toContain("prices of new orders");
    expect(review.risks).toEqual([]);
  });

  it("of another size tells what becomes of the containers, whose engine cannot be asked before", async () => {
    const review = await reviewed(prod, hetzner({ serverType: "cx43" }));
    expect(happening(review, "database", "web", "gateway", "volume postgres")).toEqual([
      "database replaced",
      "web changed",
      "gateway changed",
    ]);
    expect(review.interruptions.map(({ part }) => part)).toEqual(["server", "Redis", "database"]);
    // One after the other: the server, 30 s and 120 s for Redis, 120 s and 300 s for Postgres.
    expect(review.outages[0]?.seconds).toBe(900 + 150 + 420);
    expect(review.notes.join("\n")).toContain("cannot be asked before");
    expect(review.memory.before?.machineMb).toBe(3809);
    expect(review.memory.after?.machineMb).toBe(15237);
  });

  it("with another Docker tells that it is started anew", async () => {
    const program = (resources: readonly Placed[]): Placed[] =>
      resources.map((each) =>
        each.name === "mastodon-host-ready"
          ? {
              ...each,
              inputs: {
                ...each.inputs,
                create: String(each.inputs["create"]).replace(
                  /^docker_version=.*$/m,
                  "docker_version=30.0.0",
                ),
              },
            }
          : each,
      );
    const review = await reviewed(prod, {}, { program });
    expect(happening(review, "server", "set-up of the server")).toEqual([
      "set-up of the server changed",
    ]);
    expect(review.interruptions.map(({ part, seconds }) => [part, seconds])).toEqual([
      ["server", 900],
    ]);
    expect(review.interruptions[0]?.why).toMatch(/^Docker \S+ becomes Docker 30\.0\.0:/);
    expect(mayGoOn(review)).toBe(true);
  });

  it("of another system tells that the server is made anew, and what stays", async () => {
    const review = await reviewed(prod, hetzner({ image: "debian-12" }));
    expect(happening(review, "server")).toEqual(["server replaced"]);
    expect(review.interruptions[0]?.why).toContain("Its data volume stays");
    expect(mayGoOn(review)).toBe(true);
  });
});

describe("of what holds the data", () => {
  const without =
    (name: string) =>
    (resources: readonly Placed[]): Placed[] =>
      resources.filter((each) => each.name !== name);

  it("refuses the removal of a volume", async () => {
    const program = without("mastodon-foundation-volume-media");
    const review = await reviewed(dev, {}, { program });
    expect(firstLine(review)).toBe("prod: REFUSED: volume media.");
    expect(review.risks[0]?.what).toContain("uploaded");
    expect(mayGoOn(review)).toBe(false);
  });

  it("refuses another name of the instance, for each volume that it would begin anew", async () => {
    const review = await reviewed(dev, { name: "other" });
    expect(lost(review).sort()).toEqual(
      ["gateway", "media", "postgres", "redis"].map((key) => `mastodon-foundation-volume-${key}`),
    );
  });

  it("lets what can be made anew go", async () => {
    const program = without("mastodon-foundation-volume-caddyfile");
    expect(lost(await reviewed(dev, {}, { program }))).toEqual([]);
  });

  it("refuses another place of the server, whose data volume stays behind", async () => {
    const review = await reviewed(prod, hetzner({ location: "nbg1" }));
    expect(lost(review)).toEqual(["mastodon-host-data"]);
    expect(mayGoOn(review)).toBe(false);
  });

  it("refuses a smaller data volume, and takes a larger one", async () => {
    const smaller = await reviewed(prod, hetzner({ dataVolumeGb: 20 }));
    expect(smaller.risks[0]?.what).toContain("from 40 GB to 20 GB");
    expect(mayGoOn(smaller)).toBe(false);
    const larger = await reviewed(prod, hetzner({ dataVolumeGb: 100 }));
    expect(larger.risks).toEqual([]);
    expect(larger.interruptions).toEqual([]);
    // It makes the file system as large.
    expect(happening(larger, "set-up of the server")).toEqual(["set-up of the server replaced"]);
    expect(larger.costs?.after.sum).toBeCloseTo(5.49 + 100 * 0.0572 + 0.5, 2);
  });
});

describe("of the domain", () => {
  const name = "social.example.org";

  it.each<[string, Raw, Raw]>([
    ["the domain itself", { ...dev, name }, { domain: "other.example.org" }],
    [
      "the name under which people browse",
      { ...dev, name, webDomain: "www.example.org" },
      { webDomain: "browse.example.org" },
    ],
    // On this machine the port is part of it.
    [
      "its port",
      { ...dev, edge: { kind: "local", port: 8443 } },
      { edge: { kind: "local", port: 9443 } },
    ],
  ])("refuses another one, whatever is acknowledged: %s", async (_what, before, change) => {
    const review = await reviewed(before, { ...change, acknowledge: ["domain"] });
    expect(firstLine(review)).toBe("prod: REFUSED: domain.");
    expect(lost(review)).toEqual(["domain"]);
    expect(renderText(review)).toContain("whatever the stack file acknowledges");
    expect(mayGoOn(review)).toBe(false);
  });

  it("is seen where the preview ends early, by the address that the state holds", async () => {
    const after = await graph({ ...dev, domain: "other.example.org" });
    // What the stack file says, and the stack itself.
    const first = previewOf(await graph(dev), after).slice(0, 2);
    const events = [...first, { summaryEvent: { result: "failed" } }];
    const review = reviewOf("prod", readPreview(events));
    expect(review.risks.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^social\.example\.org becomes other\.example\.org\./),
    ]);
    expect(mayGoOn(review)).toBe(false);
  });

  it("refuses it beside what else it takes along", async () => {
    const review = await reviewed(dev, { domain: "other.example.org" });
    expect(lost(review)).toContain("domain");
    expect(lost(review)).toContain("mastodon-foundation-volume-postgres");
  });
});

describe("of secrets that are made once", () => {
  const made =
    (name: string, length: number) =>
    (resources: readonly Placed[]): Placed[] =>
      resources.map((each) =>
        each.name === `mastodon-secrets-${name}`
          ? { ...each, inputs: { ...each.inputs, length } }
          : each,
      );

  it.each([
    "activeRecordPrimaryKey",
    "activeRecordDeterministicKey",
    "activeRecordKeyDerivationSalt",
  ])("refuses another %s, whatever is acknowledged", async (key) => {
    const acknowledge = [`mastodon-secrets-${key}`];
    const review = await reviewed(dev, { acknowledge }, { program: made(key, 33) });
    expect(lost(review)).toEqual(acknowledge);
    expect(review.risks[0]?.what).toContain("can never be read again");
    expect(mayGoOn(review)).toBe(false);
  });

  it("refuses encryption keys that are new beside an instance, as after a loss of the state", async () => {
    const before = await graph(dev);
    const key = "mastodon-secrets-activeRecordPrimaryKey";
    const resources = before.resources.filter((each) => each.name !== key);
    const review = reviewOf("prod", readPreview(previewOf({ ...before, resources }, before)));
    expect(lost(review)).toEqual([key]);
    expect(review.risks[0]?.upStops).toContain("fingerprint");
    expect(mayGoOn(review)).toBe(false);
  });

  it.each([
    ["vapidScalar", "push"],
    ["secretKeyBase", "signed out"],
    ["databasePassword", "role"],
  ])("refuses another %s, and says what is lost", async (key, word) => {
    const review = await reviewed(dev, {}, { program: made(key, 65) });
    expect(lost(review)).toEqual([`mastodon-secrets-${key}`]);
    expect(review.risks[0]?.what).toContain(word);
    expect(review.risks[0]?.acknowledgeable).toBe(true);
  });
});

describe("of the way in", () => {
  it("from a tunnel to public ports tells what is away until DNS leads there", async () => {
    const review = await reviewed(mac, { edge: { kind: "caddy", email: "alice@example.edu" } });
    const way = review.interruptions.find(({ part }) => part === "way in");
    expect(way?.why).toContain(
      "the ports 80 and 443 of the host, no longer by a Cloudflare tunnel",
    );
    expect(way?.why).toContain("dnsRecords");
    expect(way?.seconds).toBeUndefined();
    expect(happening(review, "tunnel", "connector of the tunnel", "gateway")).toEqual([
      "gateway replaced",
      "connector of the tunnel removed",
      "tunnel removed",
    ]);
    expect(review.risks).toEqual([]);
    expect(renderText(review)).toContain("Interrupts web, streaming until more is done");
  });

  it("with another connector interrupts nothing by it", async () => {
    const sized = { ...mac, sizing: { memoryMb: 16384, cpus: 8 } };
    const review = await reviewed(sized, tunnel({ replicas: 3 }));
    expect(happening(review, "connector of the tunnel 3")).toEqual([
      "connector of the tunnel 3 added",
    ]);
    expect(review.interruptions.filter(({ part }) => /connector|way in/.test(part))).toEqual([]);
  });
});

it("of an image under another digest says that it is the same version, and how long its container is away", async () => {
  const caddy = (digit: string): Raw => ({
    images: { caddy: `caddy:2.11.7-alpine@sha256:${digit.repeat(64)}` },
  });
  const review = await reviewed({ ...dev, ...caddy("a") }, caddy("b"));
  expect(review.images).toEqual([
    expect.objectContaining({ key: "caddy", kind: "rebuilt", links: [] }),
  ]);
  // 20 s to stop, and 120 s until it is healthy.
  expect(review.outages).toEqual([{ services: ["web", "streaming"], seconds: 140 }]);
  expect(renderText(review)).toContain(
    "2.11.7-alpine (aaaaaaaaaaaa…) → 2.11.7-alpine (bbbbbbbbbbbb…)",
  );
});

describe("of media", () => {
  it("from the volume into a bucket says what to copy, and refuses nothing", async () => {
    const review = await reviewed(dev, bucket("first"));
    expect(review.notes.join("\n")).toContain("npm run media");
    expect(review.risks).toEqual([]);
    expect(mayGoOn(review)).toBe(true);
  });

  it.each<[string, Raw]>([
    ["into another bucket", bucket("second")],
    ["back onto the volume", { media: { kind: "volume" } }],
  ])("%s refuses until that is acknowledged", async (_where, change) => {
    const before = { ...dev, ...bucket("first") };
    const review = await reviewed(before, change);
    expect(lost(review)).toEqual(["media"]);
    expect(mayGoOn(review)).toBe(false);
    expect(mayGoOn(await reviewed(before, { ...change, acknowledge: ["media"] }))).toBe(true);
  });
});

describe("of policies", () => {
  it("refuses what a mandatory one does, with its words", async () => {
    const policies = [violation("limit-memory", "mastodon-app-web")];
    const review = await reviewed(dev, {}, { policies });
    expect(firstLine(review)).toBe("prod: REFUSED: policy limit-memory.");
    expect(renderText(review)).toContain("refuses: limit-memory, of mastodon-app-web: ");
    expect(renderText(review)).toContain("take it away");
    expect(mayGoOn(review)).toBe(false);
  });

  it("only tells what an advisory one says", async () => {
    const policies = [violation("rotate-logs", "mastodon-app-web", "advisory")];
    const review = await reviewed(dev, { timezone: "Europe/Berlin" }, { policies });
    expect(renderText(review)).toContain("warns: rotate-logs");
    expect(mayGoOn(review)).toBe(true);
  });
});

it("holds no secret, in either form", async () => {
  const reviews = [
    await reviewed(undefined, prod),
    await reviewed(prod, { ...bucket("first"), image: { flavour: "official", version: "4.8.0" } }),
    await reviewed(dev, { image: { flavour: "linuxserver" } }),
  ];
  const texts = reviews
    .flatMap((review) => [renderText(review), renderMarkdown(review)])
    .join("\n");
  expect(texts.length).toBeGreaterThan(5000);
  for (const value of Object.values(givenSecrets)) expect(texts).not.toContain(value);
  expect(texts).not.toMatch(/\[secret\]|4dabf18193072939515e22adb298388d|PRIVATE KEY/);
});
