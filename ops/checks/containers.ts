import { explainContainers, labelOf } from "../../plan";
import type { Check, Finding } from "./check";

const format = '{{.Label "org.joinmastodon.part"}} {{.State}} {{.Status}}';

/** Whether every container of the plan runs and is healthy. */
export const containers: Check = {
  name: "containers",
  run: async ({ config, plan, shell }) => {
    const script = `docker ps --all --filter "label=$LABEL" --format '${format}'`;
    const { code, stdout, stderr } = await shell(script, { LABEL: labelOf(config.name) });
    if (code !== 0)
      return [{ state: "fault", text: `the engine does not answer: ${stderr.trim()}` }];
    const seen = new Map(
      stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line): [string, string] => {
          const [part = "", ...status] = line.split(" ");
          return [part, status.join(" ")];
        }),
    );
    const parts = explainContainers(plan).map(({ name }) => name);
    const ill = parts.flatMap((part): Finding[] => {
      const status = seen.get(part);
      if (status === undefined) return [fault(part, "is not there")];
      return /^running .*\(healthy\)/.test(status) ? [] : [fault(part, `is not well: ${status}`)];
    });
    return ill.length > 0
      ? ill
      : [{ state: "ok", text: `${parts.length} containers run and are healthy` }];
  },
};

const fault = (part: string, what: string): Finding => ({
  state: "fault",
  text: `${part} ${what}; bring it back with \`npm run pulumi -- up --refresh\``,
});
