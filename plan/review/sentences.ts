import { hetznerPrices } from "../hosts/prices";
import { tagOf } from "../images";
import type { Bill, Costs } from "./costs";
import type { Distance, ImageChange } from "./imageChanges";
import { inWords, namesOf, type Outage } from "./interruptions";
import type { Memory, MemoryChange } from "./memory";
import { isMandatory, isRefused, type Change, type JudgedRisk, type Review } from "./review";

/*
 * What both forms of a review say in the same words. They are plain texts: who shows them, escapes them.
 */

const kinds: readonly Change["how"][] = ["added", "changed", "replaced", "removed"];

/** `1 replaced, 2 changed`. */
export const countsOf = (changes: readonly Change[]): string =>
  kinds
    .map((how) => [how, changes.filter((change) => change.how === how).length] as const)
    .filter(([, count]) => count > 0)
    .map(([how, count]) => `${count} ${how}`)
    .join(", ");

function reasonsOf(review: Review): string {
  const parts = review.risks.filter(isRefused).map(({ part }) => part);
  const policies = review.violations.filter(isMandatory).map(({ policy }) => `policy ${policy}`);
  return [...new Set([...parts, ...policies])].join(", ");
}

/** The whole of a review in one line, the word that decides first. */
export function verdictOf(review: Review): string {
  const { changes, verdict } = review;
  switch (verdict) {
    case "refused":
      return `REFUSED: ${reasonsOf(review)}.`;
    case "failed":
      return "FAILED: the preview did not come to its end.";
    case "unchanged":
      return "Nothing changes.";
    case "new":
      return `Everything is new: ${changes.length} resources. There is nothing yet that could be interrupted or lost.`;
    case "changes":
      return `May go on: ${countsOf(changes)}.`;
    default:
      return verdict satisfies never;
  }
}

/** Whether there is anything to say of what a change does. */
export const isWorthTelling = ({ verdict }: Review): boolean =>
  verdict === "changes" || verdict === "refused" || verdict === "failed";

const outageOf = ({ services, seconds }: Outage): string =>
  `${namesOf(services)} ${seconds === undefined ? "until more is done (see below)" : `for at most ${inWords(seconds)}`}`;

/** What is interrupted, and for how long, in one sentence; empty where nothing would be. */
export function outageSentence({ outages, verdict, complete }: Review): string {
  if (outages.length > 0) return `Interrupts ${outages.map(outageOf).join("; ")}.`;
  return complete && verdict !== "unchanged" && verdict !== "new" ? "Interrupts nothing." : "";
}

/** Who stops a change that could lose something. */
export function stoppedBy({ acknowledged, acknowledgeable, upStops, name }: JudgedRisk): string {
  if (acknowledged)
    return upStops === undefined
      ? "Acknowledged in the stack file: nothing stops it."
      : `Acknowledged in the stack file, but up still stops it: ${upStops}.`;
  const review = acknowledgeable
    ? `This review stops it, until the stack file acknowledges ${name}`
    : "This review stops it, whatever the stack file acknowledges";
  return upStops === undefined
    ? `${review}. Nothing else does.`
    : `${review}. So does up: ${upStops}.`;
}

const distances: Readonly<Record<Distance, string>> = {
  new: "new",
  gone: "no longer needed",
  rebuilt: "same version, built anew",
  patch: "patch",
  minor: "minor version",
  major: "major version",
  older: "an OLDER version",
  other: "another image",
};

/** How far an image is from the one before. */
export function distanceOf({ key, kind }: ImageChange): string {
  return key === "postgres" && kind === "major"
    ? "major version: refused, the database has to be dumped and restored"
    : distances[kind];
}

/** A tag, with as much of its digest as tells it from another where the tags are the same. */
export function shownImage({ before = "", after = "" }: ImageChange): [string, string] {
  const isSameTag = tagOf(before) === tagOf(after);
  const show = (reference: string): string => {
    const digest = /@sha256:([0-9a-f]{12})/.exec(reference)?.[1];
    const name = reference.split("@")[0] ?? reference;
    const tag = tagOf(reference).replace(/^([0-9a-f]{10})[0-9a-f]{30}$/, "$1");
    const isSameName = before === "" || after === "" || nameIn(before) === nameIn(after);
    const text = isSameName ? tag : name;
    return isSameTag && digest !== undefined ? `${text} (${digest}…)` : text;
  };
  return [before === "" ? "none" : show(before), after === "" ? "none" : show(after)];
}

const nameIn = (reference: string): string =>
  (reference.split("@")[0] ?? reference).slice(0, -tagOf(reference).length);

const memory = (value: Memory | undefined): string =>
  value === undefined
    ? "none"
    : `${value.limitsMb}${value.machineMb === undefined ? "" : ` of ${value.machineMb}`} MB`;

/** What the containers may use, before and after; empty where nothing is told. */
export function memorySentence({ before, after }: MemoryChange): string {
  if (after === undefined) return "";
  const [was, is] = [memory(before), memory(after)];
  if (before === undefined) return `${is}, all limits together`;
  return was === is ? `${is}, as before` : `${is}, all limits together; before: ${was}`;
}

const euros = ({ sum }: Bill): string => (sum === undefined ? "unknown" : `${sum.toFixed(2)} €`);

/** What is paid a month, before and after. */
export function costSentence({ before, after }: Costs): string {
  const [was, is] = [euros(before), euros(after)];
  const what = after.items.map(({ what: name }) => name).join(", ");
  const of = what === "" ? "" : ` (${what})`;
  if (before.items.length === 0) return `${is} a month${of}`;
  return was === is ? `${is} a month${of}, as before` : `${is} a month${of}; before: ${was}`;
}

/** Where the figures are from. */
export const costSource = `Hetzner's prices of new orders in ${hetznerPrices.location}, net of VAT, seen in ${hetznerPrices.seen}. What was ordered earlier may have another price, and prices have risen several times: look at the console before you order.`;

/** Said at the end of a review of a preview that did not come to its own. */
export const unfinished =
  "The preview did not come to its end: there may be more than is told here.";
