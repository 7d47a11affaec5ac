import type { ParsedConfig } from "./configSchema";
import type { Fault } from "./faults";
import { quoted } from "./shapes";

type Key = keyof ParsedConfig;

/** Choices that the schema knows and the program cannot carry out yet. */
interface Unavailable {
  /** The key of the map that holds the choice; absent: the value itself is it. */
  readonly tag?: string;
  readonly choices: readonly string[];
  readonly instead: string;
}

const unavailable: Readonly<Partial<Record<Key, Unavailable>>> = {
  edge: {
    tag: "kind",
    choices: ["tunnel", "caddy", "none"],
    instead: "use {kind: local, port: 8443}",
  },
  dns: { tag: "kind", choices: ["cloudflare"], instead: "use {kind: manual}" },
  media: { tag: "kind", choices: ["s3"], instead: "use {kind: volume}" },
};

/** Keys of which no value is available yet. */
const unavailableKeys: Readonly<Partial<Record<Key, string>>> = {
  backup: "remove the key, and copy the data volumes and the state folder yourself",
  monitoring: "remove the key",
};

/**
 * Refuses a choice by its name, since ignoring it would be a lie.
 *
 * @param value as it is written, right or wrong in everything else: nobody should complete what is then refused
 */
export function unavailableFault(key: Key, value: unknown): Fault | undefined {
  const remedy = unavailableKeys[key];
  if (remedy !== undefined && value !== undefined) {
    return { path: key, message: `is not available in this version; ${remedy}` };
  }
  const entry = unavailable[key];
  if (entry === undefined) return undefined;
  const { tag, choices, instead } = entry;
  const choice =
    tag === undefined ? value : (value as Readonly<Record<string, unknown>> | undefined)?.[tag];
  return typeof choice === "string" && choices.includes(choice)
    ? {
        path: tag === undefined ? key : `${key}.${tag}`,
        message: `${quoted(choice)} is not available in this version; ${instead}`,
      }
    : undefined;
}
