import { localDomain } from "../config";
import type { Identity } from "../identity";
import { types } from "./parts";
import { type Preview } from "./preview";
import { mapOf, textOf, type Snapshot, type Step } from "./step";

/** A value that is to be another one. */
export interface Replaced {
  readonly before: string;
  readonly after: string;
}

const instanceOf = (steps: readonly Step[]): Step | undefined =>
  steps.find(({ type }) => type === "mastodon:index:Instance");

/** What the program tells of the instance as a whole, in the state and in the preview. */
const told = (steps: readonly Step[], when: "before" | "after"): Snapshot["outputs"] =>
  instanceOf(steps)?.[when]?.outputs ?? {};

/** The names that other servers know the instance by, as the resource holds them that stands for them. */
const identity = (steps: readonly Step[], key: keyof Identity, when: "before" | "after"): string =>
  textOf(mapOf(steps.find(({ type }) => type === types.identity)?.[when]?.inputs["keepers"])[key]);

function replaced(before: string, after: string): Replaced | undefined {
  return before === "" || after === "" || before === after ? undefined : { before, after };
}

/** The memory of the machine in MB, as the program has found it. */
export function machineMb(steps: readonly Step[], when: "before" | "after"): number | undefined {
  const value = told(steps, when)["memoryMb"];
  return typeof value === "number" ? value : undefined;
}

/** Where uploads are kept, where that is to be another place. */
export const changedMedia = ({ steps }: Preview): Replaced | undefined =>
  replaced(textOf(told(steps, "before")["mediaPlace"]), textOf(told(steps, "after")["mediaPlace"]));

/** The name under which people browse, as the last deployment told it and as the stack file now says. */
function changedAddress({ steps, config }: Preview): Replaced | undefined {
  const stack = steps.find(({ type }) => type === "pulumi:pulumi:Stack");
  const url = textOf(stack?.before?.outputs["url"]);
  const set = [config["mastodon:webDomain"], config["mastodon:domain"]].find(
    (name) => name !== undefined && name !== "",
  );
  return URL.canParse(url) ? replaced(new URL(url).hostname, set ?? localDomain) : undefined;
}

/**
 * The domain, where it is to be another one; also that under which people browse, which can no more change. Where the
 * preview came not far enough to tell, by the address that the state holds.
 */
export function changedDomain(preview: Preview): Replaced | undefined {
  const { steps } = preview;
  return (
    replaced(identity(steps, "domain", "before"), identity(steps, "domain", "after")) ??
    replaced(identity(steps, "webDomain", "before"), identity(steps, "webDomain", "after")) ??
    changedAddress(preview)
  );
}

/** Whether there is an instance already, so that what is new beside it may take the place of something. */
export const isDeployed = (steps: readonly Step[]): boolean =>
  steps.some(({ type, before }) => type === types.container && before !== undefined);
