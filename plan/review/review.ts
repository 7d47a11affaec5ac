import { parseKey } from "../config";
import { costsOf, type Costs } from "./costs";
import { isDeployed } from "./deployed";
import { imageChangesOf, isOtherPostgres, type ImageChange } from "./imageChanges";
import { interruptionsOf, outagesOf, type Interruption, type Outage } from "./interruptions";
import { memoryOf, type MemoryChange } from "./memory";
import { notesOf } from "./notes";
import { byImportance, partOf } from "./parts";
import type { Preview, Violation } from "./preview";
import type { Step } from "./step";
import { isProtection, risksOf, type Risk } from "./risks";

/** One line of what a change does. */
export interface Change {
  readonly how: Exclude<Step["change"], "none">;
  /** What people know it by. */
  readonly part: string;
  /** Its logical name. */
  readonly name: string;
  /** Which of it is another one, in words; of what is changed or replaced. */
  readonly why: readonly string[];
}

/** A risk, and whether the stack file says that it is known. */
export interface JudgedRisk extends Risk {
  readonly acknowledged: boolean;
}

/** `refused`: must not happen as it is. `failed`: the preview could not be made, so nothing is known of what is missing. */
export type Verdict = "refused" | "failed" | "unchanged" | "new" | "changes";

/** What an experienced operator would say of a change before it is made. */
export interface Review {
  readonly stack: string;
  readonly verdict: Verdict;
  readonly changes: readonly Change[];
  readonly interruptions: readonly Interruption[];
  readonly outages: readonly Outage[];
  readonly risks: readonly JudgedRisk[];
  readonly violations: readonly Violation[];
  readonly images: readonly ImageChange[];
  readonly memory: MemoryChange;
  /** Absent where the program rents nothing. */
  readonly costs?: Costs;
  /** What else to know or to do. */
  readonly notes: readonly string[];
  /** What kept the preview from its end. */
  readonly faults: readonly string[];
  /** Whether the preview came to its end: where not, there may be more than is told. */
  readonly complete: boolean;
}

/** Inputs in the words of who reads a stack file. */
const words: Readonly<Record<string, string>> = {
  create: "what it runs",
  destroyGraceSeconds: "time to stop",
  envs: "settings",
  environment: "settings",
  healthcheck: "health check",
  memorySwap: "memory",
  readOnly: "read-only root",
  stopTimeout: "time to stop",
  waitTimeout: "time to start",
  networksAdvanced: "networks",
  serverType: "type",
  triggers: "what it follows",
  uploads: "files with secrets",
  userData: "set-up",
};

const why = ({ keys }: Step): string[] => [...new Set(keys.map((key) => words[key] ?? key))];

function changesOf(steps: readonly Step[]): Change[] {
  return [...steps].sort(byImportance).flatMap((step): Change[] => {
    const part = partOf(step);
    if (part === undefined || step.change === "none") return [];
    const isOther = step.change === "changed" || step.change === "replaced";
    return [{ how: step.change, part, name: step.name, why: isOther ? why(step) : [] }];
  });
}

/** What the stack file says may be lost. */
const acknowledged = ({ config }: Preview): readonly string[] => {
  const text = config["mastodon:acknowledge"];
  return (
    (text === undefined || text === "" ? undefined : parseKey("acknowledge", parsed(text))) ?? []
  );
};

/** Structured values of a stack file are told as JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const repositoryIn = ({ config }: Preview): { readonly repository?: string } => {
  const image = parseKey("image", parsed(config["mastodon:image"] ?? ""));
  return image?.flavour === "source" ? { repository: image.repository } : {};
};

/** Whether a change must not be made with that risk: nobody says that it is known, or `up` would stop it half-way. */
export const isRefused = ({ acknowledged: known, upStops }: JudgedRisk): boolean =>
  !known || upStops !== undefined;

/** Whether a policy stops a change, and not only has a word to say about it. */
export const isMandatory = ({ level }: Violation): boolean => level !== "advisory";

/** That the preview failed is no news beside what it failed for. */
const isEcho = (fault: string): boolean => /^(preview|update) failed$/i.test(fault);

function verdictOf({
  risks,
  violations,
  faults,
  complete,
  changes,
  isNew,
}: Pick<Review, "risks" | "violations" | "faults" | "complete" | "changes"> & {
  readonly isNew: boolean;
}): Verdict {
  if (risks.some(isRefused) || violations.some(isMandatory)) return "refused";
  if (faults.length > 0 || !complete) return "failed";
  if (changes.length === 0) return "unchanged";
  return isNew ? "new" : "changes";
}

/** Judges a preview. @param stack its name */
export function reviewOf(stack: string, preview: Preview): Review {
  const { steps, violations, complete } = preview;
  const known = acknowledged(preview);
  const risks = risksOf(preview).map((risk) => ({
    ...risk,
    acknowledged: risk.acknowledgeable && known.includes(risk.name),
  }));
  const isNew = !isDeployed(steps);
  const faults = preview.faults.filter((fault) => !isEcho(fault) && !isProtection(fault));
  const images = imageChangesOf(steps, repositoryIn(preview));
  const interruptions = interruptionsOf(steps);
  const costs = costsOf(steps);
  const found = { changes: changesOf(steps), risks, violations, faults, complete };
  const unneeded = known.filter((name) => !risks.some((risk) => risk.name === name));
  return {
    stack,
    verdict: verdictOf({ ...found, isNew }),
    ...found,
    interruptions,
    outages: outagesOf(interruptions),
    images,
    memory: memoryOf(steps),
    ...(costs === undefined ? {} : { costs }),
    notes: [
      ...notesOf(
        preview,
        images.filter((image) => !isOtherPostgres(image)),
      ),
      ...unneeded.map(
        (name) =>
          `acknowledge names ${name}, of which this change loses nothing: remove it from the stack file, so that it excuses no later change.`,
      ),
    ],
  };
}

/** Whether the change may be carried out. */
export const mayGoOn = ({ verdict }: Review): boolean =>
  verdict !== "refused" && verdict !== "failed";
