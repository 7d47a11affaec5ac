import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { knownHost, sshConfig, sshWrapper } from "../../plan";

export interface SshFolderArgs {
  /** The server's alias. */
  readonly name: string;
  readonly address: string;
  /** The account that the program logs in to. */
  readonly user: string;
  /** Of that account, in OpenSSH's own format. */
  readonly privateKey: string;
  /** By which the server is recognised. */
  readonly hostKey: string;
}

/** Where the files of a server are: in the folder of the state, which is nobody else's to read. */
export function sshFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const home = env["HOME"] || homedir();
  const state =
    env["MASTODON_STATE"] ||
    path.join(env["XDG_STATE_HOME"] || path.join(home, ".local/state"), "mastodon");
  return path.join(path.resolve(state), "ssh", name);
}

/**
 * Writes the files with which `ssh` reaches a server that the program has made. What they hold is in the stack's state:
 * they are made anew wherever the program runs, and none of them is worth keeping.
 *
 * @returns the folder
 */
export function writeSshFolder({
  name,
  address,
  user,
  privateKey,
  hostKey,
}: SshFolderArgs): string {
  const folder = sshFolder(name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const files: readonly (readonly [file: string, text: string, mode: number])[] = [
    ["id_ed25519", privateKey, 0o600],
    ["known_hosts", knownHost(name, hostKey), 0o600],
    ["config", sshConfig({ name, address, user, folder }), 0o600],
    ["ssh", sshWrapper, 0o700],
  ];
  for (const [file, text, mode] of files) {
    // Two runs may write at once, and ssh may read meanwhile: nobody may see half a file.
    const draft = path.join(folder, `.${file}.${process.pid}`);
    writeFileSync(draft, text, { mode });
    renameSync(draft, path.join(folder, file));
  }
  return folder;
}
