import type { SecretReference } from "./secrets";

/** A value of an environment variable: plain text, or the name of a secret that is filled in at the last moment. */
export type EnvironmentValue = string | { readonly secret: SecretReference };

export type Environment = Readonly<Record<string, EnvironmentValue>>;
