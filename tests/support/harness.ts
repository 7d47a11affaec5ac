import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { Instance, type ProvidedSecrets } from "../../components";
import { deriveVapidKeys, fingerprint, fingerprinted, makePlan, type Config } from "../../plan";

/** One resource as the program registered it. Secret values are told by their name: `‹databasePassword›`. */
export interface RecordedResource {
  readonly type: string;
  readonly name: string;
  /** The name of its parent; absent: the program itself. */
  readonly parent?: string;
  /** The name of the provider that carries it out; absent: a default one. */
  readonly provider?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly dependsOn?: readonly string[];
  readonly aliases?: readonly unknown[];
  readonly replaceOnChanges?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The inputs that are marked as secret as a whole. */
  readonly secretInputs?: readonly string[];
}

export interface RecordedOutput {
  readonly value: unknown;
  readonly secret: boolean;
}

/** What the program did. */
export interface Recording {
  /** Sorted by name, then by type. */
  readonly resources: readonly RecordedResource[];
  readonly outputs: Readonly<Record<string, RecordedOutput>>;
  /** Whether a text holds the value of a secret. */
  holdsSecret(value: unknown): boolean;
}

export interface RecordOptions {
  /** As in `pulumi preview`: what only an engine could compute is unknown. Default: false. */
  readonly preview?: boolean;
  /** The value of `smtpPassword` in the stack file. Default: it holds none. */
  readonly smtpPassword?: string;
}

const rootName = "root";

/** Runs the program for a configuration under mocks, and waits until the last registration is through. */
export async function record(config: Config, options: RecordOptions = {}): Promise<Recording> {
  const { smtpPassword } = options;
  return recordProgram((parent) => {
    const provided: ProvidedSecrets =
      smtpPassword === undefined ? {} : { smtpPassword: pulumi.secret(smtpPassword) };
    return new Instance("mastodon", { plan: makePlan(config), provided }, { parent }).outputs;
  }, options);
}

/** Like `record`, for any program; its resources must descend from the parent that it is given. */
export async function recordProgram(
  program: (parent: pulumi.Resource) => object,
  { preview = false, smtpPassword }: RecordOptions = {},
): Promise<Recording> {
  const engine = new MockEngine(preview);
  await pulumi.runtime.setMocks(engine, "mastodon", "test", preview);
  const options = new OptionsRecorder();
  const root = new pulumi.ComponentResource(
    "test:index:Root",
    rootName,
    {},
    {
      transformations: [options.transform],
    },
  );
  const outputs = await observe(program(root));
  await settle(engine);
  await pulumi.runtime.disconnect();

  const secrets = namesOfSecrets(engine.secrets, smtpPassword);
  const registered = engine.registered.filter(({ name }) => name !== rootName);
  refuseDuplicates(registered);
  return {
    resources: registered
      .map((resource) => merge(resource, options.of(resource), secrets))
      .sort((left, right) => compare(left.name, right.name) || compare(left.type, right.type)),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([key, { value, secret }]) => [
        key,
        { value: redact(value, secrets), secret },
      ]),
    ),
    holdsSecret: (value) => JSON.stringify(redact(value, secrets)).includes("‹"),
  };
}

/**
 * Waits for what is registered in an apply, of which `disconnect` knows nothing. Mocks work without timers or I/O: after
 * a few turns of the event loop in which nothing came, nothing will.
 */
