import { stringify } from "yaml";
import {
  dockerFile,
  dockerUnitFile,
  kernelFile,
  metadataUnitFile,
  mountUnitFile,
  sshdFile,
  upgradesFile,
  type HostFile,
} from "./hostFiles";
import { hostScript, hostScriptPath } from "./hostScript";
import { quoted } from "../shapes";

/** The Docker Engine of servers that the program makes: of the package's version the part between epoch and suite. */
// renovate: datasource=github-releases depName=moby/moby extractVersion=^docker-v(?<version>.+)$
export const dockerEngineVersion = "29.8.2";

/** What a server is to be, as plain JSON and without a secret. */
export interface CloudInitSpec {
  readonly hostname: string;
  /** The one user who can log in. */
  readonly user: string;
  /** Size of the swap file on the server's own disk. 0: none. */
  readonly swapMb: number;
  readonly docker: { readonly version: string };
  /** When the server reboots, should an upgrade ask for it: `04:30`, in UTC. */
  readonly rebootTime: string;
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
  /** Public keys, one a text, that may log in. */
  readonly loginKeys: readonly string[];
  /** Hetzner's number of the volume that holds Docker's data; it must be attached without `automount`. */
  readonly dataVolumeId: string;
}

/** Hetzner takes no more: https://docs.hetzner.cloud/reference/cloud#servers-create-a-server */
const mostBytes = 32 * 1024;

/**
 * The user data of a server: https://cloudinit.readthedocs.io/en/latest/reference/modules.html
 * It holds one secret, the host key. `cloud-init status` is an error when any of it could not be carried out, and
 * /var/log/cloud-init-output.log says in a sentence what.
 *
 * @throws Error naming a value that it cannot hold
 */
export function renderCloudInit(spec: CloudInitSpec, values: CloudInitValues): string {
  checkSpec(spec);
  checkValues(values);
  const { hostname, user, swapMb, docker, rebootTime } = spec;
  const { hostKey, loginKeys, dataVolumeId } = values;
  const document = {
    hostname,
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
        shell: "/bin/bash",
        lock_passwd: true,
        ssh_authorized_keys: loginKeys.map((key) => key.trim()),
      },
    ],
    write_files: [
      sshdFile(user),
      dockerFile(),
      dockerUnitFile(),
      mountUnitFile(dataVolumeId),
      metadataUnitFile(),
      kernelFile(),
      upgradesFile(rebootTime),
      { path: hostScriptPath, content: hostScript(), permissions: "0700" },
    ].map(writeFile),
    runcmd: [[hostScriptPath, dataVolumeId, docker.version, String(swapMb)]],
    output: { all: "| tee -a /var/log/cloud-init-output.log" },
  };
  // cloud-init reads YAML 1.1, in which more texts need quotes.
  const text = `#cloud-config\n${stringify(document, { version: "1.1", lineWidth: 0 })}`;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > mostBytes) {
    throw new Error(
      `The user data has ${bytes} bytes, of which Hetzner takes ${mostBytes}: give fewer login keys.`,
    );
  }
  return text;
}

const writeFile = ({ path, content, permissions = "0644" }: HostFile) => ({
  path,
  permissions,
  content,
});

/** Each form leaves no room for a character that means something to YAML, a shell or a configuration file. */
function checkSpec({ hostname, user, swapMb, docker, rebootTime }: CloudInitSpec): void {
  const label = "[a-z\\d]([a-z\\d-]*[a-z\\d])?";
  const host = new RegExp(`^(?=.{1,63}$)${label}(\\.${label})*$`);
  check("hostname", hostname, host, "a name of at most 63 letters, digits, dots and hyphens");
  check("user", user, /^[a-z][a-z\d-]{0,31}$/, "a name such as mastodon");
  check("docker.version", docker.version, /^\d+\.\d+\.\d+$/, "a version such as 29.8.2");
  check("rebootTime", rebootTime, /^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 04:30");
  check("swapMb", String(swapMb), /^(0|[1-9]\d{0,6})$/, "a whole number of megabytes");
}

function checkValues({ hostKey, loginKeys, dataVolumeId }: CloudInitValues): void {
  const privateKey =
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z\d+/=]+\n)+-----END OPENSSH PRIVATE KEY-----$/;
  if (!privateKey.test(hostKey.privateKey.trim())) {
    throw new Error("hostKey.privateKey must be a private key in OpenSSH's format.");
  }
  const example = "a public key such as ssh-ed25519 AAAA…";
  check("hostKey.publicKey", hostKey.publicKey.trim(), /^ssh-ed25519 [A-Za-z\d+/=]+$/, example);
  check("dataVolumeId", dataVolumeId, /^[1-9]\d*$/, "the number of a volume");
  if (loginKeys.length === 0) {
    throw new Error("loginKeys is empty: nobody could log in; give at least one public key.");
  }
  // Printable and on one line: a second one would be another key, or an option of one.
  const loginKey = /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z\d@.-]+ [A-Za-z\d+/=]+( [\x20-\x7e]*)?$/;
  for (const key of loginKeys) check("loginKeys", key.trim(), loginKey, example);
}

function check(name: string, value: string, allowed: RegExp, example: string): void {
  if (!allowed.test(value)) throw new Error(`${name} is ${quoted(value)}: it must be ${example}.`);
}
