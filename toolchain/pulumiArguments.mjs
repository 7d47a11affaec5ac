/** Pulumi's flags that take their value as the next argument and may come before a command's name. */
const withValue = new Set([
  "-s",
  "--stack",
  "-C",
  "--cwd",
  "--color",
  "-v",
  "--verbose",
  "--tracing",
  "--profiling",
  "--memprofilerate",
]);

/**
 * What the arguments for Pulumi ask for.
 * @param {readonly string[]} args
 * @returns {{name: string | undefined, stack: string | undefined}} the command, and the stack if one is named
 */
export function parseArguments(args) {
  const at = args.findIndex(
    (arg, index) => !arg.startsWith("-") && !withValue.has(args[index - 1] ?? ""),
  );
  const flag = args.findIndex((arg) => /^(-s|--stack)(=|$)/.test(arg));
  const value = args[flag]?.includes("=") ? args[flag].split("=")[1] : args[flag + 1];
  return { name: args[at], stack: flag < 0 ? undefined : value };
}
