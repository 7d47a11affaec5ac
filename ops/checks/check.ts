import type { Config, Environment, Plan } from "../../plan";

/** `warning`: it works, and may not for long or not for everybody. */
export type State = "ok" | "warning" | "fault";

/** One thing that a check found; unless all is well, its text says what to do. */
export interface Finding {
  readonly state: State;
  readonly text: string;
}

/** One part of an instance, looked at from outside. It changes nothing. */
export interface Check {
  /** One word, for the table. */
  readonly name: string;
  /** Never throws for what it finds; whatever it throws is told as a fault. */
  readonly run: (subject: Subject) => Promise<readonly Finding[]>;
}

/** The instance that is looked at. */
export interface Subject {
  readonly config: Config;
  readonly plan: Plan;
  /** What the stack tells, secrets in clear. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What the stack file holds encrypted, in clear, by its key without namespace. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Runs a script whose docker client talks to the instance's engine; a failure is in `code`. */
  readonly shell: (
    script: string,
    environment: Readonly<Record<string, string>>,
  ) => Promise<Printed>;
}

/** What a script printed. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment with the secrets of the stack file filled in. @throws where one of them is not set */
export function filledIn(
  environment: Environment,
  secrets: Subject["secrets"],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      const secret = secrets[value.secret];
      if (secret === undefined)
        throw new Error(`the secret ${value.secret} is not in the stack file`);
      return [name, secret];
    }),
  );
}

/** What a script printed, line by line, without empty ones. */
export const linesOf = (text: string): string[] =>
  text.split("\n").filter((line) => line.trim() !== "");

/** Where a script did not come to ask at all. */
export const unasked = (stderr: string): string =>
  `could not be asked from the host (${linesOf(stderr).at(-1) ?? "no reason was given"}): bring the instance up with \`npm run pulumi -- up\`, and repeat`;
