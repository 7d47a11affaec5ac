import { openBackend } from "./backend.mjs";
import { ensureCli } from "./cli.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { checkDisk } from "./disk.mjs";

/** Sees to the packages, which the program is compiled and read with. */
export async function ensurePackages() {
  await checkDisk();
  await ensureDependencies();
}

/**
 * Sees to the packages, the Pulumi CLI and the backend: all that any command of Pulumi needs.
 * @returns {Promise<import("./backend.mjs").Backend & {cliFolder: string}>}
 */
export async function openWorkspace() {
  await ensurePackages();
  const { folder } = await ensureCli();
  return { ...(await openBackend(folder)), cliFolder: folder };
}
