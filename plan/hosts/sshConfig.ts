/** How a server that the program has made is reached and recognised. */
export interface SshConfigArgs {
  /** The alias under which it is meant. */
  readonly name: string;
  readonly address: string;
  /** The account to log in to. */
  readonly user: string;
  /** Holds this file, `id_ed25519` and `known_hosts`. */
  readonly folder: string;
}

/**
 * The configuration of an SSH client (ssh_config(5)) for one server: its own key and its own known host, and nothing of
 * the person's, so that it works the same for everybody who may read the stack's state.
 */
export function sshConfig({ name, address, user, folder }: SshConfigArgs): string {
  const settings: Readonly<Record<string, string>> = {
    HostName: address,
    User: user,
    HostKeyAlias: name,
    HostKeyAlgorithms: "ssh-ed25519",
    UserKnownHostsFile: quotePath(`${folder}/known_hosts`),
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    IdentityFile: quotePath(`${folder}/id_ed25519`),
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    BatchMode: "yes",
    ConnectTimeout: "10",
    // A connection whose other end is gone is noticed within a minute, instead of never.
    ServerAliveInterval: "15",
    ServerAliveCountMax: "4",
  };
  const lines = Object.entries(settings).map(([key, value]) => `  ${key} ${value}`);
  return [`Host ${name}`, ...lines, ""].join("\n");
}

/** Percent signs begin a token there. */
const quotePath = (path: string): string => `"${path.replaceAll("%", "%%")}"`;

/** The server's line in `known_hosts`: its key is known before it exists. */
export const knownHost = (name: string, publicKey: string): string =>
  `${name} ${publicKey.trim()}\n`;

/**
 * An `ssh` for scripts, first on their path: docker's client runs ssh without a way to give it options.
 */
export const sshWrapper = `#!/bin/sh
folder=$(dirname "$0")
PATH="\${PATH#"$folder":}"
exec ssh -F "$folder/config" "$@"
`;

/** What scripts begin with so that their ssh is that wrapper. The folder is the same on every machine, but for its root. */
export const sshPreamble = (name: string): string =>
  `PATH="\${MASTODON_STATE:-\${XDG_STATE_HOME:-$HOME/.local/state}/mastodon}/ssh/${name}:$PATH"\nexport PATH\n`;
