import { dataDevicePrefix, dataFolder, dockerRoot } from "./hostFiles";

/** Where the script lies on the server. */
export const hostScriptPath = "/usr/local/sbin/mastodon-host";

/** Fingerprint of the key "Docker Release (CE deb)": https://docs.docker.com/engine/install/debian/ */
const dockerKey = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/** The API attaches the volume once the server runs, so it appears a while after the boot. */
const volumeWaitSeconds = 120;

/**
 * Makes a fresh Debian or Ubuntu the host of an instance. Its text is the same for every server: what differs comes as
 * arguments, so that nothing is ever pasted into it. It may be run again, and then changes nothing that is right.
 */
export function hostScript(): string {
  return `#!/bin/sh
# Makes this server a Docker host whose data lies on its volume.
# Usage: mastodon-host VOLUME_ID DOCKER_VERSION SWAP_MB
set -eu

volume=${dataDevicePrefix}$1
docker_version=$2
swap_mb=$3
doing=start

trap '[ $? -eq 0 ] || echo "mastodon-host: could not $doing; the lines above say why." >&2' EXIT

fail() {
  trap - EXIT
  echo "mastodon-host: $1" >&2
  exit 1
}

# Another apt may hold a lock just after the first boot, and a name server may not answer yet.
apt() {
  tries=1
  until DEBIAN_FRONTEND=noninteractive timeout 900 apt-get --yes --quiet --option=DPkg::Lock::Timeout=300 "$@"; do
    [ "$tries" -lt 5 ] || return 1
    tries=$((tries + 1))
    sleep 10
  done
}

version_of() {
  dpkg-query --show --showformat='\${db:Status-Status} \${Version}' "$1" 2> /dev/null || true
}

is_installed() {
  case $(version_of "$1") in "installed "*) ;; *) return 1 ;; esac
}

require() {
  missing=
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  apt update
  # shellcheck disable=SC2086 # Several packages.
  apt install --no-install-recommends $missing
}

secure_ssh() {
  doing="apply the SSH settings"
  # Where sshd is started by its first connection, the folder does not exist before.
  install --directory --mode=755 /run/sshd
  # An OpenSSH that knows of penalties shuts out whoever leaves some connections unused, as Docker clients do. Where
  # keys alone count, there is nothing to be guessed that penalties would slow down.
  if /usr/sbin/sshd -T | grep -q '^persourcepenalties '; then
    echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/11-mastodon-penalties.conf
  fi
  /usr/sbin/sshd -t
  systemctl try-reload-or-restart ssh.service
}

set_kernel() {
  doing="apply the kernel settings"
  sysctl --quiet --load=/etc/sysctl.d/60-mastodon.conf
}

keep_time() {
  doing="keep the clock right"
  if is_installed chrony; then
    systemctl enable --quiet --now chrony.service
  else
    require systemd-timesyncd
    systemctl enable --quiet --now systemd-timesyncd.service
  fi
}

upgrade_unattended() {
  doing="arrange for security upgrades"
  require unattended-upgrades
  systemctl enable --quiet --now unattended-upgrades.service apt-daily.timer apt-daily-upgrade.timer
}

make_swap() {
  [ "$swap_mb" -gt 0 ] || return 0
  doing="make a swap file of $swap_mb MB"
  if [ ! -e /swapfile ]; then
    # Written in full: the kernel refuses a swap file with holes.
    (umask 077 && dd if=/dev/zero of=/swapfile.new bs=1M count="$swap_mb" status=none)
    mkswap /swapfile.new > /dev/null
    mv /swapfile.new /swapfile
  fi
  grep -q '^/swapfile ' /etc/fstab || echo '/swapfile none swap sw 0 0' >> /etc/fstab
  grep -q '^/swapfile ' /proc/swaps || swapon /swapfile
}

wait_for_volume() {
  doing="wait for the data volume"
  waited=0
  until [ -b "$volume" ]; do
    [ "$waited" -lt ${volumeWaitSeconds} ] ||
      fail "the data volume did not appear as $volume within ${volumeWaitSeconds} seconds: it is not attached to this server."
    sleep 1
    waited=$((waited + 1))
  done
}

format_volume() {
  doing="read the data volume $volume"
  # An unreadable device looks like an empty one to blkid.
  head --bytes=1048576 "$volume" > /dev/null
  type=$(blkid --probe --match-tag TYPE --output value "$volume") && status=0 || status=$?
  case "$status:$type" in
    0:ext4) ;;
    2:) doing="format the data volume $volume" && mkfs.ext4 -q -L mastodon-data "$volume" ;;
    *) fail "the data volume $volume holds something other than an ext4 file system, and was left as it is: empty it, or give this server another volume." ;;
  esac
}

# An image may bring an engine along, which has begun on the server's own disk.
stop_docker() {
  doing="stop the engine that runs without the data volume"
  systemctl daemon-reload
  if ! mountpoint --quiet ${dataFolder} && is_installed docker-ce; then
    systemctl stop docker.socket docker.service
  fi
}

mount_volume() {
  doing="mount the data volume at ${dataFolder}"
  systemctl enable --quiet mnt-data.mount
  systemctl start mnt-data.mount
  mountpoint --quiet ${dataFolder}
}

guard_metadata() {
  doing="keep containers from the metadata service"
  systemctl enable --quiet --now metadata-guard.service
}

trust_docker() {
  doing="fetch the key of Docker's packages"
  require ca-certificates curl gpg
  key=/etc/apt/keyrings/docker.asc
  install --directory --mode=755 /etc/apt/keyrings
  curl --fail --silent --show-error --location --retry 5 --retry-all-errors --max-time 60 \\
    --output "$key.new" "https://download.docker.com/linux/$ID/gpg"
  rings=$(mktemp --directory)
  found=$(gpg --homedir "$rings" --batch --quiet --show-keys --with-colons "$key.new" |
    awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }')
  rm -r "$rings"
  [ "$found" = ${dockerKey} ] ||
    fail "the key of Docker's packages has the fingerprint '$found' instead of ${dockerKey}: it was not trusted, and nothing of it installed."
  chmod 644 "$key.new"
  mv "$key.new" "$key"
  printf '%s\\n' "Types: deb" "URIs: https://download.docker.com/linux/$ID" "Suites: $VERSION_CODENAME" \\
    "Components: stable" "Signed-By: $key" > /etc/apt/sources.list.d/docker.sources
}

install_docker() {
  doing="install Docker Engine $docker_version"
  . /etc/os-release
  case $ID in
    debian | ubuntu) ;;
    *) fail "Docker Engine is installed on Debian and Ubuntu; this server runs $ID." ;;
  esac
  version=5:$docker_version-1~$ID.$VERSION_ID~$VERSION_CODENAME
  if [ "$(version_of docker-ce)" != "installed $version" ] || [ "$(version_of docker-ce-cli)" != "installed $version" ] ||
    ! is_installed containerd.io || ! is_installed docker-buildx-plugin; then
    trust_docker
    doing="install Docker Engine $version"
    apt update
    apt install --allow-change-held-packages \\
      "docker-ce=$version" "docker-ce-cli=$version" containerd.io docker-buildx-plugin
  fi
  apt-mark hold docker-ce docker-ce-cli containerd.io docker-buildx-plugin > /dev/null
}

root_of_docker() {
  docker info --format '{{.DockerRootDir}}' 2> /dev/null || true
}

start_docker() {
  doing="start Docker Engine on the data volume"
  systemctl enable --quiet --now docker.socket
  systemctl enable --quiet docker.service
  if [ "$(root_of_docker)" != ${dockerRoot} ]; then
    systemctl restart docker.service
  fi
  [ "$(root_of_docker)" = ${dockerRoot} ] ||
    fail "Docker Engine does not keep its data at ${dockerRoot}: see journalctl --unit=docker."
}

secure_ssh
set_kernel
keep_time
make_swap
stop_docker
wait_for_volume
format_volume
mount_volume
guard_metadata
install_docker
start_docker
upgrade_unattended
`;
}
