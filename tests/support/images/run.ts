import { run as runLimited, type RunOptions } from "../commands";

/** Packages are fetched and Go is compiled meanwhile. */
const limitMs = 30 * 60_000;

/** Runs one step of making an image to its end. @returns what it printed, trimmed @throws as any `run` */
export async function run(
  program: string,
  args: readonly string[],
  place: Pick<RunOptions, "cwd" | "env"> = {},
): Promise<string> {
  return (await runLimited(program, args, { ...place, limitMs })).stdout.trim();
}
