import type { ParsedConfig } from "./configSchema";
import type { Fault } from "./faults";

type Key = keyof ParsedConfig;

/** Keys that the schema knows and the program cannot carry out yet, with what to do instead. */
const unavailable: Readonly<Partial<Record<Key, string>>> = {
  backup: "remove the key, and copy the data volumes and the state folder yourself",
  monitoring: "remove the key",
};

/**
 * Refuses a key by its name, since ignoring it would be a lie.
 *
 * @param value as it is written, right or wrong: nobody should complete what is then refused
 */
export function unavailableFault(key: Key, value: unknown): Fault | undefined {
  const remedy = unavailable[key];
  return remedy === undefined || value === undefined
    ? undefined
    : { path: key, message: `is not available in this version; ${remedy}` };
}
