import { UserError } from "../../toolchain/report.mjs";

/** What no stack is made from, as `paths-ignore` has it. All else may change each of them. */
const apart = [
  ".ci/**",
  ".github/**",
  ".gitignore",
  ".prettierignore",
  ".prettierrc.json",
  "README.md",
  "bench/**",
  "docs/**",
  "eslint.config.mjs",
  "jest.config.cjs",
  "renovate.json",
  "tests/**",
];

export const patternsApart = () => apart;

/**
 * The stacks that GitHub looks after, by the repository's variable STACKS.
 * @param {string | undefined} text their names, with spaces between
 * @returns {string[]}
 */
export function stacksIn(text = "") {
  const names = text.split(/[\s,]+/).filter(Boolean);
  const wrong = names.filter((name) => !/^[\w-]+$/.test(name));
  if (wrong.length > 0)
    throw new UserError(
      `The variable STACKS holds "${wrong.join(" ")}", which is no stack: set it to names with spaces between, such as "prod pi".`,
    );
  return names;
}

/**
 * @param {readonly string[]} files that a change adds, edits, moves or removes
 * @param {readonly string[]} stacks
 * @returns {string[]} those of them that it may change
 */
export function touchedBy(files, stacks) {
  const owners = files.filter((file) => !isApart(file)).map(ownerOf);
  return stacks.filter((stack) => owners.some((owner) => owner === undefined || owner === stack));
}

/** @param {string} file */
const isApart = (file) =>
  apart.some((pattern) =>
    pattern.endsWith("/**") ? file.startsWith(pattern.slice(0, -2)) : file === pattern,
  );

/**
 * @param {string} file
 * @returns {string | undefined} the stack that it belongs to; undefined where it is part of the program
 */
const ownerOf = (file) => /^Pulumi\.([\w-]+)\.(?:yaml|lock\.json)$/.exec(file)?.[1];
