import { containerRule } from "../container";

/** A log that only grows fills the disk that the database writes to. */
export const rotateLogs = containerRule({
  name: "rotate-logs",
  demands: "Every container keeps a log, of which the oldest part is given up in time.",
  remedy: "set logDriver to json-file or local, and max-size and max-file in logOpts",
  severity: "medium",
  parameters: {},
  faults: ({ logDriver = "", logOpts = {} }) => [
    ...(["json-file", "local"].includes(logDriver)
      ? []
      : [
          `keeps its log where nothing is said of its size (${logDriver || "the engine's choice"})`,
        ]),
    ...["max-size", "max-file"]
      .filter((option) => logOpts[option] === undefined)
      .map((option) => `has a log that only grows (no ${option})`),
  ],
});
