import { openBackend } from "./backend.mjs";
import { ensureCli } from "./cli.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { checkDisk } from "./disk.mjs";

/** Sees to the packages, which the program is compiled and read with. */
export async function ensurePackages() {
  await checkDisk();
  await ensureDependencies();
}

/** @typedef {import("./backend.mjs").Backend & {cliFolder: string}} Workspace */

/**
 * Sees to the Pulumi CLI and the backend. The packages must be there.
 * @returns {Promise<Workspace>}
 */
export async function openWorkspace() {
  const { folder } = await ensureCli();
  return { ...(await openBackend(folder)), cliFolder: folder };
}
