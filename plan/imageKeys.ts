import type { Architecture } from "./hosts/architecture";

/** The images that an instance may consist of. */
export const imageKeys = [
  "postgres",
  "redis",
  "caddy",
  "mastodon",
  "streaming",
  "cloudflared",
  "elasticsearch",
  "opensearch",
] as const;

export type ImageKey = (typeof imageKeys)[number];

/** Images that an instance consists of only where its configuration asks for what they do. */
type OptionalImage = "streaming" | "cloudflared" | "elasticsearch" | "opensearch";

/** The reference of each image. */
export type Images = Readonly<Record<Exclude<ImageKey, OptionalImage>, string>> &
  Readonly<Partial<Record<OptionalImage, string>>>;

/** The images that are of another architecture than the host, each with its own. */
export type Emulated = Readonly<Partial<Record<ImageKey, Architecture>>>;
