import { hostSetup, hostSetupPath, type HostSetupSpec } from "./hostSetup";

/** What a server has to be before anything is asked of its engine. */
export interface ReadinessSpec {
  /** The server's alias in the SSH configuration. */
  readonly name: string;
  /** Of the instance's containers. */
  readonly label: string;
  /** How long it may take until it answers, and its containers after that. */
  readonly seconds: number;
  readonly setup: HostSetupSpec;
}

const end = "END-OF-SETUP";

/**
 * Waits for a server's SSH and first boot, sets it up or brings its set-up to what it is now, and waits for Docker and for
 * the containers that it finds on the data volume. What fails is told as it is printed, a stranger's host key at once.
 *
 * @param dataVolumeId Hetzner's number of the volume
 */
export function readinessScript(
  { name, label, seconds, setup }: ReadinessSpec,
  dataVolumeId: string,
): string {
  return `set -u
began=$(date +%s)
left() { [ $(($(date +%s) - began)) -lt ${seconds} ]; }
fail() { printf '%s\\n' "$@" >&2; exit 1; }

echo 'Waiting for the server ${name} to answer on SSH.'
until said=$(ssh ${name} true 2>&1); do
  case $said in
    *'Host key verification failed'* | *'IDENTIFICATION HAS CHANGED'*)
      fail 'Another machine answers at the address of ${name}: its host key is not the one that was made for it. Nothing was sent to it.' ;;
  esac
  left || fail 'The server ${name} does not answer on SSH after ${seconds} seconds. Is SSH from your address allowed (host.adminIps)? Its console is in the Hetzner Cloud Console.' "ssh says: $said"
  sleep 3
done

while :; do
  said=$(ssh ${name} cloud-init status --wait 2>&1)
  code=$?
  # 255 is ssh's own: the first boot may restart the server's SSH. 2 is cloud-init's word for done, with complaints.
  case $code in
    0 | 2) break ;;
    255) left || fail 'The server ${name} stopped answering during its first boot.' "ssh says: $said"; sleep 3 ;;
    *) fail 'The first boot of the server ${name} (cloud-init) failed. The end of its log:' "$(ssh ${name} tail -n 40 /var/log/cloud-init-output.log 2>&1)" 'A first boot comes once: have the server made anew with: npm run pulumi -- up --replace "**hcloud:index/server:Server::**"' ;;
  esac
done

echo 'Setting the server up. The first time, it installs Docker, which takes a few minutes.'
# Whole or not at all. It goes on to its end even if the connection is cut.
ssh ${name} "sudo sh -c 'cat > ${hostSetupPath}.new && chmod 700 ${hostSetupPath}.new && mv ${hostSetupPath}.new ${hostSetupPath}'" <<'${end}' &&
${hostSetup(setup, dataVolumeId)}${end}
  ssh ${name} "sudo bash -o pipefail -c '${hostSetupPath} 2>&1 | tee --output-error=warn-nopipe /var/log/mastodon-host.log'" ||
  fail 'The set-up of the server ${name} failed: the lines above say why, and /var/log/mastodon-host.log on it all the rest. Mend it and repeat; the set-up goes on from where it is.'

until version=$(ssh ${name} docker version --format '{{.Server.Version}}' 2>&1); do
  left || fail 'Docker does not answer on the server ${name}. docker says:' "$version"
  sleep 2
done
echo "Docker $version is ready."

starting() { ssh ${name} docker ps --quiet --filter label=${label} --filter health=starting 2>&1; }
while [ -n "$(starting)" ]; do
  # What is not well by then is for whoever looks at the instance: the server itself is ready.
  left || break
  sleep 2
done
`;
}
