import { compile } from "./compile.mjs";
import { destroy } from "./destroy.mjs";
import { findEngine } from "./docker.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { ensureCli } from "./cli.mjs";
import { ensurePlugins, pluginHost } from "./plugins.mjs";
import { policyArguments } from "./policies.mjs";
import { run, runInForeground } from "./processes.mjs";
import { recover } from "./recover.mjs";
import { openRehearsal, rehearsalEnv } from "./rehearsal.mjs";
import { command, labelMessages, UserError } from "./report.mjs";
import { ensurePackages, openWorkspace } from "./workspace.mjs";
import {
  defaultStack,
  ensureStack,
  hasStackFile,
  isInUse,
  rehearsalStack,
  stackFileOf,
  writeStackFile,
} from "./stack.mjs";
import { parseArguments } from "./pulumiArguments.mjs";

/** Commands that run the program or change what it made: these need plugins, and the state in order. */
const deploying = ["up", "update", "preview", "refresh", "destroy", "import", "watch"];

/** Commands that only make sense on a stack. */
const onStack = [...deploying, "config", "cancel", "state", "logs", "console", "stack"];

await command(async () => {
  const args = process.argv.slice(2);
  const { name, stack: named } = parseArguments(args);
  if (name === "login" || name === "logout") return logIn(args);
  await ensurePackages();
  const workspace = await openWorkspace();
  if (!name || !onStack.includes(name))
    return runInForeground("pulumi", args, { env: workspace.env });
  const stack = named ?? (await currentStack(workspace));
  const env = {
    ...(stack === rehearsalStack ? rehearsalEnv(workspace.env) : workspace.env),
    ...(named ? {} : { PULUMI_STACK: stack }),
  };
  if (workspace.own && (await hasStackFile(stack))) await ensureStack(env, stack);
  if (!deploying.includes(name)) return runInForeground("pulumi", args, { env });
  return deploy({ ...workspace, env }, name, stack, args);
});

/**
 * @param {import("./workspace.mjs").Workspace} workspace
 * @param {string} name of the command
 * @param {string} stack
 * @param {string[]} args
 * @returns {Promise<number>}
 */
async function deploy(workspace, name, stack, args) {
  await compile();
  const found = await findEngine();
  // Without one, the program itself says so: not every stack runs on this machine's.
  const env = { ...workspace.env, ...("engine" in found && { DOCKER_HOST: found.engine.host }) };
  const rehearsal =
    stack === rehearsalStack && name !== "destroy" ? await openRehearsal(env) : undefined;
  if (stack === rehearsalStack) labelMessages("REHEARSAL");
  try {
    if (workspace.own && stack !== rehearsalStack) await requirePlugins(env);
    if (name !== "preview") await recover({ ...workspace, env }, stack, workspace.cliFolder);
    const file =
      rehearsal?.stackFile ??
      (stack === rehearsalStack ? stackFileOf(stack) : await writeStackFile(stack));
    const settings =
      workspace.own && !args.includes("--config-file") ? ["--config-file", file] : [];
    if (name !== "destroy") {
      const all = [...args, ...settings, ...policyArguments(name)];
      return await runInForeground("pulumi", all, { env });
    }
    return await destroy(env, stack, [...args.filter((arg) => arg !== "destroy"), ...settings]);
  } finally {
    await rehearsal?.stop();
  }
}

/** @param {NodeJS.ProcessEnv} env */
async function requirePlugins(env) {
  const missing = await ensurePlugins(env);
  if (missing.length === 0) return;
  throw new UserError(
    `Pulumi's plugins ${missing.map(({ name }) => name).join(", ")} are not on this machine, and ${pluginHost} cannot be reached to download them. (npm start can rehearse without them.)`,
  );
}

/**
 * The stack that was selected; else `dev`, or its rehearsal where only that one exists.
 * @param {import("./backend.mjs").Backend} backend
 * @returns {Promise<string>}
 */
async function currentStack({ env, own }) {
  const { code, stdout } = await run("pulumi", ["stack", "--show-name", "--non-interactive"], {
    env,
  });
  if (code === 0) return stdout.trim();
  return own && !(await isInUse(defaultStack)) && (await isInUse(rehearsalStack))
    ? rehearsalStack
    : defaultStack;
}

/**
 * The person's own login, which all later commands respect: so with their own home, and no state folder in the way.
 * @param {string[]} args
 */
async function logIn(args) {
  await ensureDependencies();
  const { folder } = await ensureCli();
  return runInForeground("pulumi", args, {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  });
}
