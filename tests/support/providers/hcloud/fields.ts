import type { Property } from "../schema";
import { canonical, type Value, type Values } from "../values";

const labelValue = /^(([a-z0-9A-Z](?:[-_.]|[a-z0-9A-Z]){0,61})?[a-z0-9A-Z]$|$)/;

export const labels: Property = {
  kind: "map",
  element: {
    kind: "string",
    fault: (value: string) =>
      labelValue.test(value) ? undefined : `label value '${value}' is not correctly formatted`,
  },
};

/** Generated where it is left out. */
export const name: Property = { kind: "string" };

export const flag: Property = { kind: "bool", default: false };

/** Was removed from the API on 2026-07-01. */
export const datacenter: Property = {
  kind: "string",
  computed: true,
  fault: () =>
    "Removed Attribute: The datacenter attribute is marked for removal, you must use the location attribute instead. " +
    "See https://docs.hetzner.cloud/changelog#2026-07-01-removing-datacenters.",
};

/** Whether a property differs, where nothing, a zero and something empty are one. */
export function changed(old: Values, planned: Values, key: string): boolean {
  return canonical(content(old[key])) !== canonical(content(planned[key]));
}

function content(value: Value | undefined): Value {
  const empty = value === undefined || value === "" || value === 0 || value === false;
  return empty || canonical(value) === "{}" || canonical(value) === "[]" ? null : value;
}

/** The labels for a request. */
export function labelsOf(planned: Values): Value {
  return planned["labels"] ?? {};
}

/** What of the name and the labels an update has to send, in the order of the original: one request each. */
export function renames(old: Values, planned: Values): object[] {
  return [
    ...(changed(old, planned, "name") ? [{ name: planned["name"] }] : []),
    ...(changed(old, planned, "labels") ? [{ labels: labelsOf(planned) }] : []),
  ];
}
