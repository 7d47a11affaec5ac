import type { Property } from "../schema";
import type { Value } from "../values";

/** Labels as every Docker resource has them. */
export const labels: Property = {
  kind: "set",
  forceNew: true,
  fields: {
    label: { kind: "string", required: true, forceNew: true },
    value: { kind: "string", required: true, forceNew: true },
  },
};

/** `[{label, value}]` as the API's map. */
export function labelMap(list: Value | undefined): Record<string, string> {
  const entries = (Array.isArray(list) ? list : []) as { label: string; value: string }[];
  return Object.fromEntries(entries.map(({ label, value }) => [label, value]));
}

/** The API's map as `[{label, value}]`. */
export function labelList(map: Readonly<Record<string, string>> | null | undefined): Value[] {
  return Object.entries(map ?? {}).map(([label, value]) => ({ label, value }));
}
