import * as pulumi from "@pulumi/pulumi";
import { secretCommand, type Fault } from "../plan";

/** The variables that a stack file holds encrypted, by name, and what is wrong with the others. */
export interface SecretEnvironment {
  readonly variables: Readonly<Record<string, pulumi.Output<string>>>;
  readonly faults: readonly Fault[];
}

const path = "secretEnvironment";

/**
 * Reads the key `secretEnvironment`. No fault repeats a value.
 *
 * @param value as it was decrypted, right or wrong; undefined where it is not set
 */
export function readSecretEnvironment(value: unknown = {}): SecretEnvironment {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = `is no map of names to texts: remove it, and set each variable with ${secretCommand("NAME")}`;
    return { variables: {}, faults: [{ path, message }] };
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return {
    variables: Object.fromEntries(
      entries.flatMap(([name, text]) =>
        typeof text === "string" ? [[name, pulumi.secret(text)]] : [],
      ),
    ),
    faults: entries
      .filter(([, text]) => typeof text !== "string")
      .map(([name]) => ({
        path: `${path}.${name}`,
        message: `is no text: set it anew with ${secretCommand(name)}`,
      })),
  };
}
