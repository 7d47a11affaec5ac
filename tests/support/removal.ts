import path from "node:path";
import { run, type Result } from "./commands";
import { projectFolder } from "./projectFolder";

const call = `
  const [folder, module, name, deployment] = process.argv.slice(1);
  await (await import(folder + "/compile.mjs")).compile();
  const found = await import(folder + "/" + module);
  await found[name](JSON.parse(deployment), process.env);
`;

/**
 * Has a module of `toolchain/` remove what a killed run left at a provider. Beside this process, in which the provider's
 * double answers.
 *
 * @param env beside this process's own
 */
export const removeLeft = (
  module: "cloudflare.mjs" | "hetzner.mjs",
  name: string,
  deployment: object,
  env: NodeJS.ProcessEnv,
): Promise<Result> =>
  run(
    process.execPath,
    [
      ...["--input-type=module", "--eval", call, path.join(projectFolder, "toolchain")],
      ...[module, name, JSON.stringify(deployment)],
    ],
    { env: { ...process.env, ...env } },
  );
