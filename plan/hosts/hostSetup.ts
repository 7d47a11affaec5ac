import { expectForm, expectUser } from "./expectForm";
import {
  dataDevicePrefix,
  dataFolder,
  dockerFile,
  dockerRoot,
  dockerUnitFile,
  kernelFile,
  metadataUnitFile,
  mountUnitFile,
  sshdFile,
  upgradesFile,
  type HostFile,
} from "./hostFiles";

/** The Docker Engine of servers that the program makes: of the package's version the part between epoch and suite. */
// renovate: datasource=github-releases depName=moby/moby extractVersion=^docker-v(?<version>.+)$
export const dockerEngineVersion = "29.8.2";

/** What a server is to be made, as plain JSON. */
export interface HostSetupSpec {
  /** The one user who can log in. */
  readonly user: string;
  /** Size of the swap file on the server's own disk. */
  readonly swapMb: number;
  readonly docker: { readonly version: string };
  /** When the server reboots, should an upgrade ask for it: `04:30`, in UTC. */
  readonly rebootTime: string;
}

/** Where the script lies on the server. */
export const hostSetupPath = "/usr/local/sbin/mastodon-host";

/** Fingerprint of the key "Docker Release (CE deb)": https://docs.docker.com/engine/install/debian/ */
const dockerKey = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/** The API attaches the volume once the server runs, and the system may take a moment to see it. */
const volumeWaitSeconds = 120;

/**
 * A script that makes a Debian or Ubuntu the host of an instance, run as root. It may be run again at any time, on a
 * server that is in use too: it changes what is not as it should be, and nothing else.
 *
 * @param dataVolumeId Hetzner's number of the volume that holds Docker's data; it must be attached without `automount`
 * @throws Error naming a value that it cannot hold
 */
export function hostSetup(spec: HostSetupSpec, dataVolumeId: string): string {
  check(spec, dataVolumeId);
  const { user, swapMb, docker, rebootTime } = spec;
  const [engine, metadata] = [dockerFile(), metadataUnitFile()];
  const files = [
    sshdFile(user),
    kernelFile(),
    upgradesFile(rebootTime),
    engine,
    dockerUnitFile(),
    mountUnitFile(dataVolumeId),
    metadata,
  ];
  return `#!/bin/sh
# Makes this server a Docker host whose data lies on its volume.
set -eu

volume=${dataDevicePrefix}${dataVolumeId}
docker_version=${docker.version}
swap_mb=${swapMb}
doing=start
written=

trap '[ $? -eq 0 ] || echo "mastodon-host: could not $doing; the lines above say why." >&2' EXIT

fail() {
  trap - EXIT
  echo "mastodon-host: $1" >&2
  exit 1
}

# A run whose connection was cut goes on by itself.
exec 9> /run/mastodon-host.lock
flock --nonblock 9 || {
  echo "An earlier set-up is still at work; waiting for its end."
  flock 9
}

# Takes the file's content from its standard input.
write() {
  doing="write $1"
  install --directory --mode=755 "$(dirname "$1")"
  cat > "$1.new"
  if cmp --silent "$1.new" "$1"; then
    rm "$1.new"
  else
    chmod 644 "$1.new"
    mv "$1.new" "$1"
    written="$written $1"
  fi
}

is_written() {
  case "$written " in *" $1 "*) ;; *) return 1 ;; esac
}

# Another apt may hold a lock just after the first boot, and a name server may not answer yet.
apt() {
  tries=1
  until DEBIAN_FRONTEND=noninteractive timeout 900 apt-get --yes --quiet --option=DPkg::Lock::Timeout=300 "$@"; do
    [ "$tries" -lt 5 ] || return 1
    tries=$((tries + 1))
    sleep 10
    # What a power cut has left half-way.
    dpkg --configure --pending || true
  done
}

version_of() {
  dpkg-query --show --showformat='\${db:Status-Status} \${Version}' "$1" 2> /dev/null |
    sed --quiet 's/^installed //p'
}

is_installed() {
  [ -n "$(version_of "$1")" ]
}

# What somebody has made newer by hand is left so.
is_at_least() {
  is_installed "$1" && dpkg --compare-versions "$(version_of "$1")" ge "$2"
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
  doing="make a swap file of $swap_mb MB"
  if [ "$(stat --format=%s /swapfile 2> /dev/null)" != $((swap_mb * 1048576)) ]; then
    # The kernel refuses a swap file with holes. Where the file system cannot give out blocks unwritten, they are written.
    rm -f /swapfile.new
    (
      umask 077
      fallocate --length "$swap_mb"MiB /swapfile.new ||
        dd if=/dev/zero of=/swapfile.new bs=1M count="$swap_mb" status=none
    )
    mkswap /swapfile.new > /dev/null
    # What is swapped out may not fit into the memory now: then the old file stays.
    if grep -q '^/swapfile ' /proc/swaps && ! swapoff /swapfile; then
      rm /swapfile.new
    else
      mv /swapfile.new /swapfile
    fi
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

grow_volume() {
  said=$(resize2fs "$volume" 2>&1) ||
    fail "the file system of the data volume could not be made as large as the volume: $said"
}

guard_metadata() {
  doing="keep containers from the metadata service"
  systemctl enable --quiet --now metadata-guard.service
  if is_written ${metadata.path}; then systemctl restart metadata-guard.service; fi
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
  if ! is_at_least docker-ce "$version" || ! is_at_least docker-ce-cli "$version" ||
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
  # Its containers go on while it is started again.
  if [ "$(root_of_docker)" != ${dockerRoot} ] || [ ${engine.path} -nt /run/docker.pid ]; then
    systemctl restart docker.service
  fi
  [ "$(root_of_docker)" = ${dockerRoot} ] ||
    fail "Docker Engine does not keep its data at ${dockerRoot}: see journalctl --unit=docker."
}

${files.map(writeFile).join("\n")}
secure_ssh
set_kernel
keep_time
make_swap
stop_docker
wait_for_volume
format_volume
mount_volume
grow_volume
guard_metadata
install_docker
start_docker
upgrade_unattended
`;
}

const end = "END-OF-FILE";

const writeFile = ({ path, content }: HostFile): string =>
  `write ${path} <<'${end}'\n${content}${end}`;

/** Each form leaves no room for a character that means something to a shell or a configuration file. */
function check({ user, swapMb, docker, rebootTime }: HostSetupSpec, dataVolumeId: string): void {
  expectUser(user);
  expectForm("docker.version", docker.version, /^\d+\.\d+\.\d+$/, "a version such as 29.8.2");
  expectForm("rebootTime", rebootTime, /^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 04:30");
  expectForm("swapMb", String(swapMb), /^[1-9]\d{0,6}$/, "a whole number of megabytes");
  expectForm("dataVolumeId", dataVolumeId, /^[1-9]\d*$/, "the number of a volume");
}
