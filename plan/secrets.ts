/** How a secret comes to be. All of them are made once, and kept from then on. */
export interface SecretSpec {
  readonly name: GeneratedSecret;
  /** `hex`: hexadecimal digits. `text`: letters and digits, safe in any file or URL. */
  readonly kind: "hex" | "text";
  /** In characters. */
  readonly length: number;
}

/** Secrets that the program generates. */
export type GeneratedSecret =
  | "secretKeyBase"
  | "activeRecordPrimaryKey"
  | "activeRecordDeterministicKey"
  | "activeRecordKeyDerivationSalt"
  | "vapidScalar"
  | "databasePassword"
  | "databaseSuperuserPassword"
  | "redisPassword"
  | "adminPassword";

/** Everything an environment value may refer to: generated secrets, those derived from them, those of the stack file. */
export type SecretReference =
  | GeneratedSecret
  | "vapidPrivateKey"
  | "vapidPublicKey"
  | "smtpPassword"
  | "bulkSmtpPassword"
  | "acmeHmacKey"
  | "keysFingerprint"
  | "tunnelToken"
  | "s3AccessKeyId"
  | "s3SecretAccessKey"
  | VariableSecret;

/** The value of a variable that the stack file holds encrypted, by the variable's name. */
export type VariableSecret = `environment.${string}`;

/** Formats as Mastodon's own generators make them (`lib/tasks/mastodon.rake`, `lib/tasks/db.rake`). */
export const secretSpecs: readonly SecretSpec[] = [
  { name: "secretKeyBase", kind: "hex", length: 128 },
  { name: "activeRecordPrimaryKey", kind: "text", length: 32 },
  { name: "activeRecordDeterministicKey", kind: "text", length: 32 },
  { name: "activeRecordKeyDerivationSalt", kind: "text", length: 32 },
  { name: "vapidScalar", kind: "hex", length: 64 },
  { name: "databasePassword", kind: "text", length: 32 },
  { name: "databaseSuperuserPassword", kind: "text", length: 32 },
  { name: "redisPassword", kind: "text", length: 32 },
  { name: "adminPassword", kind: "text", length: 24 },
];

/** Secrets without which the data cannot be read, in the order in which their fingerprint is taken. */
export const fingerprinted: readonly GeneratedSecret[] = [
  "activeRecordPrimaryKey",
  "activeRecordDeterministicKey",
  "activeRecordKeyDerivationSalt",
];
