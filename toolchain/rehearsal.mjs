import path from "node:path";
import { createInterface } from "node:readline/promises";
import { cache, goFolders, state } from "./folders.mjs";
import { withLock } from "./lock.mjs";
import { loadCompiled, planOf } from "./plan.mjs";
import { ensurePlugins } from "./plugins.mjs";
import { labelMessages, say, ticking, UserError } from "./report.mjs";
import { defaultStack, rehearsalStack, writeStackFile } from "./stack.mjs";

/** Always the same, since the images' names, and with them the containers, depend on it. */
const registryPort = Number(process.env.MASTODON_REHEARSAL_PORT || 5043);

/** Its own, so that neither volumes nor names are those of the real instance. */
const name = "rehearsal";

/** @typedef {import("../tests/support/images/prepare.js").PreparedImage} Image */

/**
 * Tells why the real thing cannot be had, and lets the person choose; without a terminal the choice is to rehearse.
 * @param {string[]} reasons
 * @param {boolean} asked whether the person has asked for a rehearsal
 */
export async function agreeToRehearse(reasons, asked) {
  say([...reasons, "", `A rehearsal is possible: ${summary}`].join("\n"));
  if (asked || !process.stdin.isTTY || !process.stdout.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Rehearse? [y/N] ");
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError("Nothing was changed.");
}

const summary =
  "the same program, on the real Pulumi engine and Docker with real Postgres, Redis and Caddy, but with a stand-in for Mastodon itself. It is a stack of its own.";

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} with a Pulumi home apart, so that no stand-in of a plugin is ever taken for the official one
 */
export const rehearsalEnv = (env) => ({
  ...env,
  PULUMI_HOME: path.join(state, "rehearsal/pulumi-home"),
});

/**
 * Prepares what stands in for the images and plugins, and serves the images until `stop` is called.
 * @param {NodeJS.ProcessEnv} env of the rehearsal
 * @returns {Promise<{stackFile: string, stop: () => Promise<void>}>}
 */
export async function openRehearsal(env) {
  labelMessages("REHEARSAL");
  await ensurePlugins(env);
  const { installProviders } =
    /** @type {typeof import("../tests/support/providers/install.js")} */ (
      loadCompiled("tests/support/providers/install")
    );
  // Those of which the official one is there stay as they are.
  await installProviders(env);
  const plan = await planOf(defaultStack);
  const { prepareImages } = /** @type {typeof import("../tests/support/images/prepare.js")} */ (
    loadCompiled("tests/support/images/prepare")
  );
  const { storage, images } = await told("The rehearsal's images cannot be made", () =>
    withLock("images", () =>
      ticking(() => prepareImages({ cache, progress: say, go: goFolders(process.env) })),
    ),
  );
  const registry = await told("The rehearsal's images cannot be served", () => serve(storage));
  const references = imageReferences({ ...plan.images }, images, registry.address);
  const stackFile = await writeStackFile(rehearsalStack, {
    from: defaultStack,
    values: { "mastodon:name": name, "mastodon:images": references },
  });
  return { stackFile, stop: () => registry.stop() };
}

/** @param {string} storage */
async function serve(storage) {
  const { requirePrograms } = /** @type {typeof import("../tests/support/requirePrograms.js")} */ (
    loadCompiled("tests/support/requirePrograms")
  );
  const { startRegistry } = /** @type {typeof import("../tests/support/registry.js")} */ (
    loadCompiled("tests/support/registry")
  );
  // Images from an earlier machine's cache need no making, and then nothing has installed it.
  await requirePrograms(["docker-registry"], say);
  try {
    return await startRegistry({ storage, port: registryPort });
  } catch (error) {
    throw new UserError(
      `${messageOf(error)} Free port ${registryPort}, or name another in MASTODON_REHEARSAL_PORT.`,
    );
  }
}

/**
 * Does work of the harness, whose errors are for people but of no class of ours.
 * @template T
 * @param {string} failure what is to be said before the reason
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function told(failure, work) {
  try {
    return await work();
  } catch (error) {
    throw new UserError(`${failure}: ${messageOf(error)}`);
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * @param {Readonly<Record<string, string>>} wanted references of the real images, by the keys of `mastodon:images`
 * @param {Readonly<Record<string, Image>>} images that stand in: by key, or by key and version
 * @param {string} address of the registry
 * @returns {Record<string, string>} by the keys of `mastodon:images`
 */
export function imageReferences(wanted, images, address) {
  return Object.fromEntries(
    Object.entries(wanted).map(([key, reference]) => {
      const version = /:v?([\d.]+)[^:/]*(@|$)/.exec(reference)?.[1] ?? "";
      // Mastodon is had in images of several makers, each of which has a stand-in of its own.
      const own = Object.values(images).find(
        ({ repository, tag }) =>
          reference.includes(`/${repository}:`) && tag.replace(/^v/, "") === version,
      );
      const image = own ?? images[`${key}-${version}`] ?? images[key];
      if (!image) {
        throw new UserError(
          `There is no stand-in for ${reference}. There is: ${Object.keys(images).join(", ")}.`,
        );
      }
      return [key, `${address}/${image.repository}:${image.tag}@${image.digest}`];
    }),
  );
}
