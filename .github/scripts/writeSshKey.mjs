import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { command, say, UserError } from "../../toolchain/report.mjs";

/** Puts SSH_PRIVATE_KEY and SSH_KNOWN_HOSTS where `ssh` looks for them. Without a key, there is nothing to do. */
await command(async () => {
  const { SSH_PRIVATE_KEY: key = "", SSH_KNOWN_HOSTS: hosts = "", HOME = homedir() } = process.env;
  if (key.trim() === "") {
    say("No SSH key is set: stacks with host.kind ssh are reached by what this machine has.");
    return 0;
  }
  if (hosts.trim() === "")
    throw new UserError(
      "The secret SSH_PRIVATE_KEY is set and the variable SSH_KNOWN_HOSTS is not, so no host would be believed: set it to what `ssh-keyscan` prints, after comparing it with the host's own keys.",
    );
  const folder = path.join(HOME, ".ssh");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await write(path.join(folder, "id_ed25519"), key);
  await appendFile(path.join(folder, "known_hosts"), `${hosts.trim()}\n`, { mode: 0o600 });
  return 0;
});

/**
 * A runner of one's own has keys of its own, which stay as they are.
 * @param {string} file
 * @param {string} key
 */
async function write(file, key) {
  try {
    await writeFile(file, `${key.trim()}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    throw new UserError(
      `${file} is there already, and stays as it is. Leave the secret SSH_PRIVATE_KEY unset for a runner that has its own keys.`,
    );
  }
}
