import path from "node:path";
import { project } from "../toolchain/folders.mjs";
import { parseJson } from "../toolchain/json.mjs";
import { loadCompiled } from "../toolchain/plan.mjs";
import { runInForeground } from "../toolchain/processes.mjs";
import { command, say, UserError } from "../toolchain/report.mjs";
import { refuseUnknown, valueOf } from "./arguments.mjs";
import { chooseStack } from "./openStack.mjs";

/** @typedef {import("../plan/review/index.js").Values} Event as Pulumi's engine tells it */

const formats = ["text", "markdown"];

/**
 * `npm run review`: says of a change what it interrupts, what it could lose and what it costs. Nothing is changed. Its exit
 * code is 1 where the change must not be made as it is, or where the preview could not be made.
 */
await command(async () => {
  const args = process.argv.slice(2);
  const format = readFormat(args);
  const stack = await chooseStack(args);
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
  refuseUnknown(args, { valued: ["--format"] });
  const format = valueOf(args, "--format") ?? "text";
  if (!formats.includes(format))
    throw new UserError(
      `--format needs one of ${formats.join(" and ")}: npm run review -- --format markdown`,
    );
  return format;
}
