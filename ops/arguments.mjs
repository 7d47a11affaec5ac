import { UserError } from "../toolchain/report.mjs";

/** What every command of this folder takes: the stack that it is about. */
const ofStack = ["--stack", "-s"];

/**
 * Refuses what a command does not know, all of it at once.
 * @param {readonly string[]} args
 * @param {{valued?: readonly string[], flags?: readonly string[]}} own what the command takes beside its stack; `valued`:
 *   with a value, in the next argument or behind a `=`
 */
export function refuseUnknown(args, { valued = [], flags = [] }) {
  const withValue = [...ofStack, ...valued];
  const unknown = args.filter(
    (arg, index) =>
      !flags.includes(arg) &&
      !withValue.some((name) => arg === name || arg.startsWith(`${name}=`)) &&
      !withValue.includes(args[index - 1] ?? ""),
  );
  if (unknown.length === 0) return;
  const known = ["--stack", ...valued, ...flags].join(", ");
  throw new UserError(`${unknown.join(" ")} is not known here. Known: ${known}.`);
}

/**
 * @param {readonly string[]} args
 * @param {string} name
 * @returns {string | undefined} its value, empty where it has none; undefined where the argument is not given
 */
export function valueOf(args, name) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return args[at] === name ? (args[at + 1] ?? "") : args[at]?.slice(name.length + 1);
}
