import type { Check, Finding, State, Subject } from "./check";
import { containers } from "./containers";
import { dns } from "./dns";
import { edge } from "./edge";
import { mail } from "./mail";
import { media } from "./media";

export interface Wishes {
  /** To whom a mail is sent. */
  readonly mail?: string | undefined;
}

/** Everything that is looked at, in the order in which it is told. */
export const checksFor = (wishes: Wishes): readonly Check[] => [
  containers,
  dns,
  edge,
  mail(wishes.mail),
  media,
];

/** Runs the checks side by side: one that fails to run is a fault, and keeps no other from its answer. */
export async function examine(
  checks: readonly Check[],
  subject: Subject,
): Promise<readonly (Finding & { readonly name: string })[]> {
  const found = await Promise.all(
    checks.map(async ({ name, run }) => {
      const findings = await run(subject).catch((error: unknown): Finding[] => [
        {
          state: "fault",
          text: `could not be checked: ${error instanceof Error ? error.message : String(error)}`,
        },
      ]);
      return findings.map((finding) => ({ name, ...finding }));
    }),
  );
  return found.flat();
}

/** One line for each finding, and one that counts them. */
export function table(findings: readonly (Finding & { readonly name: string })[]): string {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  const count = (state: State): number =>
    findings.filter((finding) => finding.state === state).length;
  return [
    ...findings.map(
      ({ state, name, text }) => `${state.padEnd(7)}  ${name.padEnd(width)}  ${text}`,
    ),
    "",
    `${counted(count("fault"), "fault")}, ${counted(count("warning"), "warning")}`,
  ].join("\n");
}

const counted = (number: number, what: string): string =>
  `${number === 0 ? "no" : number} ${what}${number === 1 ? "" : "s"}`;
