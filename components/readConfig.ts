import * as pulumi from "@pulumi/pulumi";
import {
  ConfigError,
  flavourOf,
  emulationWarning,
  hostOf,
  looksEarly,
  parseConfig,
  pinImages,
  resolveImages,
  secretCommand,
  secretKeys,
  unpinnedImages,
  type Config,
  type Fault,
  type ImageKey,
  type SecretKey,
} from "../plan";
import { EngineError, type Engine } from "./host/engine";
import {
  accountFaults,
  cloudflareAccount,
  encryptedKeys,
  readAccounts,
  type Accounts,
} from "./accounts";
import { findZone } from "./edge/findZone";
import { findCommit } from "./findCommit";
import { findHost, measured, type RawConfig } from "./host/findHost";
import { readSecretEnvironment, type SecretEnvironment } from "./readSecretEnvironment";
import { completeLock, lockCommit } from "./host/imageLock";
import { foreignImages } from "./host/imagePlatforms";

/** Secrets that the stack file holds, by their key, and the access to a provider of servers. */
export type ProvidedSecrets = Accounts &
  Readonly<Partial<Record<TextKey, pulumi.Output<string>>>> & {
    /** The values of variables, by their names. */
    readonly secretEnvironment?: SecretEnvironment["variables"];
  };

/** A secret that is one text. */
type TextKey = Exclude<SecretKey, "secretEnvironment">;

const namespace = "mastodon";

/**
 * Reads the stack's configuration and asks its engine what the configuration leaves open: where it is, how large it is,
 * and which digests its tags stand for.
 *
 * @throws pulumi.RunError with all faults at once, before any resource
 */
export async function readConfig(): Promise<{ config: Config; provided: ProvidedSecrets }> {
  const raw = readKeys();
  const { variables, faults: unreadable } = readSecretEnvironment(readKey("secretEnvironment"));
  const secretVariables = Object.keys(variables);
  const provided = {
    ...readSecrets(),
    ...(secretVariables.length > 0 && { secretEnvironment: variables }),
    ...readAccounts(),
  };
  const setSecrets = secretKeys.filter((key) => provided[key] !== undefined);
  try {
    const [{ engine, boot, ...host }, { zone, ...names }] = await Promise.all([
      findHost(raw),
      findZone(raw, cloudflareAccount()),
    ]);
    const found = [...accountFaults(raw), ...host.faults, ...names.faults];
    const parsed = parseWith([...plainSecretFaults(), ...unreadable, ...found], () =>
      parseConfig({ ...raw, ...measured(raw, engine) }, setSecrets, secretVariables),
    );
    for (const warning of [...host.warnings, ...names.warnings]) await pulumi.log.warn(warning);
    const config = {
      ...parsed,
      ...(zone === undefined ? {} : { zone }),
      ...(engine === undefined ? {} : { looksEarly: looksEarly(engine.version) }),
    };
    return { config: await emulating(await pinned(config, engine), engine, boot), provided };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof EngineError) throw sentence(error.message);
    throw error;
  }
}

/** What is the person's to mend, not the program's. */
function sentence(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  // Pulumi does not show the stack, but has it coloured, and Node.js never comes to the end of the path of one of its
  // own files (`node_modules/@pulumi/resource.ts`) until the memory for a string is full: 13 seconds.
  delete error.stack;
  return error;
}

/** What stands in Pulumi.yaml for a value that is not set: there, a key without a default is required. */
const unset: readonly unknown[] = ["", "{}"];

/** The text of every key of the namespace that is set, whether this program knows it or not. */
function setKeys(): [name: string, text: string][] {
  return Object.entries(pulumi.runtime.allConfig())
    .filter(([key, text]) => key.startsWith(`${namespace}:`) && !unset.includes(text))
    .map(([key, text]) => [key.slice(namespace.length + 1), text]);
}

const isTextKey = (name: string): name is TextKey =>
  isSecretKey(name) && name !== "secretEnvironment";

const isSecretKey = (name: string): name is SecretKey =>
  (secretKeys as readonly string[]).includes(name);

function readKeys(): RawConfig {
  return Object.fromEntries(
    setKeys()
      .filter(([name]) => !isSecretKey(name))
      .map(([name, text]) => [name, parseValue(text)]),
  );
}

/** The value of one key; undefined where it is not set. */
function readKey(key: SecretKey): unknown {
  const text = setKeys().find(([name]) => name === key)?.[1];
  return text === undefined ? undefined : parseValue(text);
}

/** Pulumi hands structured values over as JSON, and plain ones as they are. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readSecrets(): ProvidedSecrets {
  const config = new pulumi.Config(namespace);
  return Object.fromEntries(
    setKeys()
      .filter(([name]) => isTextKey(name))
      .map(([name]) => [name, config.requireSecret(name)]),
  );
}

/** Secrets that stand in the stack file for everybody to read. */
function plainSecretFaults(): Fault[] {
  const encrypted = encryptedKeys();
  return setKeys()
    .filter(([name]) => isSecretKey(name) && !encrypted.includes(`${namespace}:${name}`))
    .map(([path]) => ({
      path,
      message: isTextKey(path)
        ? `is in plain text: set it anew with \`npm run pulumi -- config set --secret mastodon:${path}\``
        : `is in plain text: set each variable anew with ${secretCommand("NAME")}`,
    }));
}

/** Finds the images that are made for other machines than the host. @throws ConfigError where it may not emulate them */
async function emulating(
  config: Config,
  engine: Engine | undefined,
  boot: string | undefined,
): Promise<Config> {
  const host = hostOf(config);
  if (host.architecture === undefined) return config;
  const images = resolveImages(config);
  const { emulated, faults } = await foreignImages({
    images,
    built: flavourOf(config.image).build?.images ?? [],
    architecture: host.architecture,
    endpoint: engine?.endpoint,
    emulation: config.host.emulation === true,
  });
  if (faults.length > 0) throw new ConfigError(faults);
  const [architecture] = Object.values(emulated);
  if (architecture === undefined) return config;
  const references = (Object.keys(emulated) as ImageKey[]).flatMap((key) => images[key] ?? []);
  await pulumi.log.warn(emulationWarning(references, architecture));
  return { ...config, emulated, ...(boot === undefined ? {} : { boot }) };
}

function parseWith(faults: readonly Fault[], parse: () => Config): Config {
  const config = attempt(parse);
  const all = [...(config instanceof ConfigError ? config.faults : []), ...faults];
  if (config instanceof ConfigError || all.length > 0) throw new ConfigError(all);
  return config;
}

function attempt(parse: () => Config): Config | ConfigError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/**
 * Gives every image its digest: from the program, the stack file, the stack's lock file or, once, the registry; and what
 * is built its commit: from the stack file, the lock file or, once, the repository.
 */
async function pinned(open: Config, engine: Engine | undefined): Promise<Config> {
  const file = `Pulumi.${pulumi.getStack()}.lock.json`;
  const { unsettled } = flavourOf(open.image);
  const config =
    unsettled === undefined
      ? open
      : { ...open, image: unsettled.at(await lockCommit(file, unsettled, findCommit)) };
  const { build } = flavourOf(config.image);
  const images = resolveImages(config);
  const unpinned = unpinnedImages(images, build?.images);
  if (unpinned.length === 0) return config;
  const lock = await completeLock(file, unpinned, engine?.endpoint);
  return { ...config, images: pinImages(images, lock) };
}
