import { means } from "./pattern";

/** A container that a rule lets be as it is. Each is granted singly, with the reason that a reviewer will ask for. */
export interface Exception {
  /** The name of the rule. */
  readonly rule: string;
  /** The containers, by their label `org.joinmastodon.part`; `sidekiq-*` is all that begin so. */
  readonly parts: readonly string[];
  /** A variable that only the containers of a certain image have. Default: whatever image it is. */
  readonly having?: string;
  /** What exactly is let pass, where a rule can tell; absent: all that it would object to. */
  readonly allows?: readonly string[];
  readonly reason: string;
}

/** The image of the LinuxServer project, whose containers are told by what only its init reads. */
const linuxserver = { parts: ["web", "sidekiq-*"], having: "PUID" } as const;

/** Every exception to a rule about containers. */
export const exceptions: readonly Exception[] = [
  {
    rule: "drop-capabilities",
    parts: ["gateway"],
    allows: ["NET_BIND_SERVICE"],
    reason: "Caddy's program carries this capability, and cannot be executed without it",
  },
  {
    rule: "drop-capabilities",
    ...linuxserver,
    allows: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"],
    reason: "its init, s6, gives folders to the user that it then becomes, and nginx binds 443",
  },
  {
    rule: "keep-root-read-only",
    ...linuxserver,
    reason: "its init edits /etc/passwd and takes away the services that are not wanted",
  },
  {
    rule: "keep-root-read-only",
    parts: ["search"],
    reason: "the search engines write keystore, logs and temporary files into their own folder",
  },
  {
    rule: "name-user",
    parts: ["gateway"],
    reason:
      "Caddy's image has no other user that owns its data; without capabilities root is an ordinary user there",
  },
  {
    rule: "name-user",
    ...linuxserver,
    reason: "its init starts as root and runs all that listens or works as another user",
  },
];

/** The exceptions to a rule that hold for a container. */
export const exceptionsFor = (
  rule: string,
  part: string,
  variables: readonly string[],
  all: readonly Exception[],
): Exception[] =>
  all.filter(
    (exception) =>
      exception.rule === rule &&
      exception.parts.some((pattern) => means(pattern, part)) &&
      (exception.having === undefined || variables.includes(exception.having)),
  );
