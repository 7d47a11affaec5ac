import { openBackend } from "./backend.mjs";
import { compile } from "./compile.mjs";
import { checkDisk } from "./disk.mjs";
import { unreachableRegistries } from "./images.mjs";
import { ensureEngine, isDebianRoot } from "./installDocker.mjs";
import { parseJson } from "./json.mjs";
import { planOf } from "./plan.mjs";
import { ensurePlugins, pluginHost } from "./plugins.mjs";
import { policyArguments } from "./policies.mjs";
import { run, runInForeground } from "./processes.mjs";
import { recover } from "./recover.mjs";
import { agreeToRehearse, openRehearsal, rehearsalEnv } from "./rehearsal.mjs";
import { command, inWords, say, UserError } from "./report.mjs";
import { isSettled, originOf, settle } from "./settled.mjs";
import { ensurePackages, openWorkspace } from "./workspace.mjs";
import {
  defaultStack,
  ensureStack,
  hasContainers,
  isInUse,
  rehearsalStack,
  writeStackFile,
} from "./stack.mjs";
import { shortened } from "./updateLog.mjs";

/**
 * @typedef {import("./workspace.mjs").Workspace} Workspace
 * @typedef {import("./docker.mjs").Engine} Engine
 */

await command(async () => {
  const began = Date.now();
  const flags = process.argv.slice(2);
  const unknown = flags.filter((flag) => !["--rehearse", "--yes", "-y"].includes(flag));
  if (unknown.length > 0) {
    throw new UserError(`${unknown.join(" ")} is not known here. Known: --rehearse, --yes.`);
  }
  // What can only be refused comes before what takes minutes.
  await ensurePackages();
  await compile();
  const plan = await planOf(defaultStack);
  const engine = await ensureEngine();
  const workspace = await openWorkspace();
  const built = plan.build?.images ?? [];
  const pulled = Object.values(plan.images).filter((reference) => !built.includes(reference));
  const reasons = await whyNotReal(workspace, engine, pulled);
  const rehearse = flags.includes("--rehearse");
  const stack = reasons.length > 0 || rehearse ? rehearsalStack : defaultStack;
  await refuseTwo(stack, reasons);
  if (stack === defaultStack) {
    const env = { ...workspace.env, DOCKER_HOST: engine.host };
    await bringUp({ ...workspace, env }, stack, await writeStackFile(stack));
    return tell(env, stack, began);
  }
  if (!engine.socket || !isDebianRoot()) {
    throw new UserError(
      [
        ...reasons,
        "A rehearsal is not possible here either: it needs root on Debian or Ubuntu, and the engine on the same machine.",
      ].join("\n"),
    );
  }
  if (!(await isInUse(rehearsalStack)))
    await agreeToRehearse(reasons, rehearse || flags.some((flag) => /^(--yes|-y)$/.test(flag)));
  return rehearseOn(workspace, engine, began);
});

/**
 * A rehearsal keeps its state in the state folder, also where the person is logged in elsewhere.
 * @param {Workspace} workspace
 * @param {Engine} engine
 * @param {number} began in milliseconds
 */
async function rehearseOn({ cliFolder }, engine, began) {
  await checkDisk(engine);
  const { env } = await openBackend(cliFolder, { local: true });
  const own = { ...rehearsalEnv(env), DOCKER_HOST: engine.host };
  const { stackFile, stop } = await openRehearsal(own);
  try {
    await bringUp({ env: own, own: true, cliFolder }, rehearsalStack, stackFile);
    return await tell(own, rehearsalStack, began);
  } finally {
    await stop();
  }
}

/**
 * @param {Workspace} workspace
 * @param {Engine} engine
 * @param {string[]} images
 * @returns {Promise<string[]>} what stands against the real instance; empty when nothing does
 */
