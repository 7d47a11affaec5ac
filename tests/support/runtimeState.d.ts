import "@pulumi/pulumi/runtime/state";

/** What the SDK leaves out of its types, as far as the harness sets it. */
declare module "@pulumi/pulumi/runtime/state" {
  /** What the program that runs knows of its engine. */
  export function getStore(): { supportsAliasSpecs: boolean };
}
