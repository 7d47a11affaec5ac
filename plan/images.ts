import { defaultVersion, type ParsedConfig } from "./configSchema";
import type { Fault } from "./faults";
import { flavourOf } from "./flavours/flavourOf";
import type { Images } from "./imageKeys";
import { quoted } from "./shapes";

/*
 * References of the images, full tag and digest. A digest here is a fact that two independent public sources agree on
 * for the same tag. Where none was found, the reference has no digest: it is resolved at the image's registry on the
 * first `up`, and kept in the stack's lock file from then on.
 */
const pinned = {
  // renovate: datasource=docker depName=postgres
  postgres:
    "postgres:17.11-bookworm@sha256:639ab7ceb90e13123085b741fb31ef493fba25463002f6da665352e7b534b652",
  // renovate: datasource=docker depName=redis
  redis:
    "redis:7.4.11-bookworm@sha256:c6eabf748fc7a61dbb5a705c78bcf3d6377b1127a97d0ce965c11c44ba46896f",
  // renovate: datasource=docker depName=caddy
  caddy:
    "caddy:2.11.7-alpine@sha256:d8542f48d34a9cf4e4c11a478865229840e87e4c96ea3f439101f31a5d35f75f",
  // 2026.8.0 sends requests to itself for ever: https://github.com/cloudflare/cloudflared/issues/1720
  // renovate: datasource=docker depName=cloudflare/cloudflared
  cloudflared:
    "cloudflare/cloudflared:2026.9.3@sha256:072c067d25ccbe61d46e18f0d0723255f2bb5304f7317caa95b27031520ff92c",
  // The client in Mastodon 4.7 is of Elasticsearch 8.
  // renovate: datasource=docker depName=docker.elastic.co/elasticsearch/elasticsearch
  elasticsearch: "docker.elastic.co/elasticsearch/elasticsearch:8.19.19",
  // Mastodon's own check takes no OpenSearch after 2 (app/lib/admin/system_check/elasticsearch_check.rb).
  // renovate: datasource=docker depName=opensearchproject/opensearch
  opensearch: "opensearchproject/opensearch:2.19.5",
  // renovate: datasource=docker depName=rclone/rclone
  rclone:
    "rclone/rclone:1.75.1@sha256:45401ad7410db1d67ffdb58e19059ad20b0d8e0285a60e38bbec55cc1019c7a5",
} as const;

/** The keys of a stack file from which its images follow. */
export type ImageChoice = Pick<ParsedConfig, "image" | "images" | "edge" | "search">;

/** The reference of every image: what the stack file overrides, else what is pinned here. */
export function resolveImages({ image, images: overrides, edge, search }: ImageChoice): Images {
  const { mastodon, streaming } = flavourOf(image).images;
  return {
    postgres: overrides.postgres ?? pinned.postgres,
    redis: overrides.redis ?? pinned.redis,
    caddy: overrides.caddy ?? pinned.caddy,
    mastodon: overrides.mastodon ?? mastodon,
    ...(streaming === undefined ? {} : { streaming: overrides.streaming ?? streaming }),
    ...(edge.kind === "tunnel" ? { cloudflared: overrides.cloudflared ?? pinned.cloudflared } : {}),
    ...(search.kind === "container"
      ? { [search.engine]: overrides[search.engine] ?? pinned[search.engine] }
      : {}),
  };
}

/** The image that moves media. It is no part of an instance: only that command has the host pull it. */
export const copyingImage = ({ images }: Pick<ParsedConfig, "images">): string =>
  images.rclone ?? pinned.rclone;

/**
 * The references in which no digest is written yet.
 *
 * @param built those that are built, and so have no digest in any registry
 */
export function unpinnedImages(images: Images, built: readonly string[] = []): string[] {
  return Object.values(images).filter(
    (reference) => !reference.includes("@sha256:") && !built.includes(reference),
  );
}

