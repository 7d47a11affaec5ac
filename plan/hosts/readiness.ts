/**
 * Waits until a server has set itself up: for SSH, for cloud-init's end, for Docker, and for the containers that it finds
 * on its data volume. A set-up that failed is told by its own log, a stranger's host key at once.
 *
 * @param name the server's alias in the SSH configuration
 * @param label of the instance's containers
 * @param seconds how long it may take
 */
export function readinessScript(name: string, label: string, seconds: number): string {
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

echo 'Waiting for its set-up (cloud-init): it installs Docker, which takes a few minutes.'
while :; do
  said=$(ssh ${name} cloud-init status --wait 2>&1)
  code=$?
  # 255 is ssh's own: the set-up may restart the server's SSH. 2 is cloud-init's word for done, with complaints.
  case $code in
    0 | 2) break ;;
    255) left || fail 'The server ${name} stopped answering during its set-up.' "ssh says: $said"; sleep 3 ;;
    *) fail 'The set-up of the server ${name} (cloud-init) failed. The end of its log:' "$(ssh ${name} tail -n 40 /var/log/cloud-init-output.log 2>&1)" 'A set-up runs once: mend the reason, and have the server made anew with: npm run pulumi -- up --replace "**hcloud:index/server:Server::**"' ;;
  esac
done

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
