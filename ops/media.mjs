import { loadCompiled } from "../toolchain/plan.mjs";
import { runInForeground } from "../toolchain/processes.mjs";
import { command, say, UserError } from "../toolchain/report.mjs";
import { refuseUnknown } from "./arguments.mjs";
import { openStack } from "./openStack.mjs";

const withoutCacheFlag = "--without-cache";

/** `npm run media`: copies the media of an instance into its bucket, and says what comes next. It can be run again at any time. */
await command(async () => {
  const args = process.argv.slice(2);
  const withoutCache = args.includes(withoutCacheFlag);
  refuseUnknown(args, { flags: [withoutCacheFlag] });
  const { stack, config, plan, secrets, engine, shell } = await openStack(args);
  const { bucketInUse, hasBucket, mediaMove, moveFailures } =
    /** @type {typeof import("../plan/index.js")} */ (loadCompiled("plan/index"));
  const { filledIn } = /** @type {typeof import("./checks/check.js")} */ (
    loadCompiled("ops/checks/check")
  );
  if (!hasBucket(config))
    throw new UserError(
      `The stack ${stack} keeps its media on a volume, and its file names no bucket to move it to. Set media to {kind: s3, …} there, and both keys of the bucket: docs/media.md`,
    );
  const { code: asked, stdout, stderr } = await shell(bucketInUse(config), {});
  if (asked !== 0)
    throw new UserError(`The engine of the stack ${stack} does not answer: ${stderr.trim()}`);
  const inUse = stdout.trim() !== "";
  const again = `npm run media -- --stack ${stack}${withoutCache ? ` ${withoutCacheFlag}` : ""}`;
  say(`Copying the volume into the bucket ${config.media.bucket} at ${config.media.endpoint}.`);
  const { script, environment } = mediaMove(config, plan.sizing, { withoutCache, verify: inUse });
  const code = await runInForeground("sh", ["-c", script], {
    env: { ...engine, ...filledIn(environment, secrets) },
  });
  if (code === moveFailures.comparing)
    throw new UserError(
      `Something of the volume is not in the bucket yet, or differs there: it is named above. Once more: ${again}`,
    );
  if (code !== 0)
    throw new UserError(
      `Not everything was copied. What is in the bucket stays there, and the same command goes on with the rest: ${again}`,
    );
  say(
    inUse
      ? "All that is on the volume is in the bucket. The volume is kept, as a copy of that."
      : [
          "All that was on the volume is in the bucket. Next:",
          `  1. npm run pulumi -- up --stack ${stack}    (from then on new media goes into the bucket)`,
          `  2. ${again}    (copies what has come in between, and compares every file)`,
        ].join("\n"),
  );
  return 0;
});
