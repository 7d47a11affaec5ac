import { createInterface } from "node:readline/promises";
import { stat } from "node:fs/promises";
import { docker, sshFolder } from "./docker.mjs";
import {
  dataIn,
  enginesIn,
  instanceFilter,
  instancesIn,
  keeping,
  ownsServer,
  secretsIn,
} from "./leftovers.mjs";
import { runInForeground } from "./processes.mjs";
import { say, UserError, warn } from "./report.mjs";
import { defaultStack, exportStack, rehearsalStack } from "./stack.mjs";

/** @typedef {import("./leftovers.mjs").Deployment} Deployment */

/** Our own flag of `destroy`. */
export const removeDataFlag = "--remove-data";

/**
 * Takes an instance down. Its data volumes and permanent secrets are kept, unless asked for with `--remove-data`.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {string[]} args of `destroy`, without the command
 * @returns {Promise<number>} exit code
 */
export async function destroy(env, stack, args) {
  const before = await readState(env, stack);
  const wanted = args.filter((arg) => arg !== removeDataFlag);
  const rest = [...wanted, ...(await programNeeded(before))];
  if (wanted.length !== args.length) return removeAll(env, stack, before, rest);
  // Named targets and the like are another wish: Pulumi refuses what is protected by itself.
  if (rest.some((arg) => /^(--target|-t$|--exclude)/.test(arg)))
    return runInForeground("pulumi", ["destroy", ...rest], { env });
  const code = await runInForeground("pulumi", ["destroy", ...keeping(before), ...rest], { env });
  if (code === 0 && !rest.includes("--preview-only")) await tellKept(env, stack);
  return code;
}

/**
 * The way to a server is written wherever the program runs: on a machine that has never seen it, it has to run first.
 * @param {Deployment} deployment
 * @returns {Promise<string[]>} arguments of `destroy`
 */
async function programNeeded(deployment) {
  if (!ownsServer(deployment)) return [];
  const folders = enginesIn(deployment).map((host) => sshFolder(new URL(host).hostname));
  const found = await Promise.all(folders.map((folder) => stat(folder).catch(() => undefined)));
  return found.every(Boolean) ? [] : ["--run-program"];
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 */
async function tellKept(env, stack) {
  const kept = await readState(env, stack);
  const [volumes, secrets] = [dataIn(kept), secretsIn(kept)];
  if (volumes.length + secrets.length === 0) return;
  const chosen = stack === defaultStack ? "" : ` --stack ${stack}`;
  say(
    [
      `Kept: ${volumes.length} data volumes (${volumes.map(({ id }) => id).join(", ")}) and ${secrets.length} permanent secrets.`,
      ...(volumes.some(({ type }) => type.startsWith("hcloud:"))
        ? [
            "The data volume is Hetzner's, and goes on being paid for.",
            "Keep the stack too, even if Pulumi proposes to remove it: nothing else knows of them.",
          ]
        : []),
      [defaultStack, rehearsalStack].includes(stack)
        ? "The same instance comes back by: npm start"
        : `The same instance comes back by: npm run pulumi -- up${chosen}`,
      `To remove them for good: npm run pulumi -- destroy ${removeDataFlag}${chosen}`,
    ].join("\n"),
  );
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {Deployment} before
 * @param {string[]} args
 */
async function removeAll(env, stack, before, args) {
  const [instances, engines] = [instancesIn(before), enginesIn(before)];
  if (dataIn(before).length === 0) {
    say(`The stack ${stack} has no data.`);
    return runInForeground("pulumi", ["destroy", ...args], { env });
  }
  await confirm(stack, instances, args);
  const yes = args.includes("--yes") || args.includes("-y") ? [] : ["--yes"];
  const all = ["destroy", "--ignore-protect", ...args, ...yes];
  const result = await runInForeground("pulumi", all, { env });
  if (result !== 0 || args.includes("--preview-only")) return result;
  // What was on a server of our own went with its disk.
  if (ownsServer(before)) return 0;
  for (const host of engines)
    for (const instance of instances) await removeVolumes(host, instance, env);
  return 0;
}

/**
 * @param {string} stack
 * @param {string[]} instances
 * @param {string[]} args
 */
async function confirm(stack, instances, args) {
  if (args.includes("--yes") || args.includes("-y")) return;
  // Once its server is gone, the stack is all that names an instance.
  const domain = instances.map((name) => name.replace(/^mastodon-/, "")).join(" ") || stack;
  if (!process.stdin.isTTY)
    throw new UserError(
      `This removes all posts, media and keys of ${domain} for good. Add --yes if that is meant.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    `This removes all posts, media and keys of ${domain} for good. Type its domain to go on: `,
  );
  terminal.close();
  if (answer.trim() !== domain) throw new UserError("That is not its domain: nothing was removed.");
}

/**
 * Pulumi leaves the volumes where they are, even when they leave its state.
 * @param {string} host
 * @param {string} instance
 * @param {NodeJS.ProcessEnv} env
 */
async function removeVolumes(host, instance, env) {
  const { stdout } = await docker(
    host,
    ["volume", "ls", "--quiet", ...instanceFilter(instance)],
    env,
  );
  for (const name of stdout.split("\n").filter(Boolean)) {
    const { code, stderr } = await docker(host, ["volume", "rm", name], env);
    if (code === 0) say(`Removed the volume ${name}.`);
    else warn(`The volume ${name} could not be removed: ${stderr.trim()}`);
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @returns {Promise<Deployment>}
 */
async function readState(env, stack) {
  const { exported, reason } = await exportStack(env, stack);
  if (!exported)
    throw new UserError(
      `The state of the stack ${stack} could not be read. Pulumi says: ${reason}`,
    );
  return exported.deployment;
}
