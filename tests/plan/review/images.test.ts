import { imageChangesOf } from "../../../plan/review/imageChanges";
import type { ImageChange } from "../../../plan/review/imageChanges";
import { shownImage } from "../../../plan/review/sentences";
import { imageKeys } from "../../../plan";
import { releaseNotes } from "../../../plan/review/releaseNotes";
import type { Step } from "../../../plan/review/step";

const pinned = (reference: string, digit = "0"): string =>
  reference === "" ? "" : `${reference}@sha256:${digit.repeat(64)}`;

const snapshot = (name: string): Step["before"] => ({
  inputs: { name },
  outputs: {},
  protect: false,
  retain: false,
});

/** The change of one image; an empty reference stands for none. */
function changeOf(key: string, before: string, after: string, repository?: string): ImageChange {
  const [was, is] = [snapshot(before), snapshot(after)];
  const step: Step = {
    urn: "",
    type: "docker:index/remoteImage:RemoteImage",
    name: `mastodon-foundation-image-${key}`,
    change: before === "" ? "added" : after === "" ? "removed" : "replaced",
    goesFirst: false,
    keys: ["name"],
    ...(before === "" || was === undefined ? {} : { before: was }),
    ...(after === "" || is === undefined ? {} : { after: is }),
  };
  const [change] = imageChangesOf([step], repository === undefined ? {} : { repository });
  if (change === undefined) throw new Error(`${before} to ${after} was taken for no change`);
  return change;
}

it.each([
  ["mastodon", "ghcr.io/mastodon/mastodon:v4.7.2", "ghcr.io/mastodon/mastodon:v4.7.3", "patch"],
  ["mastodon", "ghcr.io/mastodon/mastodon:v4.7.2", "ghcr.io/mastodon/mastodon:v4.8.0", "minor"],
  ["mastodon", "ghcr.io/mastodon/mastodon:v4.7.10", "ghcr.io/mastodon/mastodon:v5.0.0", "major"],
  ["mastodon", "ghcr.io/mastodon/mastodon:v4.7.10", "ghcr.io/mastodon/mastodon:v4.7.9", "older"],
  [
    "mastodon",
    "ghcr.io/mastodon/mastodon:v4.8.0-rc.1",
    "ghcr.io/mastodon/mastodon:v4.8.0",
    "patch",
  ],
  ["mastodon", "ghcr.io/mastodon/mastodon:v4.7.2", "lscr.io/linuxserver/mastodon:4.7.2", "other"],
  [
    "mastodon",
    "lscr.io/linuxserver/mastodon:4.7.2-ls1",
    "lscr.io/linuxserver/mastodon:4.7.2-ls2",
    "rebuilt",
  ],
  ["postgres", "postgres:17.11-bookworm", "postgres:17.12-bookworm", "patch"],
  ["postgres", "postgres:17.11-bookworm", "postgres:18.0-bookworm", "major"],
  ["postgres", "postgres:17.11-bookworm", "postgres:16.9-bookworm", "older"],
  ["redis", "redis:7.4.11-bookworm", "redis:8.0.2-bookworm", "major"],
  ["cloudflared", "cloudflare/cloudflared:2026.9.3", "cloudflare/cloudflared:2026.10.0", "minor"],
  ["caddy", "registry.example:5000/caddy:2.11.7", "registry.example:5000/caddy:2.12.0", "minor"],
  ["caddy", "", "caddy:2.11.7-alpine", "new"],
  ["cloudflared", "cloudflare/cloudflared:2026.9.3", "", "gone"],
])("%s from %s to %s is a change of the kind %s", (key, before, after, kind) => {
  expect(changeOf(key, pinned(before), pinned(after, "1")).kind).toBe(kind);
});

