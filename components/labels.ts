import type { Input } from "@pulumi/pulumi";

/** Labels in the shape that the provider takes them, sorted as it returns them. */
export function dockerLabels(
  labels: Readonly<Record<string, Input<string>>>,
): { label: string; value: Input<string> }[] {
  return Object.entries(labels)
    .map(([label, value]) => ({ label, value }))
    .sort((left, right) => left.label.localeCompare(right.label));
}
