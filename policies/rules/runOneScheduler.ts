import { Container } from "@pulumi/docker/container";
import { variablesOf } from "../container";
import { define, type Rule } from "../rule";
import { elements, unknown } from "../unknown";

const { policy, message } = define({
  name: "run-one-scheduler",
  demands: "Exactly one process works on the queue scheduler.",
  remedy: "give the queue scheduler to one entry of mastodon:sidekiq, and to one alone",
  severity: "high",
  parameters: {},
});

interface Process {
  readonly command?: readonly string[] | undefined;
  readonly envs?: readonly string[] | undefined;
}

/** Whether a container works on a queue: told by its command, or its image's variables where it has none. */
function works(process: Process): boolean {
  const words = elements(process.command).filter((word) => word !== unknown);
  if (words.length === 0) return worksByItself(variablesOf(process.envs));
  if (!words.includes("sidekiq")) return false;
  const queues = words.filter((_, index) => ["-q", "--queue"].includes(words[index - 1] ?? ""));
  // Told of no queue, sidekiq works on all of them.
  return queues.length === 0 || queues.some((queue) => /^scheduler(,|$)/.test(queue));
}

/** LinuxServer's image: in the main container all queues or `default`, in others the one that is named. */
function worksByItself(variables: ReadonlyMap<string, string>): boolean {
  if (!variables.has("PUID")) return false;
  return variables.get("SIDEKIQ_ONLY") === "true"
    ? variables.get("SIDEKIQ_QUEUE") === "scheduler"
    : variables.get("SIDEKIQ_DEFAULT") !== "true";
}

/** None, and nothing is cleared up or sent at its time; two, and it is done twice. */
export const runOneScheduler: Rule = {
  ...policy,
  validateStack: ({ resources }, report) => {
    const schedulers = resources.filter((resource) => {
      const container = resource.asType(Container);
      return container !== undefined && works(container);
    });
    if (schedulers.length === 0) report(message("The instance", "has no scheduler"));
    if (schedulers.length > 1)
      for (const { name, urn } of schedulers)
        report(message(name, `is one of ${schedulers.length} that work on scheduler`), urn);
  },
};
