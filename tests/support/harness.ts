import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { getStore } from "@pulumi/pulumi/runtime/state";
import { Instance, type ProvidedSecrets } from "../../components";
import { makePlan, type Config } from "../../plan";
import { withVariables } from "./dockerClientDouble";
import { MockEngine } from "./mockEngine";
import { given, OptionsRecorder, type RecordedOptions } from "./optionsRecorder";
import { compare, isSecret, namesOfSecrets, redact } from "./redaction";
import { RequestRecorder, type RequestedResource } from "./requestRecorder";

/** One resource as the program registered it. Secret values are told by their name: `‹databasePassword›`. */
export interface RecordedResource extends RecordedOptions {
  readonly type: string;
  readonly name: string;
  /** The name of the provider that carries it out; absent: a default one. */
  readonly provider?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The inputs that are marked as secret as a whole. */
  readonly secretInputs?: readonly string[];
}

interface RecordedOutput {
  readonly value: unknown;
  readonly secret: boolean;
}

/** What the program did. */
export interface Recording {
  /** Sorted by name, then by type. */
  readonly resources: readonly RecordedResource[];
  readonly outputs: Readonly<Record<string, RecordedOutput>>;
  /** As the engine is asked for them, in that order. Secret values are in clear. */
  readonly requests: readonly RequestedResource[];
  /** Whether a text holds the value of a secret. */
  holdsSecret(value: unknown): boolean;
}

interface RecordOptions {
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
  options: RecordOptions = {},
): Promise<Recording> {
  // What it writes beside a person's state, it writes here.
  const state = await mkdtemp(join(tmpdir(), "mastodon-state-"));
  try {
    return await withVariables({ MASTODON_STATE: state }, () =>
      withoutStackTraces(() => observeProgram(program, { ...options, state })),
    );
  } finally {
    await rm(state, { recursive: true });
  }
}

/** Pulumi notes where each promise comes from, and Jest translates that into lines of TypeScript: most of the whole time. */
async function withoutStackTraces<T>(work: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function observeProgram(
  program: (parent: pulumi.Resource) => object,
  { preview = false, smtpPassword, state }: RecordOptions & { readonly state: string },
): Promise<Recording> {
  const engine = new MockEngine(preview);
  await pulumi.runtime.setMocks(engine, "mastodon", "test", preview);
  // Left to the SDK, which is then to name all that a resource was before, renames of its parents included.
  getStore().supportsAliasSpecs = false;
  const requests = new RequestRecorder();
  const options = new OptionsRecorder(rootName);
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
  const resources = registered
    .map((resource) => merge(resource, options.of(resource), secrets))
    .sort((left, right) => compare(left.name, right.name) || compare(left.type, right.type));
  return {
    resources: withoutPath(resources, state),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([key, { value, secret }]) => [
        key,
        { value: redact(value, secrets), secret },
      ]),
    ),
    requests: requests.resources(preview).filter(({ name }) => name !== rootName),
    holdsSecret: (value) => JSON.stringify(redact(value, secrets)).includes("‹"),
  };
}

/** A folder of this run alone is called the same in each. */
const withoutPath = <T>(value: T, folder: string): T =>
  JSON.parse(JSON.stringify(value).replaceAll(folder, "/state")) as T;

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
  options: RecordedOptions,
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
