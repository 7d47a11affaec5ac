import type { Environment } from "./environmentValue";
import { flavourOf } from "./flavours/flavourOf";
import { copyingImage } from "./images";
import type { JobSpec } from "./jobs";
import { objectCache, type BucketConfig, type S3Media } from "./media";
import { labelsOf, physicalName } from "./names";
import { runOnce } from "./oneOff";
import { commandLine, quote } from "./shell";
import type { Sizing } from "./sizing";

export interface MoveWishes {
  /** Leaves out copies of other servers' media, which Mastodon fetches anew when somebody asks for them. */
  readonly withoutCache: boolean;
  /** Compares every file with what is in the bucket afterwards. */
  readonly verify: boolean;
}

/** Exit codes of the copying, each of which is another thing to be told. */
export const moveFailures = { copying: 10, comparing: 11 } as const;

/** What rclone reads of the bucket: https://rclone.org/s3/. As any service, since the quirks of each are not needed here. */
function remote({ bucket, endpoint, region, addressing }: S3Media): Environment {
  return {
    BUCKET: bucket,
    RCLONE_CONFIG_MEDIA_TYPE: "s3",
    RCLONE_CONFIG_MEDIA_PROVIDER: "Other",
    RCLONE_CONFIG_MEDIA_ENDPOINT: endpoint,
    RCLONE_CONFIG_MEDIA_REGION: region,
    RCLONE_CONFIG_MEDIA_FORCE_PATH_STYLE: String(addressing === "path"),
    // It may neither make a bucket nor look whether there is one: its key is for objects alone.
    RCLONE_CONFIG_MEDIA_NO_CHECK_BUCKET: "true",
    RCLONE_CONFIG_MEDIA_ACCESS_KEY_ID: { secret: "s3AccessKeyId" },
    RCLONE_CONFIG_MEDIA_SECRET_ACCESS_KEY: { secret: "s3SecretAccessKey" },
  };
}

/**
 * Whoever may not read a file on the volume may not read it in the bucket: Mastodon takes the right from the files of
 * suspended accounts (`SuspendAccountService`), and gives archives that people ask for to nobody else (`Backup`).
 */
const isPublic = String.raw`-perm -004 ! -path './backups/*'`;
const isPrivate = String.raw`\( ! -perm -004 -o -path './backups/*' \)`;

/** Runs inside the container, where the volume is at `/media`. Paths on the volume are those in the bucket. */
function copyScript({ acl }: S3Media, { withoutCache, verify }: MoveWishes): string {
  const every = `find . -type f${withoutCache ? " ! -path './cache/*'" : ""}`;
  const rclone =
    "rclone --config= --fast-list --stats=10s --stats-one-line --stats-log-level=NOTICE";
  const copy = (list: string, permission: string): string => {
    // What an account was suspended for since the last run is there, and still public: only a new one has other rights.
    const compared = permission === "private" ? "--ignore-times" : "--checksum";
    return [
      `if [ -s ${list} ]; then`,
      `  RCLONE_CONFIG_MEDIA_ACL=${permission} ${rclone} copy ${compared} --transfers=8 ${quote(`--header-upload=Cache-Control: ${objectCache}`)} --files-from-raw=${list} . "media:$BUCKET" || exit ${moveFailures.copying}`,
      "fi",
    ].join("\n");
  };
  const lists =
    acl === "none"
      ? [{ list: "/tmp/public", which: "", permission: "" }]
      : [
          { list: "/tmp/public", which: ` ${isPublic}`, permission: acl },
          { list: "/tmp/private", which: ` ${isPrivate}`, permission: "private" },
        ];
  return [
    "set -eu",
    "cd /media",
    ...lists.flatMap(({ list, which }) => [
      `${every}${which} > ${list}`,
      String.raw`sed -i 's|^\./||' ${list}`,
    ]),
    `cat ${lists.map(({ list }) => list).join(" ")} > /tmp/all`,
    'echo "Files on the volume: $(wc -l < /tmp/all)"',
    ...lists.map(({ list, permission }) => copy(list, permission)),
    ...(verify
      ? [
          'echo "Comparing each file with the bucket"',
          `if [ -s /tmp/all ]; then ${rclone} check --one-way --files-from-raw=/tmp/all . "media:$BUCKET" || exit ${moveFailures.comparing}; fi`,
        ]
      : []),
  ].join("\n");
}

/**
 * Copies the volume into the bucket, each file with the rights and the caching that Mastodon would give it. What is there
 * already is left as it is, so that a run that was cut short is gone on with.
 */
export function mediaMove(
  config: BucketConfig,
  sizing: Sizing,
  wishes: MoveWishes,
): Pick<JobSpec, "script" | "environment"> {
  const environment = remote(config.media);
  const run = runOnce(config, {
    part: "media-move",
    network: "egress",
    // Whom the files belong to: without capabilities, not even root could read those of others.
    user: flavourOf(config.image).oneOff.user,
    tmpfs: { "/tmp": "mode=1777,size=256m" },
    options: [
      "--init",
      "--entrypoint=sh",
      "--env=HOME=/tmp",
      // An empty volume would be given the owner of a folder of the image, and Mastodon could not write to it any more.
      `--volume=${physicalName(config.name, "media")}:/media:ro,nocopy`,
    ],
    memoryMb: sizing.job.memoryMb,
    variables: Object.keys(environment),
    image: quote(copyingImage(config)),
    command: ["-c", copyScript(config.media, wishes)],
  });
  return { script: `set -eu\n${run}`, environment };
}

/** Prints something if the instance that runs puts its media into this bucket already. */
export function bucketInUse(config: BucketConfig): string {
  const { bucket, endpoint } = config.media;
  const filters = Object.entries(labelsOf(config.name, "web")).map(
    ([key, value]) => `--filter=label=${key}=${value}`,
  );
  const isSet = [`S3_BUCKET=${bucket}`, `S3_ENDPOINT=${endpoint}`].map(
    (line) => `(eq . ${JSON.stringify(line)})`,
  );
  // No more of its variables than these, since others are secrets.
  const format = `{{range .Config.Env}}{{if or ${isSet.join(" ")}}}x{{end}}{{end}}`;
  return [
    "set -eu",
    `web=$(${commandLine(["docker", "ps", "--quiet", ...filters])} | head -n 1)`,
    `if [ -n "$web" ]; then docker inspect --format ${quote(format)} "$web" | grep -x xx || true; fi`,
  ].join("\n");
}
