import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { removeFromCloudflare } from "./cloudflare.mjs";
import { docker } from "./docker.mjs";
import { cache, state } from "./folders.mjs";
import { removeFromHetzner } from "./hetzner.mjs";
import { parseJson } from "./json.mjs";
import {
  begunAtCloudflare,
  begunAtHetzner,
  begunAttachments,
  enginesIn,
  findOrphans,
  hasPending,
  instanceFilter,
  instancesIn,
  isCutOnEngine,
  ownsServer,
  withoutPending,
} from "./leftovers.mjs";
import { isAlive, run } from "./processes.mjs";
import { say, UserError, warn } from "./report.mjs";
import { exportStack, mendCheckpoint, readCheckpoint } from "./stack.mjs";

/**
 * @typedef {import("./leftovers.mjs").Deployment} Deployment
 * @typedef {import("./leftovers.mjs").Found} Found
 */

/**
 * Puts in order what a run left behind that was killed: its lock, the processes that it had started, and what was made
 * but never written into the state: containers and networks, tunnels and DNS records, a server with what belongs to it,
 * the attachment of its data volume. Data is not touched. Costs nothing after a run that ended.
 * @param {import("./backend.mjs").Backend} backend
 * @param {string} stack
 * @param {string} cliFolder
 */
export async function recover({ env, own }, stack, cliFolder) {
  const mended = own && (await mendCheckpoint(stack));
  if (mended) say("The last run was cut short while it wrote the state: its backup is used.");
  const killed = (own && (await clearLock(env, stack, cliFolder))) || mended;
  // Where the state is a file on this machine, a look at it saves asking Pulumi, which takes half a second.
  if (own && !killed && !hasPending(await readCheckpoint(stack))) return;
  const { exported } = await exportStack(env, stack);
  // A stack that does not exist yet has nothing to put in order.
  if (!exported || (!killed && !hasPending(exported.deployment))) return;
  await removeOrphans(exported.deployment, env);
  if (!hasPending(exported.deployment)) return;
  const begun = [
    ...begunAtCloudflare(exported.deployment),
    ...begunAtHetzner(exported.deployment),
    ...begunAttachments(exported.deployment),
  ];
  if (begun.length > 0) {
    const { exported: shown = exported } = await exportStack(env, stack, { secrets: true });
    await removeFromCloudflare(shown.deployment, env);
    await removeFromHetzner(shown.deployment, env);
  }
  const input = JSON.stringify({ ...exported, deployment: withoutPending(exported.deployment) });
  await pulumi(["stack", "import", "--stack", stack, "--non-interactive"], env, input);
  say("The last run was cut short: what it had begun is cleared, and done anew now.");
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} stack
 * @param {string} cliFolder
 * @returns {Promise<boolean>} whether a dead run's lock was removed
 */
async function clearLock(env, stack, cliFolder) {
  const locks = await readLocks(stack);
  if (locks.length === 0) return false;
  const held = await Promise.all(
    locks.map(async (lock) => lock.hostname !== hostname() || (await isAlive(lock.pid, "pulumi"))),
  );
  const holder = locks.find((_, index) => held[index]);
  if (holder) {
    const where =
      holder.hostname === hostname()
        ? `process ${holder.pid}`
        : `process ${holder.pid} on ${holder.hostname}`;
    throw new UserError(
      `Another run is changing the stack ${stack} (${where}, since ${holder.timestamp}). Wait for it to end. If it is no more: npm run pulumi -- cancel --yes --stack ${stack}`,
    );
  }
  await endOrphans([cliFolder, path.join(env.PULUMI_HOME ?? cache, "plugins"), cache]);
  await pulumi(["cancel", "--yes", "--stack", stack, "--non-interactive"], env);
  say(`The last run on the stack ${stack} did not end by itself: its lock is removed.`);
  return true;
}

/**
 * @param {string} stack
 * @returns {Promise<import("./leftovers.mjs").Lock[]>}
 */
async function readLocks(stack) {
  const folder = path.join(state, ".pulumi/locks/organization/mastodon", stack);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  // One that goes while being read has been released.
  const texts = await Promise.all(
    names.map((name) => readFile(path.join(folder, name), "utf8").catch(() => "")),
  );
  return texts
    .filter(Boolean)
    .map((text) => /** @type {import("./leftovers.mjs").Lock} */ (parseJson(text)));
}