async function whyNotReal({ env, own }, engine, images) {
  const [registries, plugins] = await Promise.all([
    unreachableRegistries(engine, images),
    own ? ensurePlugins(env) : [],
  ]);
  return [
    ...registries.map(
      (registry) =>
        `The image registry ${registry} cannot be reached, and images from it are not on this machine.`,
    ),
    ...(plugins.length > 0
      ? [
          `${pluginHost} cannot be reached, and Pulumi's plugins ${plugins.map(({ name }) => name).join(", ")} are not on this machine.`,
        ]
      : []),
  ];
}

/**
 * A rehearsal never takes the place of a real instance, nor the other way round: both would want the same port.
 * @param {string} stack
 * @param {string[]} reasons
 */
async function refuseTwo(stack, reasons) {
  if (stack === rehearsalStack && (await isInUse(defaultStack))) {
    throw new UserError(
      [
        ...reasons,
        "Your instance exists, so it is not rehearsed in its place. Run the same command again once that is mended.",
      ].join("\n"),
    );
  }
  if (stack === defaultStack && (await hasContainers(rehearsalStack))) {
    throw new UserError(
      `A rehearsal still runs where the real instance is to be. Remove it first: npm run pulumi -- destroy --remove-data --stack ${rehearsalStack}`,
    );
  }
}

/**
 * @param {Workspace} workspace
 * @param {string} stack
 * @param {string} stackFile
 */
async function bringUp(workspace, stack, stackFile) {
  const { env, own, cliFolder } = workspace;
  if (own) await ensureStack(env, stack);
  else await run("pulumi", ["stack", "select", "--create", stack, "--non-interactive"], { env });
  await recover(workspace, stack, cliFolder);
  const settings = ["--stack", stack, ...(own ? ["--config-file", stackFile] : [])];
  // Where the state lies elsewhere, others may change it: there is nothing to remember.
  const origin = own ? await originOf(stack, stackFile) : undefined;
  if (origin === undefined || !(await isSettled(stack, origin)))
    await refuseBad(env, stack, settings);
  const live = process.stdout.isTTY;
  const code = await runInForeground(
    "pulumi",
    [
      ...["up", ...settings, ...policyArguments("up")],
      // Refreshed, so that what was stopped or removed by hand is mended.
      ...["--yes", "--skip-preview", "--refresh", "--suppress-outputs"],
      ...(live ? [] : ["--non-interactive"]),
    ],
    {
      env,
      ...(live ? {} : { onLine: shortened(say) }),
    },
  );
  if (code !== 0)
    throw new UserError(
      "The instance is not up: the reason is above. Run the same command again to go on from here.",
    );
  if (origin !== undefined) await settle(stack, origin);
}

/**
 * What is protected, and policies about the stack as a whole, stop an `up` only half-way. A preview is told of it before
 * anything is changed; of one that finds nothing, nothing is shown: the `up` says the same.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {readonly string[]} settings
 */
async function refuseBad(env, stack, settings) {
  const args = ["preview", ...settings, ...policyArguments("preview"), "--non-interactive"];
  const { code, stdout, stderr } = await run("pulumi", args, { env });
  if (code === 0) return;
  `${stdout}\n${stderr}`.split("\n").forEach(shortened(say));
  throw new UserError(
    stdout.includes("marked for protection")
      ? `Nothing was changed: something would be lost. What, and what to do: npm run review -- --stack ${stack}`
      : "Nothing was changed: the reason is above.",
  );
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {number} began in milliseconds
 */
async function tell(env, stack, began) {
  const { code, stdout, stderr } = await run(
    "pulumi",
    ["stack", "output", "--json", "--show-secrets", "--stack", stack],
    { env },
  );
  if (code !== 0)
    throw new UserError(
      `The instance is up, but Pulumi could not show its outputs: ${stderr.trim()}`,
    );
  const { url, adminUsername, adminEmail, adminPassword } = /** @type {Record<string, string>} */ (
    parseJson(stdout)
  );
  say(
    [
      "",
      `Up after ${inWords(Date.now() - began)}.`,
      `  URL       ${url}`,
      `  user      ${adminUsername}`,
      `  e-mail    ${adminEmail}`,
      `  password  ${adminPassword}`,
    ].join("\n"),
  );
  return 0;
}
