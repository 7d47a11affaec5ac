import { stringify } from "yaml";
import { expectForm, expectUser } from "./expectForm";

/** Who may log in to a server at its first boot, as plain JSON and without a secret. */
export interface CloudInitSpec {
  readonly hostname: string;
  /** The one user who can log in. */
  readonly user: string;
}

/** What is known only once it was made. */
export interface CloudInitValues {
  /** The server's own key, handed over so that its first connection can be verified already. */
  readonly hostKey: {
    /** In OpenSSH's format. */
    readonly privateKey: string;
    /** As in `ssh-ed25519 AAAA…`. */
    readonly publicKey: string;
  };
  /** The public key that may log in. */
  readonly loginKey: string;
}

/** Images of Debian and Ubuntu bring it along; where one does not, it is the one package to come before the set-up. */
const requireSudo =
  "command -v sudo > /dev/null || { apt-get update && apt-get install --yes sudo; }";

/**
 * The user data of a server: https://cloudinit.readthedocs.io/en/latest/reference/modules.html
 * It holds one secret, the host key. Hetzner makes a server anew for another user data, so there is only in it by what the
 * server is reached; all else is the set-up's, which can be applied to a server that runs.
 *
 * @throws Error naming a value that it cannot hold
 */
export function renderCloudInit(spec: CloudInitSpec, values: CloudInitValues): string {
  check(spec, values);
  const { hostname, user } = spec;
  const { hostKey, loginKey } = values;
  const document = {
    hostname,
    // What runs on the server looks its own name up, sudo among it.
    manage_etc_hosts: "localhost",
    timezone: "Etc/UTC",
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_genkeytypes: ["ed25519"],
    ssh_keys: {
      ed25519_private: `${hostKey.privateKey.trim()}\n`,
      ed25519_public: hostKey.publicKey.trim(),
    },
    users: [
      {
        name: user,
        // To use the engine, and to read the logs.
        groups: ["docker", "adm"],
        // To set the server up. Who may use the engine is as good as root already.
        sudo: "ALL=(ALL:ALL) NOPASSWD:ALL",
        shell: "/bin/bash",
        lock_passwd: true,
        ssh_authorized_keys: [loginKey.trim()],
      },
    ],
    runcmd: [["sh", "-c", requireSudo]],
  };
  // cloud-init reads YAML 1.1, in which more texts need quotes.
  return `#cloud-config\n${stringify(document, { version: "1.1", lineWidth: 0 })}`;
}

/** Each form leaves no room for a character that means something to YAML. */
function check({ hostname, user }: CloudInitSpec, { hostKey, loginKey }: CloudInitValues): void {
  const label = "[a-z\\d]([a-z\\d-]*[a-z\\d])?";
  const host = new RegExp(`^(?=.{1,63}$)${label}(\\.${label})*$`);
  expectForm("hostname", hostname, host, "a name of at most 63 letters, digits, dots and hyphens");
  expectUser(user);
  const privateKey =
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z\d+/=]+\n)+-----END OPENSSH PRIVATE KEY-----$/;
  if (!privateKey.test(hostKey.privateKey.trim())) {
    throw new Error("hostKey.privateKey must be a private key in OpenSSH's format.");
  }
  const example = "a public key such as ssh-ed25519 AAAA…";
  expectForm(
    "hostKey.publicKey",
    hostKey.publicKey.trim(),
    /^ssh-ed25519 [A-Za-z\d+/=]+$/,
    example,
  );
  // Printable and on one line: a second one would be another key, or an option of one.
  const login = /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z\d@.-]+ [A-Za-z\d+/=]+( [\x20-\x7e]*)?$/;
  expectForm("loginKey", loginKey.trim(), login, example);
}
