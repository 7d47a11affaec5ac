import path from "node:path";
import { compile } from "../toolchain/compile.mjs";
import { project } from "../toolchain/folders.mjs";
import { parseJson } from "../toolchain/json.mjs";
import { loadCompiled } from "../toolchain/plan.mjs";
import { runInForeground } from "../toolchain/processes.mjs";
import { parseArguments } from "../toolchain/pulumiArguments.mjs";
import { command, say, UserError } from "../toolchain/report.mjs";
import { defaultStack, hasStackFile, rehearsalStack } from "../toolchain/stack.mjs";
import { ensurePackages } from "../toolchain/workspace.mjs";

/** @typedef {import("../plan/review/index.js").Values} Event as Pulumi's engine tells it */

const formats = ["text", "markdown"];

/**
 * `npm run review`: says of a change what it interrupts, what it could lose and what it costs. Nothing is changed. Its exit
 * code is 1 where the change must not be made as it is, or where the preview could not be made.
 */
await command(async () => {
  const args = process.argv.slice(2);
  const format = readFormat(args);
  const { stack = defaultStack } = parseArguments(["", ...args]);
  if (stack !== rehearsalStack && !(await hasStackFile(stack)))
    throw new UserError(
      `There is no Pulumi.${stack}.yaml. Name a stack that has one: npm run review -- --stack dev`,
    );
  await ensurePackages();
  await compile();
  const events = await preview(stack);
  if (events.length === 0)
    throw new UserError("There is no preview to review: the reason is above.");
  const { mayGoOn, readPreview, renderMarkdown, renderText, reviewOf } =
    /** @type {typeof import("../plan/review/index.js")} */ (loadCompiled("plan/review/index"));
  const review = reviewOf(stack, readPreview(events));
  say(format === "markdown" ? renderMarkdown(review) : renderText(review));
  return mayGoOn(review) ? 0 : 1;
});

/**
 * Makes the preview that `npm run pulumi -- preview` makes, policies included. What else that command says, it says on
 * standard error: the report alone is on standard output.
 * @param {string} stack
 * @returns {Promise<Event[]>} none where it did not come to make one
 */
async function preview(stack) {
  /** @type {Event[]} */
  const events = [];
  const script = path.join(project, "toolchain/pulumi.mjs");
  await runInForeground(
    process.execPath,
    [script, "preview", "--json", "--non-interactive", "--stack", stack],
    {
      env: { ...process.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
      onLine: (line) => {
        const event = eventIn(line);
        if (event === undefined) process.stderr.write(`${line}\n`);
        else events.push(event);
      },
    },
  );
  return events;
}

/**
 * @param {string} line
 * @returns {Event | undefined}
 */
function eventIn(line) {
  try {
    return line.startsWith("{") ? /** @type {Event} */ (parseJson(line)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {readonly string[]} args
 * @returns {string}
 */
function readFormat(args) {
  const known = /^(--stack|-s|--format)(=|$)/;
  const takesNext = /^(--stack|-s|--format)$/;
  const unknown = args.filter(
    (arg, index) => !known.test(arg) && !takesNext.test(args[index - 1] ?? ""),
  );
  if (unknown.length > 0)
    throw new UserError(`${unknown.join(" ")} is not known here. Known: --stack, --format.`);
  const at = args.findIndex((arg) => /^--format(=|$)/.test(arg));
  if (at < 0) return "text";
  const given = args[at] ?? "";
  const format = given.includes("=") ? given.slice("--format=".length) : (args[at + 1] ?? "");
  if (!formats.includes(format))
    throw new UserError(
      `--format needs one of ${formats.join(" and ")}: npm run review -- --format markdown`,
    );
  return format;
}
