import { unknownCheckingProxy, UnknownValueError } from "@pulumi/policy";

/** What stands for a value that only the update will know. */
export const unknown = Symbol("unknown until the update");

/**
 * Reads what a preview may not know yet. A rule that reads it in any other way is ended by the runtime, which then says
 * that the rule could not be judged: so nothing passes that was not looked at.
 */
export function orUnknown<T>(read: () => T): T | typeof unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValueError) return unknown;
    throw error;
  }
}

/** The elements of a list, each of which may be unknown by itself. */
export const elements = <T>(list: readonly T[] = []): (T | typeof unknown)[] =>
  Array.from({ length: list.length }, (_, index) => orUnknown(() => list[index] as T));

/** Whether a value that was read past the runtime's proxies stands for an unknown one. */
export const isUnknown = (value: unknown): boolean =>
  orUnknown(() => unknownCheckingProxy({ value }).value) === unknown;
