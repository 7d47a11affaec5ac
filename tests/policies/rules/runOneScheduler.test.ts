import { runOneScheduler } from "../../../policies/rules/runOneScheduler";
import { container } from "../../support/compliant";
import { secretValue, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const sidekiq = (name: string, ...words: readonly string[]) =>
  container(`sidekiq-${name}`, { command: ["bundle", "exec", "sidekiq", "-c", "5", ...words] });
const scheduling = sidekiq("default", "-q", "default,8", "-q", "scheduler,1");

/** A container of LinuxServer's image. */
const linuxserver = (part: string, ...envs: readonly string[]) =>
  container(part, { command: undefined, envs: ["PUID=991", secretValue("X=y"), ...envs] });
const mainOfAll = linuxserver("web", "SIDEKIQ_DEFAULT=false");
const mainOfDefault = linuxserver("web", "SIDEKIQ_DEFAULT=true");
const only = (queue: string) =>
  linuxserver(`sidekiq-${queue}`, "SIDEKIQ_ONLY=true", `SIDEKIQ_QUEUE=${queue}`);

specify(runOneScheduler, {
  passes: {
    "one process for all queues": [container("web"), sidekiq("all")],
    "one of two processes": [scheduling, sidekiq("federation", "-q", "ingress,4")],
    "a queue that is named without a weight": [sidekiq("default", "--queue", "scheduler")],
    "a process behind a shell": [
      container("sidekiq-default", {
        command: [
          "sh",
          "-c",
          'exec "$@"',
          "mail",
          "bundle",
          "exec",
          "sidekiq",
          "-q",
          "scheduler,1",
        ],
      }),
    ],
    "LinuxServer's main container": [mainOfAll, only("push")],
    "LinuxServer's container for it alone": [mainOfDefault, only("scheduler")],
    "values that are not known beside it": [
      linuxserver("web", "SIDEKIQ_DEFAULT=false", unknownValue.string),
    ],
  },
  refuses: {
    "no sidekiq": [[container("web")], "The instance has no scheduler"],
    "sidekiq for other queues": [[sidekiq("push", "-q", "push,6")], "has no scheduler"],
    "a queue with a name like it": [[sidekiq("x", "-q", "schedulers,1")], "has no scheduler"],
    "two processes with it": [
      [scheduling, sidekiq("second", "-q", "scheduler,1")],
      "instance-sidekiq-default is one of 2 that work on scheduler",
    ],
    "one with it and one for all queues": [[scheduling, sidekiq("all")], "is one of 2"],
    "LinuxServer's main container for default alone": [
      [mainOfDefault, only("push")],
      "has no scheduler",
    ],
    "LinuxServer's main container, and one for it alone": [
      [mainOfAll, only("scheduler")],
      "instance-web is one of 2 that work on scheduler",
    ],
  },
  leavesOpen: {
    "a command that is not known": [container("web", { command: unknownValue.list })],
    "variables that are not known": [
      container("web", { command: undefined, envs: unknownValue.list }),
    ],
  },
});
