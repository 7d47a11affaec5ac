import { spawn } from "node:child_process";
import { CommandError } from "./commandError";
import { BootError } from "./environment";
import { messageOf } from "./log";
import { TaskError } from "./migrator";
import { rails } from "./rails";
import { sidekiq } from "./sidekiq";
import { tootctl } from "./tootctl";
import { web } from "./web";

type Command = (args: readonly string[]) => Promise<void>;

/** Ruby itself is no double: the image holds the libraries by which Mastodon sends mail and stores media. */
const ruby: Command = (args) =>
  new Promise((resolve, reject) => {
    const child = spawn("ruby", args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });

const commands: Readonly<Record<string, Command>> = {
  ruby,
  puma: web,
  sidekiq,
  rails,
  rake: rails,
  tootctl,
};

/** `bundle exec COMMAND …`: what the images' launchers all end in. A command in a single word is taken apart, as by a shell. */
async function main([verb, ...words]: readonly string[]): Promise<void> {
  const [name = "", ...args] = words.length === 1 ? (words[0] ?? "").split(/\s+/) : words;
  const command = commands[name.replace(/^(\.\/)?bin\//, "")];
  if (verb !== "exec" || command === undefined) {
    throw new BootError(
      `bundler: command not found: ${name} (the stand-in for Mastodon knows ${Object.keys(commands).join(", ")})`,
    );
  }
  await command(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const known =
    error instanceof BootError || error instanceof TaskError || error instanceof CommandError;
  const origin = known || !(error instanceof Error) ? "" : `${error.name}: `;
  process.stderr.write(`${origin}${messageOf(error)}\n`);
  process.exit(1);
});
