import { command, UserError } from "../../toolchain/report.mjs";
import { ask, findOwn, list } from "./github.mjs";
import { kept, runAddress, show } from "./results.mjs";
import { decideComment, marker, reviewText } from "./reviewText.mjs";

/**
 * Shows the kept reviews on the page of the run and, where PULL_REQUEST has the number of one, as a comment there: the one
 * that it has already is edited. Ends with 1 where a change is refused, or could not be reviewed.
 */
await command(async () => {
  const { PULL_REQUEST: number, COMMIT: commit = "", TOUCHED: touched } = process.env;
  const reviews =
    touched === ""
      ? []
      : /** @type {import("./reviewText.mjs").StackReview[]} */ (await kept("reviews"));
  const about = { commit, page: runAddress() };
  await show(reviewText(reviews, { ...about, most: Infinity }));
  if (number) await comment(number, reviews, reviewText(reviews, about));
  const refused = reviews.filter(({ code }) => code !== 0).map(({ stack }) => stack);
  if (refused.length > 0)
    throw new UserError(`Not to go on as it is: ${refused.join(", ")}. ${about.page} says why.`);
  return 0;
});

/**
 * @param {string} number
 * @param {readonly import("./reviewText.mjs").StackReview[]} reviews
 * @param {string} body
 */
async function comment(number, reviews, body) {
  /** @type {import("./github.mjs").Comment[]} */
  const comments = await list(`/issues/${number}/comments`);
  const own = findOwn(comments, marker);
  switch (decideComment(reviews, own)) {
    case "create":
      return ask("POST", `/issues/${number}/comments`, { body });
    case "edit":
      return ask("PATCH", `/issues/comments/${own?.id}`, { body });
    case "nothing":
      return undefined;
  }
}
