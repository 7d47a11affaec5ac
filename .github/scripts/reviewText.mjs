import { verbatim } from "./markdown.mjs";

/**
 * @typedef {object} StackReview
 * @property {string} stack
 * @property {number} code exit code of `npm run review`: 0 where the change may go on
 * @property {string} report Markdown, with a heading of its own; empty where none came about
 * @property {string} [lock] what the stack's lock file is to hold after the change, where that is new
 */

/** What the comment begins with, by which it is found again. */
export const marker = "<!-- review of the stacks -->";

/** GitHub takes 65,536 characters. */
const longest = 60_000;

/**
 * The reviews of all stacks, as one text. Of one that is too long for a comment, what is folded away is left out.
 * @param {readonly StackReview[]} reviews
 * @param {{commit: string, page: string, most?: number}} about `page`: of the workflow's run, with the whole text;
 *   `most`: characters, default: what a comment can hold
 * @returns {string} Markdown
 */
export function reviewText(reviews, { commit, page, most = longest }) {
  const compose = (/** @type {(report: string) => string} */ shorten) =>
    [
      marker,
      ...(reviews.length === 0 ? ["This change touches no stack."] : []),
      ...reviews.map((review) => section(review, page, shorten)),
      `Of commit ${commit}, by [this run](${page}).`,
    ].join("\n\n");
  const whole = compose((report) => report);
  if (whole.length <= most) return whole;
  const short = compose(
    (report) => `${unfolded(report)}\n\nThe rest is too long for here: [read it there](${page}).`,
  );
  return short.length <= most
    ? short
    : `${marker}\n\nThe review is too long for here: [read it there](${page}).`;
}

/**
 * @param {StackReview} review
 * @param {string} page
 * @param {(report: string) => string} shorten
 * @returns {string}
 */
function section({ stack, code, report, lock }, page, shorten) {
  const text = report.trim();
  const lost = `### Review of \`${stack}\`\n\nIt could not be made (exit code ${code}): [the log](${page}) says why.`;
  return [
    text === "" ? lost : shorten(text),
    ...(lock === undefined
      ? []
      : [
          `\`Pulumi.${stack}.lock.json\` is to hold this. Commit it with the change, so that what was reviewed is what will run:`,
          verbatim(lock),
        ]),
  ].join("\n\n");
}

/** @param {string} report */
const unfolded = (report) => report.split("<details")[0]?.trimEnd() ?? report;

/**
 * What to do about the comment: there is to be one, and none where nothing was ever to be said.
 * @param {readonly StackReview[]} reviews
 * @param {import("./github.mjs").Comment | undefined} comment the one that is there
 * @returns {"create" | "edit" | "nothing"}
 */
export function decideComment(reviews, comment) {
  if (comment !== undefined) return "edit";
  return reviews.length === 0 ? "nothing" : "create";
}
