import { URLSearchParams } from "node:url";
import { UserError } from "../../toolchain/report.mjs";

const {
  GITHUB_API_URL: api = "https://api.github.com",
  GITHUB_REPOSITORY: repository = "",
  GITHUB_TOKEN: token = "",
} = process.env;

const pageSize = 100;

/**
 * Asks GitHub's API about the repository that the workflow runs in: https://docs.github.com/rest
 * @param {string} method
 * @param {string} place below the repository
 * @param {object} [body]
 * @returns {Promise<unknown>} the answer; undefined where there is no such thing
 */
export async function ask(method, place, body) {
  const answer = await fetch(`${api}/repos/${repository}${place}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (answer.status === 404 && method === "GET") return undefined;
  if (answer.ok) return answer.json();
  throw new UserError(
    `GitHub refuses ${method} ${place} with ${answer.status}: ${await answer.text()}`,
  );
}

/**
 * @template T
 * @param {string} place a list, without a query of its own
 * @param {Record<string, string>} [query]
 * @returns {Promise<T[]>} all that is on it
 */
export async function list(place, query = {}) {
  /** @type {T[]} */
  const found = [];
  for (let page = 1; ; page += 1) {
    const asked = new URLSearchParams({
      ...query,
      per_page: String(pageSize),
      page: String(page),
    });
    const answer = /** @type {T[] | undefined} */ (
      await ask("GET", `${place}?${asked.toString()}`)
    );
    found.push(...(answer ?? []));
    if ((answer ?? []).length < pageSize) return found;
  }
}

/** Who writes with the token of a workflow. What others wrote is never taken for it, whatever it says. */
const author = "github-actions[bot]";

/**
 * @typedef {{id: number, body: string | null, user: {login: string} | null}} Comment
 * @typedef {Comment & {number: number, pull_request?: object}} Issue
 */

/**
 * @template {Comment} T
 * @param {readonly T[]} texts in the order in which they were written
 * @param {string} marker what the body begins with, and its readers do not see
 * @returns {T | undefined} the first of them that a workflow has written under that marker
 */
export const findOwn = (texts, marker) =>
  texts.find(({ body, user }) => user?.login === author && body?.startsWith(marker) === true);
