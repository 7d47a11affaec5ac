import { execFileSync } from "node:child_process";
import path from "node:path";

const call = `
  const [module, name, args] = process.argv.slice(1);
  const found = await import(module);
  process.stdout.write(JSON.stringify((await found[name](...JSON.parse(args))) ?? null));
`;

type Call = (
  module: string,
  name: string,
  args: readonly unknown[],
  env?: Readonly<Record<string, string>>,
) => unknown;

/**
 * Runs an exported function of a module in `toolchain/`. Those are ES modules, which jest does not load on every Node that
 * is supported: plain Node runs them, and arguments and result travel as JSON.
 *
 * @param module file name without extension
 * @returns what the function gives back; `null` for undefined
 */
export const callToolchain: Call = (...call) => callIn("toolchain", ...call);

/** The same of a script that GitHub's runners run. */
export const callScript: Call = (...call) => callIn(".github/scripts", ...call);

function callIn(
  folder: string,
  ...[module, name, args, env = {}]: Parameters<Call>
): ReturnType<Call> {
  const file = path.join(__dirname, "../..", folder, `${module}.mjs`);
  const output = execFileSync(
    process.execPath,
    ["--input-type=module", "--eval", call, file, name, JSON.stringify(args)],
    // Its complaints are part of the error that is thrown, and no concern of who reads the tests' output.
    { encoding: "utf8", env: { ...process.env, ...env }, stdio: "pipe" },
  );
  return JSON.parse(output) as unknown;
}
