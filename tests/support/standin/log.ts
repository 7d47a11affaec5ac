/** One line on stdout, as the original logs in containers. Never given a secret. */
export function log(source: string, message: string): void {
  process.stdout.write(`[${source}] ${message}\n`);
}

/** The message of anything thrown, also of the nameless collections that failed connections throw. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
