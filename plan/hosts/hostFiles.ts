/** Where the data volume is mounted. */
export const dataFolder = "/mnt/data";

/** Docker's data: images, containers and volumes all lie on the data volume, and outlive the server. */
export const dockerRoot = `${dataFolder}/docker`;

/** Hetzner's volumes show under this name, followed by their id: https://docs.hetzner.com/cloud/volumes/ */
export const dataDevicePrefix = "/dev/disk/by-id/scsi-0HC_Volume_";

/** A file on the server, owned by root and readable by all. */
export interface HostFile {
  readonly path: string;
  /** Ends in a line feed. */
  readonly content: string;
}

/**
 * Keys alone, for one user. Nothing is forwarded but ports of the server's own loopback, by which its administrator
 * reaches what is not open to the internet; a Docker client needs none, it talks to `docker system dial-stdio`. It opens
 * one connection for each command, so many may come at once. The first value that sshd reads is in force, hence a name
 * that sorts before the images' own files.
 */
export function sshdFile(user: string): HostFile {
  return {
    path: "/etc/ssh/sshd_config.d/10-mastodon.conf",
    content: lines(
      `AllowUsers ${user}`,
      "PermitRootLogin no",
      "AuthenticationMethods publickey",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "HostKey /etc/ssh/ssh_host_ed25519_key",
      "AllowAgentForwarding no",
      "AllowTcpForwarding local",
      "PermitOpen 127.0.0.1:*",
      "AllowStreamLocalForwarding no",
      "X11Forwarding no",
      "MaxSessions 100",
      "MaxStartups 100:30:200",
      "LoginGraceTime 30",
      "ClientAliveInterval 60",
    ),
  };
}

/** https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file */
export function dockerFile(): HostFile {
  const settings = {
    "data-root": dockerRoot,
    // Docker 29 would keep images and containers' layers outside of its data-root, in containerd's folder.
    features: { "containerd-snapshotter": false },
    "storage-driver": "overlay2",
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
    // Containers go on while the engine is restarted.
    "live-restore": true,
    "userland-proxy": false,
    "no-new-privileges": true,
    // Nothing of an instance is on the default bridge, and what somebody else starts there has no neighbours.
    icc: false,
  };
  return {
    path: "/etc/docker/daemon.json",
    content: `${JSON.stringify(settings, undefined, 2)}\n`,
  };
}

/** Without the data volume the engine would begin anew, empty, on the server's own disk: it had better not start. */
export function dockerUnitFile(): HostFile {
  return {
    path: "/etc/systemd/system/docker.service.d/data-volume.conf",
    content: lines(
      "[Unit]",
      `RequiresMountsFor=${dataFolder}`,
      `AssertPathIsMountPoint=${dataFolder}`,
    ),
  };
}

/**
 * A unit rather than a line of fstab: that would hold up the boot without its volume, and nobody could log in to see
 * why.
 */
export function mountUnitFile(volumeId: string): HostFile {
  return {
    path: "/etc/systemd/system/mnt-data.mount",
    content: lines(
      "[Unit]",
      "Description=Docker's data, on a volume of its own",
      "",
      "[Mount]",
      `What=${dataDevicePrefix}${volumeId}`,
      `Where=${dataFolder}`,
      "Type=ext4",
      "Options=noatime,discard",
      "",
      "[Install]",
      "WantedBy=multi-user.target",
    ),
  };
}

/**
 * The metadata service gives the user data, and with it the SSH host key, to whoever asks from this server. It answers
 * the server itself (whose packets come from `lo`), but nothing that is forwarded, which came from a container.
 */
export function metadataUnitFile(): HostFile {
  const own = "priority 100 to 169.254.169.254/32 iif lo lookup main";
  const others = "priority 101 to 169.254.169.254/32 prohibit";
  return {
    path: "/etc/systemd/system/metadata-guard.service",
    content: lines(
      "[Unit]",
      "Description=Keeps containers from the metadata of this server",
      "Before=docker.service",
      "",
      "[Service]",
      "Type=oneshot",
      "RemainAfterExit=yes",
      `ExecStart=ip rule add ${own}`,
      `ExecStart=ip rule add ${others}`,
      `ExecStop=ip rule delete ${others}`,
      `ExecStop=ip rule delete ${own}`,
      "",
      "[Install]",
      "WantedBy=multi-user.target",
    ),
  };
}

/** Where it differs from the defaults of Debian and Ubuntu. */
export function kernelFile(): HostFile {
  return {
    path: "/etc/sysctl.d/60-mastodon.conf",
    content: lines(
      "# Redis forks to save: https://redis.io/docs/latest/operate/oss_and_stack/management/admin/",
      "vm.overcommit_memory = 1",
      "# Swap is for what is idle, not for what the database caches.",
      "vm.swappiness = 10",
      "# CIS Benchmark for Debian, chapter 3.3: a server takes no routes from strangers.",
      "net.ipv4.conf.all.accept_redirects = 0",
      "net.ipv4.conf.default.accept_redirects = 0",
      "net.ipv4.conf.all.secure_redirects = 0",
      "net.ipv4.conf.default.secure_redirects = 0",
      "net.ipv4.conf.all.send_redirects = 0",
      "net.ipv4.conf.default.send_redirects = 0",
      "net.ipv4.conf.all.accept_source_route = 0",
      "net.ipv4.conf.default.accept_source_route = 0",
      "net.ipv6.conf.all.accept_redirects = 0",
      "net.ipv6.conf.default.accept_redirects = 0",
      "net.ipv4.tcp_syncookies = 1",
    ),
  };
}

/** Security upgrades of themselves, and a reboot where one of them asks for it; of Docker only what the program says. */
export function upgradesFile(rebootTime: string): HostFile {
  return {
    path: "/etc/apt/apt.conf.d/52mastodon",
    content: lines(
      'APT::Periodic::Update-Package-Lists "1";',
      'APT::Periodic::Unattended-Upgrade "1";',
      'Unattended-Upgrade::Automatic-Reboot "true";',
      'Unattended-Upgrade::Automatic-Reboot-WithUsers "true";',
      `Unattended-Upgrade::Automatic-Reboot-Time "${rebootTime}";`,
      'Unattended-Upgrade::Package-Blacklist { "^docker-"; "^containerd\\.io$"; };',
    ),
  };
}

const lines = (...text: readonly string[]): string => `${text.join("\n")}\n`;