describe("where to read what is new", () => {
  const github = "https://github.com";
  it.each([
    [
      "postgres",
      "postgres:17.11-bookworm",
      "postgres:17.12-bookworm",
      ["https://www.postgresql.org/docs/release/17.12/"],
    ],
    [
      "redis",
      "redis:7.4.11-bookworm",
      "redis:7.4.12-bookworm",
      [`${github}/redis/redis/releases/tag/7.4.12`],
    ],
    [
      "caddy",
      "caddy:2.11.7-alpine",
      "caddy:2.12.0-alpine",
      [`${github}/caddyserver/caddy/releases/tag/v2.12.0`],
    ],
    [
      "cloudflared",
      "cloudflare/cloudflared:2026.9.3",
      "cloudflare/cloudflared:2026.10.0",
      [`${github}/cloudflare/cloudflared/releases/tag/2026.10.0`],
    ],
    [
      "elasticsearch",
      "docker.elastic.co/elasticsearch/elasticsearch:8.19.19",
      "docker.elastic.co/elasticsearch/elasticsearch:8.19.20",
      ["https://www.elastic.co/guide/en/elasticsearch/reference/8.19/release-notes-8.19.20.html"],
    ],
    [
      "opensearch",
      "opensearchproject/opensearch:2.19.5",
      "opensearchproject/opensearch:2.19.6",
      [`${github}/opensearch-project/OpenSearch/releases/tag/2.19.6`],
    ],
    [
      "rclone",
      "rclone/rclone:1.75.1",
      "rclone/rclone:1.76.0",
      [`${github}/rclone/rclone/releases/tag/v1.76.0`],
    ],
    [
      "mastodon",
      "lscr.io/linuxserver/mastodon:4.7.2-ls209",
      "lscr.io/linuxserver/mastodon:4.7.3-ls211",
      [
        `${github}/mastodon/mastodon/releases/tag/v4.7.3`,
        `${github}/mastodon/mastodon/compare/v4.7.2...v4.7.3`,
        `${github}/linuxserver/docker-mastodon/releases`,
      ],
    ],
  ])("of %s from %s to %s", (key, before, after, urls) => {
    expect(changeOf(key, pinned(before), pinned(after, "1")).links.map(({ url }) => url)).toEqual(
      urls,
    );
  });

  it("of a fork is what lies between two commits, where its repository is known to show that", () => {
    const [from, to] = ["a".repeat(40), "b".repeat(40)];
    const [before, after] = [`mastodon-source/mastodon:${from}`, `mastodon-source/mastodon:${to}`];
    const glitch = `${github}/glitch-soc/mastodon`;
    expect(changeOf("mastodon", before, after, `${glitch}.git`).links).toEqual([
      { title: "aaaaaaaaaa to bbbbbbbbbb", url: `${glitch}/compare/${from}...${to}` },
    ]);
    expect(changeOf("mastodon", before, after, "https://git.example.org/fork.git").links).toEqual(
      [],
    );
  });

  it("is known of every image but streaming's, which is of Mastodon's own version", () => {
    const version = "8.19.1";
    const known = [...imageKeys, "rclone"].filter(
      (key) => releaseNotes({ key, before: "", after: `any:${version}` }).length > 0,
    );
    expect(known).toEqual([...imageKeys.filter((key) => key !== "streaming"), "rclone"]);
  });
});

it("is shown by its tag, by its digest where the tags are the same, and by its name where that is another", () => {
  const shown = (before: string, after: string): string[] =>
    shownImage(changeOf("mastodon", before, after));
  expect(shown(pinned("caddy:1.1.1"), pinned("caddy:1.1.2"))).toEqual(["1.1.1", "1.1.2"]);
  expect(shown(pinned("caddy:1.1.1", "a"), pinned("caddy:1.1.1", "b"))).toEqual([
    "1.1.1 (aaaaaaaaaaaa…)",
    "1.1.1 (bbbbbbbbbbbb…)",
  ]);
  expect(shown("one.example/m:v1.1.1", "two.example/m:1.1.1")).toEqual([
    "one.example/m:v1.1.1",
    "two.example/m:1.1.1",
  ]);
  expect(shown("", "caddy:1.1.1")).toEqual(["none", "1.1.1"]);
});
