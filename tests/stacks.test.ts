import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { z } from "zod";
import {
  ConfigError,
  isMap,
  parseConfig,
  placeholderFaults,
  secretKeys,
  withExamples,
  type Config,
} from "../plan";
import { ConfigSchema } from "../plan/configSchema";
import { queues } from "../plan/queues";
import { configWith, fullest } from "./support/fixtures";
import { record, recordProgram, type RecordedResource, type Recording } from "./support/harness";
import { configOf, mapIn, rawOf, stacks } from "./support/stackFiles";

const containerType = "docker:index/container:Container";

const ofType = (resources: readonly RecordedResource[], type: RegExp): RecordedResource[] =>
  resources.filter((resource) => type.test(resource.type));

/** A rule for every resource of every stack, and one way to break it that must be noticed. */
interface Property {
  readonly name: string;
  /** The resources to which the rule applies. */
  readonly to: RegExp;
  readonly holds: (resource: RecordedResource, all: readonly RecordedResource[]) => boolean;
  readonly spoilt: Readonly<Record<string, unknown>>;
}

const container = (
  name: string,
  holds: (inputs: RecordedResource["inputs"]) => boolean,
  spoilt: Readonly<Record<string, unknown>>,
): Property => ({
  name: `every container ${name}`,
  to: /:Container$/,
  holds: ({ inputs }) => holds(inputs),
  spoilt: { inputs: spoilt },
});

const has = (value: unknown, expected: object): boolean => {
  try {
    expect(value).toMatchObject(expected);
    return true;
  } catch {
    return false;
  }
};

/** Volumes whose content follows from the configuration, the image or the database. */
const scratch = /-volume-(caddyfile|config|search)$/;

