import { machineMb } from "./deployed";
import { types } from "./parts";
import type { Step } from "./step";

/** What the containers may use together, and what there is, in MB. */
export interface Memory {
  readonly limitsMb: number;
  /** Absent where it is not told. */
  readonly machineMb?: number;
}

export interface MemoryChange {
  /** Absent where nothing ran before. */
  readonly before?: Memory;
  readonly after?: Memory;
}

function memoryIn(steps: readonly Step[], when: "before" | "after"): Memory | undefined {
  const limits = steps.flatMap((step) => {
    const memory = step.type === types.container ? step[when]?.inputs["memory"] : undefined;
    return typeof memory === "number" ? [memory] : [];
  });
  if (limits.length === 0) return undefined;
  const machine = machineMb(steps, when);
  return {
    limitsMb: limits.reduce((sum, each) => sum + each, 0),
    ...(machine === undefined ? {} : { machineMb: machine }),
  };
}

/** The limits of all containers, before and after. */
export function memoryOf(steps: readonly Step[]): MemoryChange {
  const [before, after] = [memoryIn(steps, "before"), memoryIn(steps, "after")];
  return {
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
