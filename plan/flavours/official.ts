import { mastodonTmpfs, mastodonUser, processes } from "../mastodon";
import type { Flavour } from "./flavour";

/** What all images have in common that are made by the Dockerfiles of Mastodon's own repository. */
export const upstreamLayout = {
  upstreams: {
    web: { service: "web", port: 3000 },
    streaming: { service: "streaming", port: 4000 },
  },
  oneOff: { user: mastodonUser, tmpfs: mastodonTmpfs },
  migrations: { kind: "byJob" },
} as const satisfies Partial<Flavour>;

/** The images that the Mastodon project publishes. @param version without the leading v */
export function official(version: string): Flavour {
  return {
    ...upstreamLayout,
    images: {
      mastodon: `ghcr.io/mastodon/mastodon:v${version}`,
      streaming: `ghcr.io/mastodon/mastodon-streaming:v${version}`,
    },
    processes,
    faults: () => [],
  };
}
