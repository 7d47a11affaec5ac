// What the package exports without telling its types.
import "@pulumi/policy/proxy";

declare module "@pulumi/policy/proxy" {
  /** Hands out what it is given as the runtime does: to read an unknown value throws an `UnknownValueError`. */
  export function unknownCheckingProxy<T extends object>(value: T): T;

  export class UnknownValueError extends Error {}
}
