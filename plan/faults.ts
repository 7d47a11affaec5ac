/** One thing that is wrong with a configuration. */
export interface Fault {
  /** The key, as it is written in the stack file: `edge.port`, `sidekiq.default.threads`. */
  readonly path: string;
  /** The value found, what is allowed and what to do. */
  readonly message: string;
}

/** Thrown before the first resource, with every fault of the configuration at once. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(describeFaults(faults));
    this.name = "ConfigError";
    this.faults = faults;
  }
}

function describeFaults(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? "one fault" : `${faults.length} faults`;
  const lines = faults.map(({ path, message }) =>
    path === "" ? `  ${message}` : `  mastodon:${path}: ${message}`,
  );
  return [`The configuration has ${count}; nothing was changed.`, ...lines].join("\n");
}
