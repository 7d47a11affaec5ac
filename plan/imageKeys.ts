import type { Architecture } from "./hosts/architecture";

/** The images that an instance may consist of. */
export const imageKeys = ["postgres", "redis", "caddy", "mastodon", "streaming"] as const;

export type ImageKey = (typeof imageKeys)[number];

/** The reference of each image; streaming has none where Mastodon's image holds it. */
export type Images = Readonly<Record<Exclude<ImageKey, "streaming">, string>> & {
  readonly streaming?: string;
};

/** The images that are of another architecture than the host, each with its own. */
export type Emulated = Readonly<Partial<Record<ImageKey, Architecture>>>;
