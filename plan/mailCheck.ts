import type { Config } from "./configSchema";
import type { Environment } from "./environmentValue";
import { runMastodon, withRunningImage, type JobSpec } from "./jobs";
import { mailEnvironment } from "./mail";
import { mailScript } from "./mailScript";
import type { Sizing } from "./sizing";

/** A failure is told together with its script, in which the sentence would be lost: so this one is in a variable. */
const conversation = (config: Config): Environment => ({
  ...mailEnvironment(config),
  MAIL_SCRIPT: mailScript,
});

const speak = (config: Config, sizing: Sizing, part: string, environment: Environment): string =>
  runMastodon(config, sizing, {
    part,
    // As sidekiq, which sends all mail: a way out, and none to the database.
    network: "egress",
    environment,
    command: ["sh", "-c", 'exec bundle exec ruby -e "$MAIL_SCRIPT"'],
  });

/** Whoever has to change something while the mail service is away has a way past the question. */
const wayOut = `{ echo 'To go on all the same, set smtp.check: false in the stack file; mail will wait in its queue.' >&2; exit 1; }`;

/**
 * The mail servers are asked before anything of the instance is changed, and again when a setting, a password or
 * Mastodon's image is another one. No mail is sent. Nothing, where mail does not leave the machine, or the stack file
 * says so.
 */
export function mailCheck(config: Config, sizing: Sizing): JobSpec[] {
  if (config.smtp?.check !== true) return [];
  const part = "mail";
  const environment = conversation(config);
  return [
    {
      part,
      script: `set -eu\n${speak(config, sizing, part, environment)} || ${wayOut}`,
      environment,
      followsImage: true,
      progress: true,
    },
  ];
}

/**
 * Asks the same of a running instance's host, by the image that runs there; and sends one mail by each of the servers,
 * where `SEND_TO` says to whom. It may be empty.
 */
export function mailTest(config: Config, sizing: Sizing): Pick<JobSpec, "script" | "environment"> {
  const environment: Environment = { ...conversation(config), SEND_TO: "" };
  return {
    script: withRunningImage(config, speak(config, sizing, "mail-test", environment)),
    environment,
  };
}
