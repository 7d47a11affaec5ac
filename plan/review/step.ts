import { isMap } from "../isMap";

/** A map of inputs or outputs, or of an event. */
export type Values = Readonly<Record<string, unknown>>;

/** In place of a secret, of which Pulumi itself tells no more than that it is one. */
export const secret = "[secret]";

/** What a resource is before or after a change. */
export interface Snapshot {
  readonly inputs: Values;
  readonly outputs: Values;
  /** Pulumi refuses to let go of it. */
  readonly protect: boolean;
  /** It stays where it is when Pulumi lets go of it. */
  readonly retain: boolean;
}

/** What happens to one resource. */
export interface Step {
  readonly urn: string;
  readonly type: string;
  /** Its logical name. */
  readonly name: string;
  readonly change: "none" | "added" | "changed" | "replaced" | "removed";
  /** Whether the old one is gone before its successor comes. Only of what is replaced. */
  readonly goesFirst: boolean;
  /** The inputs that are other ones, or may be. */
  readonly keys: readonly string[];
  readonly before?: Snapshot;
  readonly after?: Snapshot;
}

/** A map where there is one, else an empty one. */
export const mapOf = (value: unknown): Values => (isMap(value) ? value : {});

/** A list where there is one, else an empty one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text where there is one, else an empty one. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The logical name that a URN ends with. */
export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
