import { inWords, namesOf } from "./interruptions";
import { isMandatory, type Review } from "./review";
import {
  costSentence,
  costSource,
  countsOf,
  distanceOf,
  isWorthTelling,
  memorySentence,
  outageSentence,
  shownImage,
  stoppedBy,
  unfinished,
  verdictOf,
} from "./sentences";

/**
 * A text that comes out as it is written, also in a table's cell and inside of HTML: nothing in it is taken for either,
 * and by a space without width it names nobody and refers to nothing.
 */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[&<>\\`*_~[\]|]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll(/(?<!&)[@#]/g, "$&&#8203;")
    .replaceAll(/\s*\n\s*/g, "<br>");

const code = (text: string): string => `<code>${escaped(text)}</code>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Something that is shown when its title is clicked on. GitHub wants a blank line on either side of what is inside. */
const folded = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0
    ? []
    : ["", `<details><summary>${escaped(title)}</summary>`, "", ...lines, "", "</details>"];

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", `#### ${title}`, "", ...lines];

/** The address without what would end it where it stands. */
const target = (url: string): string =>
  encodeURI(url).replaceAll("(", "%28").replaceAll(")", "%29");

const link = ({ title, url }: { readonly title: string; readonly url: string }): string =>
  `[${escaped(title)}](${target(url)})`;

/** A review as a comment on a pull request: what decides comes first, and what can be looked up is folded. */
export function renderMarkdown(review: Review): string {
  const { risks, interruptions, changes, images, memory, costs, notes, violations, faults } =
    review;
  const verdict = `**${escaped(verdictOf(review))}** ${escaped(outageSentence(review))}`.trim();
  const details = isWorthTelling(review);
  const limits = memorySentence(memory);
  return [
    `### Review of ${code(review.stack)}`,
    "",
    verdict,
    ...section(
      "What kept the preview from its end",
      faults.map((fault) => `- ${escaped(fault)}`),
    ),
    ...section(
      "What could be lost",
      table(
        ["what", "how", "what to do", "stopped by"],
        risks.map((risk) => [
          `${escaped(risk.part)}<br>${code(risk.name)}`,
          escaped(risk.what),
          escaped(risk.remedy),
          escaped(stoppedBy(risk)),
        ]),
      ),
    ),
    ...section(
      "Policies",
      table(
        ["policy", "says of", "what"],
        violations.map((violation) => [
          `${isMandatory(violation) ? "**refuses**" : "warns"}: ${code(violation.policy)}`,
          code(violation.resource),
          escaped(violation.message),
        ]),
      ),
    ),
    ...section(
      "What is interrupted",
      table(
        ["because of", "away", "at most", "how"],
        interruptions.map(({ part, services, seconds, why }) => [
          escaped(part),
          escaped(namesOf(services)),
          seconds === undefined ? "" : escaped(inWords(seconds)),
          escaped(why),
        ]),
      ),
    ),
    ...section(
      "To know",
      notes.map((note) => `- ${escaped(note)}`),
    ),
    ...(details
      ? [
          ...folded(
            `What happens: ${countsOf(changes)}`,
            table(
              ["how", "what", "of it", "resource"],
              changes.map(({ how, part, name, why }) => [
                how,
                escaped(part),
                escaped(why.join(", ")),
                code(name),
              ]),
            ),
          ),
          ...folded(
            `Images: ${images.map(({ key }) => key).join(", ")}`,
            table(
              ["image", "before", "after", "how far", "to read"],
              images.map((image) => {
                const [before, after] = shownImage(image);
                return [
                  escaped(image.key),
                  code(before),
                  code(after),
                  escaped(distanceOf(image)),
                  image.links.map(link).join("<br>"),
                ];
              }),
            ),
          ),
        ]
      : []),
    ...(review.verdict === "unchanged"
      ? []
      : [
          ...(limits === "" ? [] : ["", `Memory: ${escaped(limits)}`]),
          ...(costs === undefined
            ? []
            : folded(`Cost: ${costSentence(costs)}`, [
                ...table(
                  ["when", "what", "euros a month"],
                  (["before", "after"] as const).flatMap((when) =>
                    costs[when].items.map(({ what, euros }) => [
                      when,
                      escaped(what),
                      euros?.toFixed(2) ?? "unknown",
                    ]),
                  ),
                ),
                "",
                escaped(costSource),
              ])),
        ]),
    ...(review.complete ? [] : ["", unfinished]),
  ].join("\n");
}
