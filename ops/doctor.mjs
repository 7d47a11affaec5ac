import { loadCompiled } from "../toolchain/plan.mjs";
import { command, say, UserError } from "../toolchain/report.mjs";
import { refuseUnknown, valueOf } from "./arguments.mjs";
import { openStack } from "./openStack.mjs";

/** `npm run doctor`: looks at a running instance from outside, and says what to do. Nothing is changed. */
await command(async () => {
  const args = process.argv.slice(2);
  const wishes = readWishes(args);
  const subject = await openStack(args);
  const { checksFor, examine, table } = /** @type {typeof import("./checks/examination.js")} */ (
    loadCompiled("ops/checks/examination")
  );
  const findings = await examine(checksFor(wishes), subject);
  say(table(findings));
  return findings.some(({ state }) => state === "fault") ? 1 : 0;
});

/**
 * @param {readonly string[]} args
 * @returns {{mail?: string}}
 */
function readWishes(args) {
  refuseUnknown(args, { valued: ["--mail"] });
  const mail = valueOf(args, "--mail");
  if (mail === undefined) return {};
  if (!/^[^@\s<>,;-][^@\s<>,;]*@[^@\s<>,;]+$/.test(mail))
    throw new UserError(
      "--mail needs the address to send to: npm run doctor -- --mail you@example.org",
    );
  return { mail };
}
