import { tagOf } from "../images";

/** Where something can be read. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

interface Change {
  readonly key: string;
  /** References; empty: there was none. */
  readonly before: string;
  readonly after: string;
  /** Where images that are built come from. */
  readonly repository?: string;
}

/** The version that a tag names, without a leading v and without what names the system below: `17.11-bookworm` is 17.11. */
const versionIn = (reference: string): string =>
  /^v?(\d[\d.]*(?:-(?:alpha|beta|rc)\.\d+)?)/.exec(tagOf(reference))?.[1] ?? "";

const onGitHub = (repository: string): string => `https://github.com/${repository}`;

const release = (repository: string, tag: string): Link => ({
  title: `notes of ${tag}`,
  url: `${onGitHub(repository)}/releases/tag/${tag}`,
});

/** Everything that lies between two tags or commits. */
const comparison = (url: string, before: string, after: string): Link[] =>
  before === "" || before === after
    ? []
    : [
        {
          title: `${short(before)} to ${short(after)}`,
          url: `${url}/compare/${before}...${after}`,
        },
      ];

/** A commit as people name it; a tag as it is. */
const short = (name: string): string => (/^[0-9a-f]{40}$/.test(name) ? name.slice(0, 10) : name);

const mastodon = "mastodon/mastodon";

/** Mastodon's own releases, to be read all of them: each may ask for steps of its own. */
function ofMastodon({ before, after, repository }: Change): Link[] {
  if (after.startsWith("mastodon-source/")) return ofSource(before, after, repository);
  const [from, to] = [before, after].map(versionIn);
  if (to === undefined || to === "") return [];
  const lines = comparison(onGitHub(mastodon), from === "" ? "" : `v${from ?? ""}`, `v${to}`);
  const builds = after.includes("linuxserver/")
    ? [
        {
          title: "LinuxServer's builds",
          url: `${onGitHub("linuxserver/docker-mastodon")}/releases`,
        },
      ]
    : [];
  return [...(from === to ? [] : [release(mastodon, `v${to}`), ...lines]), ...builds];
}

/** Of glitch-soc or any other fork, commit by commit, where it lies on a server that shows them so. */
function ofSource(before: string, after: string, repository = ""): Link[] {
  const url = repository.replace(/\.git$/, "");
  if (!url.startsWith("https://github.com/")) return [];
  const to = tagOf(after);
  const from = before.startsWith("mastodon-source/") ? tagOf(before) : "";
  return from === ""
    ? [{ title: `commit ${short(to)}`, url: `${url}/commit/${to}` }]
    : comparison(url, from, to);
}

/** By the key of an image. That of streaming is always of the same version as Mastodon's. */
const notes: Readonly<Record<string, (change: Change) => Link[]>> = {
  mastodon: ofMastodon,
  postgres: ({ after }) => {
    const version = versionIn(after);
    return [
      { title: `notes of ${version}`, url: `https://www.postgresql.org/docs/release/${version}/` },
    ];
  },
  redis: ({ after }) => [release("redis/redis", versionIn(after))],
  caddy: ({ after }) => [release("caddyserver/caddy", `v${versionIn(after)}`)],
  cloudflared: ({ after }) => [release("cloudflare/cloudflared", versionIn(after))],
  elasticsearch: ({ after }) => {
    const version = versionIn(after);
    const series = version.split(".").slice(0, 2).join(".");
    return [
      {
        title: `notes of ${version}`,
        url: `https://www.elastic.co/guide/en/elasticsearch/reference/${series}/release-notes-${version}.html`,
      },
    ];
  },
  opensearch: ({ after }) => [release("opensearch-project/OpenSearch", versionIn(after))],
  rclone: ({ after }) => [release("rclone/rclone", `v${versionIn(after)}`)],
};

/** Where it says what is new in an image. Nothing where only its digest is another one: that has no notes. */
export function releaseNotes(change: Change): Link[] {
  const isSame = tagOf(change.before) === tagOf(change.after);
  const isNamed =
    change.key in notes &&
    (versionIn(change.after) !== "" || /^[0-9a-f]{40}$/.test(tagOf(change.after)));
  return isSame || !isNamed ? [] : (notes[change.key]?.(change) ?? []);
}
