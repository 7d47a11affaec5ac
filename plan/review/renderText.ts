import { aligned } from "../aligned";
import type { Change, Review } from "./review";
import { isMandatory } from "./review";
import {
  costSentence,
  costSource,
  distanceOf,
  isWorthTelling,
  memorySentence,
  outageSentence,
  shownImage,
  stoppedBy,
  unfinished,
  verdictOf,
} from "./sentences";
import { inWords, namesOf } from "./interruptions";

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];

const changeRow = ({ how, part, name, why }: Change): string[] => [
  how,
  part,
  `(${name})`,
  why.join(", "),
];

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ");

/** A review as people read it in a terminal. */
export function renderText(review: Review): string {
  const { stack, risks, interruptions, changes, images, memory, costs, notes, violations, faults } =
    review;
  const head = [`${stack}: ${verdictOf(review)}`, outageSentence(review)].filter(
    (line) => line !== "",
  );
  const details = isWorthTelling(review);
  return [
    ...head,
    ...section(
      "What kept the preview from its end",
      faults.flatMap((fault) => fault.split("\n")),
    ),
    ...section(
      "What could be lost",
      risks.flatMap((risk) => [
        `${risk.part} (${risk.name})`,
        ...[risk.what, `To do: ${risk.remedy}.`, stoppedBy(risk)].map((line) => `  ${line}`),
      ]),
    ),
    ...section(
      "Policies",
      violations.map(
        (violation) =>
          `${isMandatory(violation) ? "refuses" : "warns"}: ${violation.policy}, of ${violation.resource}: ${oneLine(violation.message)}`,
      ),
    ),
    ...section(
      "What is interrupted",
      interruptions.flatMap(({ part, services, seconds, why }) => [
        `${part}: ${namesOf(services)}${seconds === undefined ? "" : `, at most ${inWords(seconds)}`}`,
        `  ${why}.`,
      ]),
    ),
    ...section("To know", notes),
    ...(details
      ? [
          ...section("What happens", aligned(changes.map(changeRow))),
          ...section(
            "Images",
            images.flatMap((image) => {
              const [before, after] = shownImage(image);
              return [
                `${image.key}: ${before} → ${after}, ${distanceOf(image)}`,
                ...image.links.map(({ title, url }) => `  ${title}: ${url}`),
              ];
            }),
          ),
        ]
      : []),
    ...(review.verdict === "unchanged"
      ? []
      : [
          ...section(
            "Memory",
            [memorySentence(memory)].filter((line) => line !== ""),
          ),
          ...section("Cost", costs === undefined ? [] : [costSentence(costs), costSource]),
        ]),
    ...(review.complete ? [] : ["", unfinished]),
  ].join("\n");
}