/**
 * Ends the plugins and language hosts that outlived their engine: one may be in the middle of making a container.
 * @param {string[]} folders where such programs of ours lie
 */
async function endOrphans(folders) {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { limit: 10_000 });
  for (const { pid, name } of orphanedPlugins(stdout, folders)) {
    try {
      // Pulumi starts each in a process group of its own, so that what it started in turn goes with it.
      process.kill(-pid, "SIGKILL");
    } catch {
      warn(`${name} (process ${pid}) is left over from the last run and could not be ended.`);
    }
  }
}

const plugin = /\/pulumi-(resource|language)-[^/]*$|\/support\/providers\/[^/]+\/main\.js$/;

/** A rehearsal's plugins lie in the project and go by the name of their file. */
const standIn = /\/main\.js$/;

/**
 * @param {string} table lines of process id, parent's id and command
 * @param {readonly string[]} folders
 * @returns {{pid: number, name: string}[]}
 */
export function orphanedPlugins(table, folders) {
  const rows = table.split("\n").flatMap((line) => {
    const [, pid, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), args }] : [];
  });
  // Of a plugin whose parent is not in the table, that parent has begun while the table was made: an engine.
  const others = new Set(
    rows.filter(({ args }) => !/^(\S*\/)?pulumi(\s|$)/.test(args)).map(({ pid }) => pid),
  );
  return rows.flatMap(({ pid, parent, args }) => {
    const name = args.split(" ").find((word) => plugin.test(word));
    const ours =
      name &&
      (standIn.test(name) || folders.some((folder) => name.startsWith(`${folder}${path.sep}`)));
    return ours && others.has(parent) ? [{ pid, name: path.basename(name) }] : [];
  });
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [input]
 */
async function pulumi(args, env, input) {
  const { code, stderr } = await run("pulumi", args, {
    env,
    limit: 60_000,
    ...(input && { input }),
  });
  if (code !== 0)
    throw new UserError(
      `Putting in order what the last run left failed. Pulumi says: ${stderr.trim()}`,
    );
}

/**
 * @param {Deployment} deployment
 * @param {NodeJS.ProcessEnv} env
 */
async function removeOrphans(deployment, env) {
  for (const host of enginesIn(deployment)) {
    for (const instance of instancesIn(deployment)) {
      const found = await listLabelled(host, instance, env);
      if (!found) {
        const silent = `The engine ${host} does not answer, so that what the last run left there can't be looked up.`;
        // A server that was being made, or made anew, cannot answer yet, and the run that makes it is this one.
        if (isCutOnEngine(deployment) || !ownsServer(deployment)) throw new UserError(silent);
        warn(silent);
        break;
      }
      for (const { kind, id, name } of findOrphans(deployment, found)) {
        const args = kind === "container" ? ["rm", "--force", id] : ["network", "rm", id];
        const { code, stderr } = await docker(host, args, env);
        if (code === 0)
          say(`Removed the ${kind} ${name}, which the last run made and did not get to record.`);
        else
          warn(
            `The ${kind} ${name} is left over from the last run and could not be removed: ${stderr.trim()}`,
          );
      }
    }
  }
}

/**
 * @param {string} host
 * @param {string} instance
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Found[] | undefined>} containers first, since a network goes only once nothing is in it; undefined
 *   where the engine does not answer
 */
async function listLabelled(host, instance, env) {
  const filter = ["--no-trunc", ...instanceFilter(instance)];
  const [containers, networks] = await Promise.all([
    docker(host, ["ps", "--all", ...filter, "--format", "container\t{{.ID}}\t{{.Names}}"], env),
    docker(host, ["network", "ls", ...filter, "--format", "network\t{{.ID}}\t{{.Name}}"], env),
  ]);
  if (containers.code !== 0 || networks.code !== 0) return undefined;
  return `${containers.stdout}${networks.stdout}`.split("\n").flatMap((line) => {
    const [kind, id, name] = line.split("\t");
    return kind && id && name ? [/** @type {Found} */ ({ kind, id, name })] : [];
  });
}
