import { verbatim } from "./markdown.mjs";

/**
 * @typedef {object} Drift
 * @property {string} stack
 * @property {"none" | "drift" | "unknown"} state `unknown`: it could not be compared
 * @property {string} text what Pulumi printed
 */

/** The label of the issue, by which it is looked for. */
export const label = "drift";

/** What the issue begins with. */
export const marker = "<!-- drift of the stacks -->";

export const title = "What runs is not what the stack files say";

/** GitHub takes 65,536 characters for an issue. */
const longest = 50_000;

/** Pulumi's sentence where `--expect-no-changes` found one. Any other failure says nothing about drift. */
const changed = /^error: no changes were expected\b.* but changes were proposed$/m;

/**
 * @param {string} stack
 * @param {import("../../toolchain/processes.mjs").Finished} finished `pulumi preview --expect-no-changes`
 * @returns {Drift}
 */
export function driftIn(stack, { code, stdout, stderr }) {
  const text = [stdout, stderr].map((each) => each.trim()).join("\n");
  return { stack, state: code === 0 ? "none" : changed.test(text) ? "drift" : "unknown", text };
}

/**
 * What to do about the issue: there is one as long as there is drift. One that is open stays as it is while something
 * could not be compared.
 * @param {readonly Drift[]} found
 * @param {import("./github.mjs").Issue | undefined} issue the open one
 * @returns {"create" | "edit" | "close" | "nothing"}
 */
export function decideIssue(found, issue) {
  if (found.some(({ state }) => state === "drift")) return issue === undefined ? "create" : "edit";
  const isKnown = found.every(({ state }) => state === "none");
  return issue !== undefined && isKnown ? "close" : "nothing";
}

/**
 * @param {readonly Drift[]} found
 * @param {string} page of the workflow's run
 * @returns {string} Markdown
 */
export function driftText(found, page) {
  const drifted = found.filter(({ state }) => state === "drift");
  const each = Math.floor(longest / Math.max(1, drifted.length));
  return [
    marker,
    [
      "Something was changed by hand, or a merged change has not been deployed. This is what the next `up` would do.",
      "It would put back what was changed by hand; what is to stay belongs in the stack file.",
      `As seen by [this run](${page}). The issue is closed once there is no difference any more.`,
    ].join("\n"),
    ...drifted.map(({ stack, text }) => `## Stack \`${stack}\`\n\n${verbatim(text, each)}`),
  ].join("\n\n");
}
