import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseJson } from "../../toolchain/json.mjs";

const {
  RUNNER_TEMP: folder = "",
  GITHUB_OUTPUT: outputs = "",
  GITHUB_STEP_SUMMARY: summary = "",
} = process.env;

/** @param {string} name */
const fileOf = (name) => path.join(folder, `${name}.json`);

/**
 * Keeps what one step found for a later one: the step that has the keys to a stack has none to GitHub.
 * @param {string} name
 * @param {unknown} value
 */
export const keep = (name, value) => writeFile(fileOf(name), JSON.stringify(value));

/**
 * @param {string} name
 * @returns {Promise<unknown>}
 */
export const kept = async (name) => parseJson(await readFile(fileOf(name), "utf8"));

/**
 * Sets an output of the step.
 * @param {string} name
 * @param {string} value of one line
 */
export const output = (name, value) => appendFile(outputs, `${name}=${value}\n`);

/**
 * Shows Markdown on the page of the workflow's run.
 * @param {string} markdown
 */
export const show = (markdown) => appendFile(summary, `${markdown}\n`);

/** Where that page is. */
export const runAddress = () => {
  const {
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: id,
  } = process.env;
  return `${server}/${repository}/actions/runs/${id}`;
};