async function settle(engine: MockEngine): Promise<void> {
  for (let idle = 0; idle < 5; idle += 1) {
    const before = engine.registered.length;
    await new Promise((resolve) => setImmediate(resolve));
    if (engine.registered.length > before) idle = 0;
  }
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A test double of the engine: it gives each resource an id, and what the real providers would compute. */
class MockEngine implements pulumi.runtime.Mocks {
  readonly registered: pulumi.runtime.MockResourceArgs[] = [];
  /** Value → the logical name of the resource that made it. */
  readonly secrets = new Map<string, string>();

  constructor(private readonly preview: boolean) {}

  newResource(args: pulumi.runtime.MockResourceArgs): {
    id: string | undefined;
    state: Record<string, unknown>;
  } {
    this.registered.push(args);
    if (this.preview) return { id: undefined, state: args.inputs as Record<string, unknown> };
    return {
      id: `${args.name}-id`,
      state: { ...(args.inputs as Record<string, unknown>), ...this.computed(args) },
    };
  }

  call(args: pulumi.runtime.MockCallArgs): never {
    throw new Error(`${args.token} was called: the program asks its providers nothing`);
  }

  private computed({
    type,
    name,
    inputs,
  }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    switch (type) {
      case "random:index/randomPassword:RandomPassword":
        return { result: this.secret(name, password(name, inputs as Password)) };
      case "docker:index/remoteImage:RemoteImage":
        return { imageId: `sha256:${name}` };
      default:
        return {};
    }
  }

  // The provider marks these as secrets in its schema, which mocks do not know.
  private secret(name: string, value: string): pulumi.Output<string> {
    this.secrets.set(value, name);
    return pulumi.secret(value);
  }
}

interface Password {
  readonly length: number;
  readonly special?: boolean;
  readonly overrideSpecial?: string;
  readonly lower?: boolean;
  readonly upper?: boolean;
  readonly numeric?: boolean;
}

/** A password of the characters that are asked for, the same for the same name: nothing here is random. */
function password(name: string, { length, lower, upper, numeric, ...asked }: Password): string {
  const characters = [
    lower === false ? "" : "abcdefghijklmnopqrstuvwxyz",
    upper === false ? "" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    numeric === false ? "" : "0123456789",
    asked.special === false ? "" : (asked.overrideSpecial ?? "!@#$%&*()-_=+[]{}<>:?"),
  ].join("");
  const bytes = createHash("shake256", { outputLength: length }).update(name).digest();
  return [...bytes].map((byte) => characters.charAt(byte % characters.length)).join("");
}

type Options = Omit<RecordedResource, "type" | "name" | "inputs" | "provider" | "secretInputs">;

/** Mocks see no options: they are taken from the constructors, by way of a transformation of the root. */
class OptionsRecorder {
  private readonly names = new Map<unknown, string>();
  private readonly recorded = new Map<string, Options>();

  readonly transform: pulumi.ResourceTransformation = ({ resource, type, name, opts }) => {
    this.names.set(resource, name);
    const { dependsOn, aliases, replaceOnChanges, ignoreChanges, protect, retainOnDelete } = opts;
    const custom: pulumi.CustomResourceOptions = opts;
    this.recorded.set(`${type} ${name}`, {
      ...given("parent", this.nameOf(opts.parent)),
      ...given("protect", protect),
      ...given("retainOnDelete", retainOnDelete),
      ...given("deleteBeforeReplace", custom.deleteBeforeReplace),
      ...given(
        "dependsOn",
        list(dependsOn)?.map((each) => this.nameOf(each) ?? "unknown"),
      ),
      ...given("aliases", list(aliases)),
      ...given("replaceOnChanges", list(replaceOnChanges)),
      ...given("ignoreChanges", list(ignoreChanges)),
      ...given("additionalSecretOutputs", list(custom.additionalSecretOutputs)),
    });
    return undefined;
  };

  of({ type, name }: pulumi.runtime.MockResourceArgs): Options {
    const options = this.recorded.get(`${type} ${name}`);
    if (options === undefined) throw new Error(`${type} ${name} does not descend from the root`);
    return options;
  }

  private nameOf(resource: unknown): string | undefined {
    const name = this.names.get(resource);
    return name === rootName ? undefined : name;
  }
}

const given = (key: string, value: unknown): object =>
  value === undefined ? {} : { [key]: value };

function list(value: unknown): unknown[] | undefined {
  if (value === undefined) return undefined;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    throw new Error("an option that decides the order of resources must be known at once");
  }
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** Mocks give two resources the same identity without a word; an engine refuses them. */
function refuseDuplicates(resources: readonly pulumi.runtime.MockResourceArgs[]): void {
  const seen = new Set<string>();
  for (const { type, name } of resources) {
    const identity = `${type} ${name}`;
    if (seen.has(identity)) throw new Error(`${identity} was registered twice`);
    seen.add(identity);
  }
}

function merge(
  { type, name, inputs, provider }: pulumi.runtime.MockResourceArgs,
  options: Options,
  secrets: ReadonlyMap<string, string>,
): RecordedResource {
  const entries = Object.entries(inputs as Record<string, unknown>);
  const secretInputs = entries.filter(([, value]) => isSecret(value)).map(([key]) => key);
  return {
    type,
    name,
    ...options,
    ...given("provider", nameOfProvider(provider)),
    inputs: redact(inputs, secrets) as RecordedResource["inputs"],
    ...(secretInputs.length === 0 ? {} : { secretInputs }),
  };
}

/** A provider is referred to by its URN and id: `urn:pulumi:…::type::name::id`. */
function nameOfProvider(reference: string | undefined): string | undefined {
  return reference === undefined || reference === "" ? undefined : reference.split("::").at(-2);
}

/** How a secret looks on its way to the engine (`specialSigKey` of Pulumi's protocol). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

const isSecret = (value: unknown): value is { readonly value: unknown } =>
  typeof value === "object" &&
  value !== null &&
  (value as Readonly<Record<string, unknown>>)[signatureKey] === secretSignature;

/** All texts that must not be seen, with what they are shown as. */
function namesOfSecrets(
  generated: ReadonlyMap<string, string>,
  smtpPassword: string | undefined,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const values = new Map<string, string>();
  for (const [value, resource] of generated) {
    const name = resource.split("-").at(-1) ?? resource;
    names.set(value, name);
    values.set(name, value);
  }
  const scalar = values.get("vapidScalar");
  if (scalar !== undefined) {
    const { privateKey, publicKey } = deriveVapidKeys(scalar);
    names.set(privateKey, "vapidPrivateKey");
    names.set(publicKey, "vapidPublicKey");
  }
  const keys = fingerprinted.flatMap((name) => values.get(name) ?? []);
  if (keys.length > 0) names.set(fingerprint(keys), "keysFingerprint");
  if (smtpPassword !== undefined) names.set(smtpPassword, "smtpPassword");
  return names;
}

function redact(value: unknown, secrets: ReadonlyMap<string, string>): unknown {
  if (isSecret(value)) return redact(value.value, secrets);
  if (typeof value === "string") {
    return [...secrets].reduce(
      (text, [secret, name]) => text.replaceAll(secret, `‹${name}›`),
      value,
    );
  }
  if (Array.isArray(value)) return value.map((each) => redact(each, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => compare(left, right))
      .map(([key, each]) => [key, redact(each, secrets)]),
  );
}

/** The outputs by name, each with its value once it is known; in a preview, some never are. */
async function observe(
  outputs: object,
): Promise<Record<string, { value: unknown; secret: boolean }>> {
  const observed = Object.entries(outputs).map(async ([key, value]: [string, unknown]) => {
    if (!pulumi.Output.isInstance(value)) return [key, { value, secret: false }] as const;
    const output = { value: "unknown" as unknown, secret: await pulumi.isSecret(value) };
    value.apply((known) => (output.value = known));
    return [key, output] as const;
  });
  return Object.fromEntries(await Promise.all(observed));
}
