import { randomBytes } from "node:crypto";
import { readEnvironment } from "./environment";
import { TaskError, tasks } from "./migrator";
import { runScript } from "./runner";
import { serve } from "./web";

/**
 * `rails TASK…`: the database tasks one after the other, `secret`, `runner` with a script that it knows, and `s -p PORT`.
 * @throws TaskError for a task that the stand-in does not know
 */
export async function rails(args: readonly string[]): Promise<void> {
  const environment = readEnvironment(process.env);
  if (args.length === 0) throw new TaskError("Usage: bin/rails COMMAND [options]");
  if (args[0] === "runner") return runScript(args[1] ?? "");
  if (args[0] === "s" && args[1] === "-p") return serve(Number(args[2]));
  for (const name of args) {
    if (name === "secret") {
      process.stdout.write(`${randomBytes(64).toString("hex")}\n`);
      continue;
    }
    const task = tasks[name];
    if (task === undefined) {
      throw new TaskError(
        `Unrecognized command "${name}" (Rails::Command::UnrecognizedCommandError); the stand-in for Mastodon knows: secret, ${Object.keys(tasks).join(", ")}`,
      );
    }
    await task(environment);
  }
}
