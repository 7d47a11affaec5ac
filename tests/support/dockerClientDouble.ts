import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What the client prints, and how it ends. */
export interface Answer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Puts a test double of the docker client first on the PATH for as long as the work takes. It knows the commands that it
 * is told, each by all its arguments, and refuses any other, as the original refuses what it does not know.
 */
export async function withDockerClientDouble<T>(
  answers: Readonly<Record<string, Answer>>,
  work: () => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "docker-client-double-"));
  const cases = Object.entries(answers).map(
    ([command, { stdout = "", stderr = "", code = 0 }]) =>
      `  ${quote(command)}) printf '%s' ${quote(stdout)}; printf '%s' ${quote(stderr)} >&2; exit ${code} ;;`,
  );
  const refusal = `  *) printf 'the double knows no %s\\n' "$*" >&2; exit 125 ;;`;
  const file = join(folder, "docker");
  await writeFile(file, ["#!/bin/sh", 'case "$*" in', ...cases, refusal, "esac", ""].join("\n"));
  await chmod(file, 0o755);
  return withVariables({ PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` }, work).finally(
    () => rm(folder, { recursive: true }),
  );
}

/** Sets environment variables, or with undefined removes them, for as long as the work takes. */
export async function withVariables<T>(
  variables: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}