/** Fills in the digests that a lock file holds: reference → digest. */
export function pinImages(images: Images, lock: Readonly<Record<string, string>>): Images {
  const pin = (reference: string): string => {
    const digest = reference.includes("@") ? undefined : lock[reference];
    return digest === undefined ? reference : `${reference}@${digest}`;
  };
  const { postgres, redis, caddy, mastodon, ...optional } = images;
  return {
    postgres: pin(postgres),
    redis: pin(redis),
    caddy: pin(caddy),
    mastodon: pin(mastodon),
    ...Object.fromEntries(
      Object.entries(optional).map(([key, reference]) => [key, pin(reference)]),
    ),
  };
}

/** The tag of a reference, without its digest. */
export function tagOf(reference: string): string {
  const name = reference.split("@")[0] ?? reference;
  return name.slice(name.lastIndexOf(":") + 1);
}

/** The major version that a tag like `17.11-bookworm` begins with. */
export function majorOf(reference: string): number | undefined {
  const digits = /^v?(\d+)/.exec(tagOf(reference))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** What Mastodon 4.5 and later ask for (README.md of Mastodon). */
const leastPostgres = 14;
const leastRedis = 7;
/** The oldest series that has security support and needs no OTP_SECRET. */
const leastMastodon: readonly [number, number] = [4, 5];

/** Faults of the images that would only show once a container runs, or once data was written by the wrong version. */
export function imageFaults(choice: ImageChoice): Fault[] {
  const faults: Fault[] = [];
  const { images: overrides } = choice;
  const images = resolveImages(choice);
  const least: readonly (readonly ["postgres" | "redis", number])[] = [
    ["postgres", leastPostgres],
    ["redis", leastRedis],
  ];
  for (const [key, major] of least) {
    const found = majorOf(images[key]);
    if (found === undefined) {
      faults.push({
        path: `images.${key}`,
        message: `${quoted(images[key])} has a tag that does not begin with a version: the data volume is named for it; use one like ${tagOf(pinned[key])}`,
      });
    } else if (found < major) {
      faults.push({
        path: `images.${key}`,
        message: `${quoted(images[key])} is too old: Mastodon needs ${key} ${major} or later; use one like ${tagOf(pinned[key])}`,
      });
    }
  }
  faults.push(...engineFaults(choice, images));
  if (/alpine/.test(tagOf(images.postgres))) {
    faults.push({
      path: "images.postgres",
      message: `${quoted(images.postgres)} has another user and other sort orders than the Debian images, and indexes made under one break under the other; use a tag like ${tagOf(pinned.postgres)}`,
    });
  }
  const web = versionOf(images.mastodon);
  const streaming = images.streaming === undefined ? undefined : versionOf(images.streaming);
  if (web !== undefined && isOlder(web, leastMastodon)) {
    faults.push({
      path: overrides.mastodon === undefined ? "image.version" : "images.mastodon",
      message: `${quoted(overrides.mastodon ?? web)} is too old: versions before ${leastMastodon.join(".")}.0 get no security fixes; use ${defaultVersion}, after visiting each series in between`,
    });
  }
  if (web !== undefined && streaming !== undefined && web !== streaming) {
    faults.push({
      path: "images.streaming",
      message: `${quoted(images.streaming)} is of another version than ${quoted(images.mastodon)}: web and streaming must be the same; override both or neither`,
    });
  }
  return faults;
}

/** What Mastodon can speak to: from one major version to another. */
const engineMajors = { elasticsearch: [7, 8], opensearch: [1, 2] } as const;

function engineFaults({ search }: ImageChoice, images: Images): Fault[] {
  if (search.kind !== "container") return [];
  const { engine } = search;
  const reference = images[engine] ?? pinned[engine];
  const [least, most] = engineMajors[engine];
  const found = majorOf(reference);
  return found !== undefined && found >= least && found <= most
    ? []
    : [
        {
          path: `images.${engine}`,
          message: `${quoted(reference)} is none that Mastodon can search with, which needs ${engine} ${least} or ${most}; use one like ${tagOf(pinned[engine])}`,
        },
      ];
}

/** The version of Mastodon that a tag like `v4.7.2` names, if it names one. */
const versionOf = (reference: string): string | undefined =>
  /^v?(\d+\.\d+\.\d+.*)$/.exec(tagOf(reference))?.[1];

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor < major || (foundMajor === major && foundMinor < minor);
}
