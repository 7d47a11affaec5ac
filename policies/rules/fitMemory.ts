import { Container } from "@pulumi/docker/container";
import { define, type Rule } from "../rule";
import { machineOf } from "../stack";

const { policy, read, message } = define<{ readonly memoryMb: number }>({
  name: "fit-memory",
  demands: "All containers together may use no more memory than their machine has.",
  remedy: "take a larger machine, or less of sidekiq, or name the memory that there is in sizing",
  severity: "high",
  from: ["OWASP 7"],
  parameters: {
    memoryMb: {
      description: "The memory of the machine in MB; 0: as the program found it.",
      type: "integer",
      minimum: 0,
      default: 0,
    },
  },
});

/** Limits that do not fit are none: the kernel then ends whichever process it likes. */
export const fitMemory: Rule = {
  ...policy,
  validateStack: (args, report) => {
    const limits = args.resources.flatMap((resource) => resource.asType(Container)?.memory ?? []);
    if (limits.length === 0) return;
    const wanted = limits.reduce((sum, limit) => sum + limit, 0);
    const there = read(args).memoryMb || machineOf(args.resources).memoryMb;
    if (there === undefined)
      report(message("The instance", "does not say how much memory its machine has"));
    else if (wanted > there)
      report(message("The instance", `may use ${wanted} MB, and its machine has ${there}`));
  },
};
