import type { Config } from "./configSchema";
import type { Environment } from "./environmentValue";

export type S3Media = Extract<Config["media"], { readonly kind: "s3" }>;

/** A configuration in which media is kept in a bucket. */
export type BucketConfig = Config & { readonly media: S3Media };

export const hasBucket = (config: Config): config is BucketConfig => config.media.kind === "s3";

/** Where uploads are, in words; kept in the state, so that another place is seen before it is used. */
export const mediaPlace = ({ media }: Pick<Config, "media">): string =>
  media.kind === "s3" ? `bucket ${media.bucket} at ${media.endpoint}` : "volume";

/** How long browsers and caches may keep what is in the bucket: as Mastodon itself says it of each file that it puts there. */
export const objectCache = "public, max-age=315576000, immutable";

/** Of a bucket that is addressed by its own name; Mastodon would still write addresses of the other form, if not told. */
const hostOfBucket = ({ bucket, endpoint }: S3Media): string =>
  `${bucket}.${new URL(endpoint).host}`;

/** The host in whose name media is published, with nothing of the bucket behind it. */
function aliasHost(media: S3Media): string | undefined {
  return media.aliasHost ?? (media.addressing === "virtual" ? hostOfBucket(media) : undefined);
}

/** An alias is for browsers, which take nothing but HTTPS; an endpoint without it is on a machine of one's own. */
const protocolOf = ({ aliasHost, endpoint }: S3Media): "http" | "https" =>
  aliasHost === undefined && endpoint.startsWith("http:") ? "http" : "https";

/** Where everybody fetches media, without a slash at its end: what Mastodon puts before the path of each file. */
export function publicBase(media: S3Media): string {
  const host = aliasHost(media) ?? `${new URL(media.endpoint).host}/${media.bucket}`;
  return `${protocolOf(media)}://${host}`;
}

/** Where a file is that is no longer on the volume, without a slash at its end; nothing where media stays there. */
export const mediaRedirect = ({ media }: Pick<Config, "media">): string | undefined =>
  media.kind === "s3" ? publicBase(media) : undefined;

/**
 * What Mastodon is told of where media is kept (`config/initializers/paperclip.rb`). The hosts that its pages may load
 * media from follow from it too (`app/lib/content_security_policy.rb`), but always with HTTPS.
 */
export function mediaEnvironment({ media }: Pick<Config, "media">): Environment {
  if (media.kind === "volume") return {};
  const alias = aliasHost(media);
  const protocol = protocolOf(media);
  return {
    S3_ENABLED: "true",
    S3_BUCKET: media.bucket,
    S3_REGION: media.region,
    S3_ENDPOINT: media.endpoint,
    S3_PROTOCOL: protocol,
    S3_HOSTNAME: new URL(media.endpoint).host,
    ...(alias === undefined ? {} : { S3_ALIAS_HOST: alias }),
    // An empty one has it send no ACL at all; left out, it would be public-read.
    S3_PERMISSION: media.acl === "none" ? "" : media.acl,
    // It means the contrary of what it seems to: the bucket becomes part of the host.
    ...(media.addressing === "virtual" ? { S3_OVERRIDE_PATH_STYLE: "true" } : {}),
    ...(protocol === "http" ? { EXTRA_MEDIA_HOSTS: new URL(media.endpoint).origin } : {}),
    AWS_ACCESS_KEY_ID: { secret: "s3AccessKeyId" },
    AWS_SECRET_ACCESS_KEY: { secret: "s3SecretAccessKey" },
  };
}