const properties: readonly Property[] = [
  {
    name: "no two resources have the same identity",
    to: /./,
    holds: ({ type, name }, all) =>
      all.filter((other) => other.type === type && other.name === name).length === 1,
    spoilt: { type: "mastodon:index:Instance", name: "mastodon" },
  },
  {
    name: "every child's name begins with its parent's",
    to: /./,
    holds: ({ name, parent }) =>
      parent === undefined ? name === "mastodon" : name.startsWith(`${parent}-`),
    spoilt: { name: "postgres" },
  },
  {
    name: "every container that joins a network later goes with it",
    to: /:Container$/,
    holds: ({ name, inputs }, all) =>
      !all.some((other) => other.name === `${name}-publication`) ||
      has(inputs["labels"], [
        { label: "org.joinmastodon.instance" },
        { label: "org.joinmastodon.network", value: "mastodon-foundation-network-egress-id" },
        { label: "org.joinmastodon.part" },
      ]),
    spoilt: { inputs: { labels: [] } },
  },
  {
    name: "every parent is there",
    to: /./,
    holds: ({ parent }, all) => parent === undefined || all.some(({ name }) => name === parent),
    spoilt: { parent: "masto" },
  },
  {
    name: "every volume that cannot be made anew is retained",
    to: /^docker:.*:Volume$/,
    holds: ({ name, retainOnDelete }) => retainOnDelete === !scratch.test(name),
    spoilt: { retainOnDelete: undefined },
  },
  {
    name: "every volume that cannot be made anew is protected, and so is the disk that it may be on",
    to: /\/volume:Volume$/,
    holds: ({ name, protect }) => protect === !scratch.test(name),
    spoilt: { protect: undefined },
  },
  {
    name: "every random secret is protected, and so is the domain",
    to: /^random:/,
    holds: ({ protect }) => protect === true,
    spoilt: { protect: undefined },
  },
  {
    // The id of a RandomBytes is its value, and ids are in clear in the state. That of the domain is no secret.
    name: "no secret is the id of what made it",
    to: /^random:(?!index\/randomUuid:)/,
    holds: ({ type }) => type === "random:index/randomPassword:RandomPassword",
    spoilt: { type: "random:index/randomBytes:RandomBytes" },
  },
  {
    name: "nothing runs on a default provider",
    to: /^(docker|random|command|hcloud|tls|cloudflare):/,
    holds: ({ type, provider }, all) =>
      all.some(
        (other) =>
          other.name === provider && other.type === `pulumi:providers:${type.split(":")[0]}`,
      ),
    spoilt: { provider: undefined },
  },
  {
    name: "nothing runs on the provider of something else",
    to: /^docker:/,
    holds: ({ provider }) => provider === "mastodon-host-docker",
    spoilt: { provider: "mastodon-random" },
  },
  {
    name: "no secret value is in a plain input",
    to: /./,
    holds: ({ inputs, secretInputs = [] }) =>
      Object.entries(inputs).every(
        ([key, value]) => secretInputs.includes(key) || !JSON.stringify(value).includes("‹"),
      ),
    spoilt: { inputs: { labels: [{ label: "password", value: "‹databasePassword›" }] } },
  },
  {
    name: "no secret value is in a command, even a secret one",
    to: /./,
    holds: ({ inputs }) =>
      ["command", "create", "delete", "update", "entrypoints", "healthcheck", "name"].every(
        (key) => !JSON.stringify(inputs[key] ?? "").includes("‹"),
      ),
    spoilt: { inputs: { command: ["redis-server", "--requirepass", "‹redisPassword›"] } },
  },
  {
    name: "every job keeps what it prints secret",
    to: /^command:/,
    holds: ({ name, additionalSecretOutputs = [] }) =>
      /-(publication|ready|protection)$/.test(name) ||
      ["stdout", "stderr"].every((output) => additionalSecretOutputs.includes(output)),
    spoilt: { additionalSecretOutputs: ["stdout"] },
  },
  container("is restarted", ({ restart }) => restart === "unless-stopped" || restart === "always", {
    restart: "on-failure",
  }),
  container(
    "is asked for its health, and waited for",
    ({ healthcheck, wait, waitTimeout }) =>
      has(healthcheck, { tests: expect.arrayContaining([expect.any(String)]) as unknown }) &&
      wait === true &&
      typeof waitTimeout === "number",
    { wait: false },
  ),
  container(
    "has as much memory as is set, and no swap",
    ({ memory, memorySwap }) => typeof memory === "number" && memory > 0 && memorySwap === memory,
    { memorySwap: undefined },
  ),
  container(
    "rotates its log",
    ({ logDriver, logOpts }) =>
      logDriver === "json-file" &&
      has(logOpts, {
        "max-file": expect.any(String) as unknown,
        "max-size": expect.any(String) as unknown,
      }),
    { logOpts: { "max-size": "10m" } },
  ),
  container(
    "gains no privileges",
    ({ securityOpts, privileged }) =>
      has(securityOpts, ["no-new-privileges"]) && privileged === undefined,
    { securityOpts: [] },
  ),
  container("drops all capabilities", ({ capabilities }) => has(capabilities, { drops: ["ALL"] }), {
    capabilities: { adds: [], drops: ["NET_RAW"] },
  }),
  container("cannot write to its image", ({ readOnly }) => readOnly === true, { readOnly: false }),
  container("runs as a user that is said outright", ({ user }) => typeof user === "string", {
    user: undefined,
  }),
  container(
    "is on the plan's networks and on no other",
    ({ networkMode, networksAdvanced }) =>
      networkMode === undefined && Array.isArray(networksAdvanced) && networksAdvanced.length > 0,
    {
      networkMode: "host",
    },
  ),
  container(
    "mounts no folder of the host",
    ({ mounts = [], volumes, devices, hostConfig }) =>
      [volumes, devices, hostConfig].every((each) => each === undefined) &&
      Array.isArray(mounts) &&
      mounts.every((mount) => has(mount, { type: "volume" })),
    {
      mounts: [{ type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" }],
    },
  ),
  container("takes its image by its id", ({ image }) => /^sha256:/.test(String(image)), {
    image: "postgres:17.6",
  }),
  {
    name: "only the gateway publishes a port",
    to: /:Container$/,
    holds: ({ name, inputs: { ports = [] } }) =>
      name === "mastodon-gateway-caddy" || has({ ports }, { ports: [] }),
    spoilt: { inputs: { ports: [{ internal: 5432, external: 5432, ip: "127.0.0.1" }] } },
  },
  {
    name: "every container says outright whether the old one goes first: with a fixed name it must",
    to: /:Container$/,
    holds: ({ deleteBeforeReplace, inputs }) =>
      deleteBeforeReplace === (inputs["name"] !== undefined),
    spoilt: { deleteBeforeReplace: undefined },
  },
  {
    name: "every container is replaced for what the provider would not apply",
    to: /:Container$/,
    holds: ({ replaceOnChanges = [] }) =>
      ["healthcheck", "init", "tmpfs"].every((input) => replaceOnChanges.includes(input)),
    spoilt: { replaceOnChanges: ["init"] },
  },
];

const offenders = (property: Property, resources: readonly RecordedResource[]): string[] =>
  ofType(resources, property.to)
    .filter((resource) => !property.holds(resource, resources))
    .map(({ name }) => name);

/** Breaks every resource that a rule applies to. */
function spoil(property: Property, resources: readonly RecordedResource[]): RecordedResource[] {
  const { inputs, ...rest } = property.spoilt;
  return resources.map((resource) =>
    property.to.test(resource.type)
      ? { ...resource, ...rest, inputs: { ...resource.inputs, ...(isMap(inputs) ? inputs : {}) } }
      : resource,
  );
}

const commandOf = (resource: RecordedResource): string =>
  JSON.stringify(resource.inputs["command"]);

const schedulersIn = (resources: readonly RecordedResource[]): string[] =>
  resources
    .filter(({ type }) => type === containerType)
    .filter((resource) => commandOf(resource).includes('"scheduler,'))
    .map(({ name }) => name);

const identities = ({ resources }: Recording): string[] =>
  resources.map(({ type, name }) => `${type} ${name}`);

/** What each way in needs of the machine's ports. */
function publishedFor({ edge, host }: Config): object[] {
  const port = (external: number, more: object): object =>
    expect.objectContaining({ external, ...more }) as object;
  switch (edge.kind) {
    case "local":
      return [port(edge.port, { ip: "127.0.0.1" })];
    case "caddy":
      return ["0.0.0.0", ...(host.kind === "hetzner" ? ["::"] : [])].flatMap((ip) => [
        port(80, { ip }),
        port(443, { ip }),
        port(443, { ip, protocol: "udp" }),
      ]);
    case "none":
      return [port(edge.port, { ip: edge.address })];
    case "tunnel":
      return [];
  }
}

const plainText = "correct horse battery staple";

const configs: readonly (readonly [string, Config, string | undefined])[] = [
  ...stacks.map((stack) => {
    const config = configOf(stack);
    return [`stack ${stack}`, config, config.smtp?.login && plainText] as const;
  }),
  ["configuration that says something about everything", configWith(fullest), plainText],
];

it("has a stack file for each kind of hardware", () => {
  expect(stacks.map((stack) => configOf(stack).hardware).sort()).toEqual([
    "dev",
    "macmini",
    "pi",
    "vps",
  ]);
});

it.each(stacks)("keeps the graph of the stack %s as it was reviewed", async (stack) => {
  const config = configOf(stack);
  const options = config.smtp?.login === undefined ? {} : { smtpPassword: plainText };
  const { resources, outputs } = await record(config, options);
  expect({ resources, outputs }).toMatchSnapshot();
});

describe.each(configs)("the %s", (_name, config, smtpPassword) => {
  const options = smtpPassword === undefined ? {} : { smtpPassword };
  let update: Recording;
  let preview: Recording;

  beforeAll(async () => {
    update = await record(config, options);
    preview = await record(config, { ...options, preview: true });
  });

  it.each(properties)("$name", (property) => {
    expect(ofType(update.resources, property.to)).not.toEqual([]);
    expect(offenders(property, update.resources)).toEqual([]);
  });

  it.each(properties)("would be noticed if not: $name", (property) => {
    expect(offenders(property, spoil(property, update.resources))).not.toEqual([]);
  });

  it("shows in a preview what an update makes", () => {
    expect(identities(preview)).toEqual(identities(update));
  });

  it("has the scheduler once", () => {
    expect(schedulersIn(update.resources)).toHaveLength(1);
    const twice = update.resources.map((resource) =>
      resource.name === "mastodon-app-web"
        ? { ...resource, inputs: { command: ["-q", "scheduler,1"] } }
        : resource,
    );
    expect(schedulersIn(twice)).toHaveLength(2);
  });

  it("publishes the ports of its way in and no other", () => {
    const published = update.resources.flatMap(({ inputs }) => inputs["ports"] ?? []).flat();
    const expected = publishedFor(config);
    expect(published).toHaveLength(expected.length);
    expect(published).toEqual(expect.arrayContaining(expected));
  });

  it("puts nothing before what it needs", () => {
    const dependsOn = (name: string) =>
      update.resources.find((resource) => resource.name === name)?.dependsOn ?? [];
    const reaches = (from: string, to: string): boolean =>
      dependsOn(from).some((next) => next === to || reaches(next, to));
    for (const name of ["web", "streaming", "admin", "settings"]) {
      expect(reaches(`mastodon-app-${name}`, "mastodon-app-migrate")).toBe(true);
      expect(reaches(`mastodon-app-${name}`, "mastodon-database-role")).toBe(true);
      expect(reaches(`mastodon-app-${name}`, "mastodon-database-postgres")).toBe(true);
      expect(reaches(`mastodon-app-${name}`, "mastodon-cache-redis")).toBe(true);
    }
    expect(dependsOn("mastodon-gateway-caddy")).not.toEqual([]);
  });

  it("tells secrets only in outputs that are secret", () => {
    for (const [key, { value, secret }] of Object.entries(update.outputs)) {
      if (!secret)
        expect({ key, holds: JSON.stringify(value).includes("‹") }).toEqual({ key, holds: false });
    }
    expect(update.outputs["adminPassword"]).toEqual({ value: "‹adminPassword›", secret: true });
    expect(update.outputs["environmentFile"]?.secret).toBe(true);
    expect(update.outputs["environmentFile"]?.value).toContain("SECRET_KEY_BASE=‹secretKeyBase›\n");
  });

  it("gives the mail password to the Ruby processes and the check of it alone", () => {
    const having = update.resources
      .filter(({ inputs }) => JSON.stringify(inputs).includes("‹smtpPassword›"))
      .map(({ name }) => name);
    const sidekiq = Object.keys(config.sidekiq).map((group) => `mastodon-app-sidekiq-${group}`);
    const check = "mastodon-checks-mail";
    expect(having).toEqual(
      smtpPassword === undefined ? [] : [...sidekiq, "mastodon-app-web", check],
    );
  });
});

describe("the graph of the LinuxServer image", () => {
  const config = configWith({
    image: { flavour: "linuxserver", version: "4.7.2" },
    sidekiq: { all: { queues }, push: { queues: ["push"] } },
  });

  let update: Recording;

  beforeAll(async () => {
    update = await record(config);
  });

  it("is as it was reviewed", () => {
    const { resources } = update;
    expect(
      resources.filter(({ name }) => /^mastodon-app|volume-config|image/.test(name)),
    ).toMatchSnapshot();
  });

  it("shows in a preview what an update makes", async () => {
    expect(identities(await record(config, { preview: true }))).toEqual(identities(update));
  });

  it("keeps every rule but those that its image cannot", () => {
    const { resources } = update;
    const broken = properties.flatMap((property) => {
      const names = offenders(property, resources);
      return names.length === 0 ? [] : [[property.name, names]];
    });
    expect(Object.fromEntries(broken)).toEqual({
      "every container cannot write to its image": [
        "mastodon-app-sidekiq-push",
        "mastodon-app-web",
      ],
    });
  });

  it("migrates before anything but web begins", () => {
    const { resources } = update;
    const needs = (name: string) => resources.find((each) => each.name === name)?.dependsOn ?? [];
    expect(needs("mastodon-app-web")).toEqual(["mastodon-database-role", "mastodon-cache-redis"]);
    for (const name of ["mastodon-app-sidekiq-push", "mastodon-app-settings"])
      expect(needs(name)).toEqual(["mastodon-app-web"]);
  });
});

describe("the graph of an instance built from source", () => {
  const config = configWith({
    image: {
      flavour: "source",
      repository: "https://github.com/glitch-soc/mastodon.git",
      ref: "0123456789abcdef0123456789abcdef01234567",
    },
  });
  let update: Recording;

  beforeAll(async () => {
    update = await record(config);
  });

  it("is as it was reviewed, where it differs", () => {
    expect(
      update.resources.filter(({ name }) => /foundation-(build|image)/.test(name)),
    ).toMatchSnapshot();
  });

  it("differs from the others by the build alone", async () => {
    const official = identities(await record(configWith()));
    const added = identities(update).filter((identity) => !official.includes(identity));
    expect(added).toEqual(["command:local:Command mastodon-foundation-build"]);
    expect(identities(update)).toEqual(expect.arrayContaining(official));
  });

  it("keeps every rule", () => {
    const broken = properties.filter(
      (property) => offenders(property, update.resources).length > 0,
    );
    expect(broken.map(({ name }) => name)).toEqual([]);
  });

  it("builds before it looks for what was built, and for nothing else", () => {
    const waiting = update.resources
      .filter(({ dependsOn = [] }) => dependsOn.includes("mastodon-foundation-build"))
      .map(({ name }) => name);
    expect(waiting).toEqual([
      "mastodon-foundation-image-mastodon",
      "mastodon-foundation-image-streaming",
    ]);
  });
});

describe("identities", () => {
  it("do not follow the configuration: no setting renames a resource", async () => {
    const plain = identities(await record(configWith()));
    const changed = identities(
      await record(
        configWith({
          ...fullest,
          sidekiq: undefined,
          smtp: undefined,
          search: undefined,
        }),
      ),
    );
    expect(changed).toEqual(plain);
  });

  it("of sidekiq's processes are their names", async () => {
    const names = (await record(configWith(fullest), { smtpPassword: plainText })).resources
      .map(({ name }) => name)
      .filter((name) => name.includes("sidekiq"));
    expect(names).toEqual(["mastodon-app-sidekiq-default", "mastodon-app-sidekiq-federation"]);
  });
});

describe("the harness", () => {
  const providers = (parent: pulumi.Resource) => ({
    parent,
    provider: new docker.Provider("docker", {}, { parent }),
  });

  it("refuses what an engine would: one identity for two", async () => {
    const program = recordProgram((parent) => {
      const opts = providers(parent);
      new docker.Volume("volume", {}, opts);
      new docker.Volume("volume", {}, opts);
      return {};
    });
    await expect(program).rejects.toThrow("docker:index/volume:Volume volume was registered twice");
  });

  it("sees a resource inside an apply in an update and not in a preview", async () => {
    const program = (parent: pulumi.Resource): object => {
      const { result } = new random.RandomPassword("password", { length: 8 }, { parent });
      result.apply(() => new docker.Volume("hidden", {}, providers(parent)));
      return {};
    };
    expect(identities(await recordProgram(program))).toContain("docker:index/volume:Volume hidden");
    expect(identities(await recordProgram(program, { preview: true }))).toEqual([
      "random:index/randomPassword:RandomPassword password",
    ]);
  });

  it("tells a secret from a secret that lost its mark", async () => {
    const { resources } = await recordProgram((parent) => {
      const { result } = new random.RandomPassword("password", { length: 8 }, { parent });
      new command.local.Command("kept", { create: result }, { parent });
      new command.local.Command("lost", { create: pulumi.unsecret(result) }, { parent });
      return {};
    });
    const [kept, lost] = ofType(resources, /^command:/);
    expect(kept).toMatchObject({ inputs: { create: "‹password›" }, secretInputs: ["create"] });
    expect(lost).toMatchObject({ inputs: { create: "‹password›" } });
    expect(lost?.secretInputs).toBeUndefined();
  });

  it("knows which resources are on a default provider", async () => {
    const { resources } = await recordProgram((parent) => {
      new docker.Volume("ours", {}, providers(parent));
      new docker.Volume("theirs", {}, { parent });
      return {};
    });
    expect(ofType(resources, /:Volume$/).map(({ provider }) => provider)).toEqual([
      "docker",
      undefined,
    ]);
  });
});

describe("Pulumi.yaml", () => {
  const declared = mapIn("Pulumi.yaml", "config");

  /** The type by which Pulumi checks a value before the program sees it. */
  const typeOf = (schema: unknown): string => {
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
      return typeOf(schema.unwrap());
    if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return "string";
    if (schema instanceof z.ZodBoolean) return "boolean";
    return schema instanceof z.ZodArray ? "array" : "object";
  };

  it("declares every key of the schema, and no other", () => {
    expect(Object.keys(declared).sort()).toEqual(
      [...Object.keys(ConfigSchema.shape), ...secretKeys].sort(),
    );
  });

  it.each(Object.entries(ConfigSchema.shape))(
    "declares the type of %s, and says what it is",
    (key, schema) => {
      expect(declared[key]).toMatchObject({
        type: typeOf(schema),
        description: expect.stringMatching(/^[A-Z].{20,}\.$/s) as unknown,
      });
    },
  );

  it.each(secretKeys)("says of %s that it is a secret, and what it is for", (key) => {
    expect(declared[key]).toMatchObject({
      description: expect.stringMatching(/^[A-Z].{20,}\.$/s) as unknown,
    });
    expect(declared[key]).toMatchObject({
      description: expect.stringMatching(/secret/i) as unknown,
    });
  });

  it("declares as defaults what the schema takes for a key that is not set", () => {
    const defaults = Object.entries(declared)
      .map(([key, value]) => [key, isMap(value) ? value["default"] : undefined] as const)
      .filter(([, value]) => value !== "" && JSON.stringify(value) !== "{}");
    expect(parseConfig(Object.fromEntries(defaults))).toEqual(parseConfig({}));
  });
});

/** The configuration, or undefined where it lacks something. */
const attempt = (raw: unknown): Config | undefined => {
  try {
    return parseConfig(raw);
  } catch {
    return undefined;
  }
};

describe("a stack file", () => {
  it.each(stacks.filter((stack) => stack !== "dev"))(
    "of %s is refused until each of its placeholders is filled in",
    (stack) => {
      const raw = rawOf(stack);
      const faults = Object.entries(raw).flatMap(([key, value]) => placeholderFaults(key, value));
      expect(faults.map(({ path }) => path)).toEqual(
        expect.arrayContaining(["domain", "smtp.server", "admin.email"]),
      );
      expect(() => parseConfig(raw)).toThrow(new ConfigError(faults));
    },
  );

  it.each(stacks)("of %s is accepted, and lets nothing run on a default provider", (stack) => {
    expect(() => configOf(stack)).not.toThrow();
    expect(mapIn(`Pulumi.${stack}.yaml`, "config")).toMatchObject({
      "pulumi:disable-default-providers": ["*"],
    });
  });

  it.each(stacks)(
    "of %s says nothing that is the default anyway, but for its hardware",
    (stack) => {
      const raw = withExamples(rawOf(stack)) as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(raw).filter((name) => name !== "hardware")) {
        const { [key]: _left, ...others } = raw;
        expect(attempt(others)).not.toEqual(attempt(raw));
      }
    },
  );
});
