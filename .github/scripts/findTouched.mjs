import { command, say } from "../../toolchain/report.mjs";
import { list } from "./github.mjs";
import { output } from "./results.mjs";
import { stacksIn, touchedBy } from "./stacks.mjs";

/** Which stacks the pull request PULL_REQUEST may change: the output `stacks`, their names with spaces between. */
await command(async () => {
  const { PULL_REQUEST: number, STACKS: names } = process.env;
  /** @type {{filename: string, previous_filename?: string}[]} */
  const changes = await list(`/pulls/${number}/files`);
  const files = changes.flatMap(({ filename, previous_filename: former }) =>
    former === undefined ? [filename] : [filename, former],
  );
  const touched = touchedBy(files, stacksIn(names));
  say(`Of ${files.length} files changed. Stacks: ${touched.join(", ") || "none"}`);
  await output("stacks", touched.join(" "));
  return 0;
});
