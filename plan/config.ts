import { capacityIn } from "./capacity";
import { ConfigSchema, type Config, type ParsedConfig, type SecretKey } from "./configSchema";
import { ConfigError, type Fault } from "./faults";
import { invariants } from "./invariants";
import { placeholderFaults } from "./placeholders";
import { schemaFaults, unknownKeyFault } from "./schemaFaults";
import { quoted } from "./shapes";
import { unavailableFault } from "./unavailable";

type Key = keyof ParsedConfig;

const keys = Object.keys(ConfigSchema.shape) as Key[];

/** Where a machine of one's own is reached when no domain is given. */
export const localDomain = "localhost";

/**
 * Reads the keys of a stack file, without their namespace.
 *
 * @param raw parsed values; secrets are not among them
 * @param setSecrets the secret keys that have a value, where that is known: some keys need or forbid one
 * @param secretVariables the names in `secretEnvironment`, where they are known
 * @throws ConfigError with every fault at once
 */
export function parseConfig(
  raw: unknown,
  setSecrets?: readonly SecretKey[],
  secretVariables?: readonly string[],
): Config {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw new ConfigError([
      {
        path: "",
        message: `${quoted(raw ?? null)} is not allowed: it must be a map of keys to values`,
      },
    ]);
  }
  const values = raw as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(values)
    .filter((key) => !(keys as string[]).includes(key))
    .map(unknownKeyFault);
  const { parsed, faults, faulty } = parseKeys(values);
  const broken = invariants
    .filter((invariant) => !invariant.keys.some((key) => faulty.has(key)))
    .flatMap((invariant) => invariant.faults(parsed, setSecrets, secretVariables));
  const all = [...unknown, ...faults, ...broken];
  if (all.length > 0) throw new ConfigError(all);
  return withDefaults(parsed, secretVariables);
}

/**
 * One key by itself, whatever the others say.
 *
 * @returns its default where it is not set; undefined where its value is none
 */
export function parseKey<K extends Key>(key: K, value: unknown): ParsedConfig[K] | undefined {
  const { data } = ConfigSchema.shape[key].safeParse(value ?? undefined);
  return data as ParsedConfig[K] | undefined;
}

/** Parses each key by itself, so that one bad value does not hide what is wrong with the others. */
function parseKeys(values: Readonly<Record<string, unknown>>): {
  parsed: ParsedConfig;
  faults: Fault[];
  faulty: ReadonlySet<Key>;
} {
  const faults: Fault[] = [];
  const faulty = new Set<Key>();
  const entries = keys.map((key): [Key, unknown] => {
    const schema = ConfigSchema.shape[key];
    // YAML writes an emptied key as null: it means what leaving it out means.
    const value = values[key] ?? undefined;
    const refused = unavailableFault(key, value);
    if (refused !== undefined) faults.push(refused);
    const placeholders = placeholderFaults(key, value);
    if (placeholders.length > 0) {
      faults.push(...placeholders);
      faulty.add(key);
      return [key, schema.safeParse(undefined).data];
    }
    const result = schema.safeParse(value);
    if (result.success) return [key, result.data];
    faulty.add(key);
    if (refused === undefined) {
      faults.push(...result.error.issues.flatMap((issue) => schemaFaults(key, value, issue)));
    }
    return [key, schema.safeParse(undefined).data];
  });
  // Every entry was parsed by the schema of its own key, or is that schema's default.
  return { parsed: Object.fromEntries(entries) as ParsedConfig, faults, faulty };
}

function withDefaults(parsed: ParsedConfig, secretEnvironment: readonly string[] = []): Config {
  const {
    domain = localDomain,
    name = domain,
    admin,
    dns,
    sizing,
    backup: _backup,
    monitoring: _monitoring,
    ...rest
  } = parsed;
  return {
    ...rest,
    domain,
    name,
    admin: admin ?? { username: "owner", email: `owner@${domain}` },
    dns: dns ?? defaultDns(rest.edge),
    secretEnvironment,
    sizing: { ...capacityIn(parsed), saveWrites: sizing?.saveWrites },
  };
}

/** Names that lead into a tunnel are at Cloudflare in any case. */
const defaultDns = (edge: ParsedConfig["edge"]): Config["dns"] =>
  edge.kind === "tunnel"
    ? { kind: "cloudflare", zone: edge.zone, replace: [], keep: [] }
    : { kind: "manual" };
