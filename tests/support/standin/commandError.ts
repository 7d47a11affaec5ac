/** Ends tootctl with this message and exit code 1. */
export class CommandError extends Error {
  override name = "CommandError";
}
