import type { ParsedConfig } from "../configSchema";
import type { Fault } from "../faults";
import { processes } from "../mastodon";
import { quoted } from "../shapes";
import type { BuildSpec, Flavour } from "./flavour";
import { upstreamLayout } from "./official";

type Choice = Extract<ParsedConfig["image"], { readonly flavour: "source" }>;

/** Images built from a repository of Mastodon or of a fork of it, by the Dockerfiles that it holds. */
export function source(choice: Choice): Flavour {
  const { repository, ref } = choice;
  const images = {
    mastodon: `mastodon-source/mastodon:${tagOf(ref)}`,
    streaming: `mastodon-source/streaming:${tagOf(ref)}`,
  };
  return {
    ...upstreamLayout,
    images,
    build: buildOf(choice, images),
    ...(isCommit(ref)
      ? {}
      : { unsettled: { repository, ref, at: (commit) => ({ ...choice, ref: commit }) } }),
    processes: (config, sizing) =>
      processes({ ...config, environment: { ...linkTo(choice), ...config.environment } }, sizing),
    faults: ({ images: overrides }) => [
      ...credentialFaults(repository),
      ...(["mastodon", "streaming"] as const).flatMap((key) => overrideFaults(key, overrides[key])),
    ],
  };
}

const isCommit = (ref: string): boolean => /^[0-9a-f]{40}$/.test(ref);

/** A branch may be named as no tag can be; it stands here only until its commit is known. */
const tagOf = (ref: string): string => ref.replaceAll(/[^\w.-]/g, "-");

/** Where the pages say that the code which runs can be read, as its licence asks. */
function linkTo({ repository, ref }: Choice): Readonly<Record<string, string>> {
  return /^https?:/.test(repository)
    ? { SOURCE_BASE_URL: repository.replace(/(\.git)?\/?$/, ""), SOURCE_TAG: ref }
    : {};
}

function buildOf(
  { repository, ref, build }: Choice,
  { mastodon, streaming }: Readonly<Record<"mastodon" | "streaming", string>>,
): BuildSpec {
  return {
    images: [mastodon, streaming],
    environment: { REPOSITORY: repository, COMMIT: ref, MASTODON: mastodon, STREAMING: streaming },
    script: [
      "set -eu",
      'stop() { printf "%s\\n" "$1" >&2; exit 1; }',
      'present() { docker image inspect "$1" > /dev/null 2>&1; }',
      'if present "$MASTODON" && present "$STREAMING"; then exit 0; fi',
      checkMeans,
      fetchCommit,
      makers[build],
      'make "$MASTODON" Dockerfile',
      'make "$STREAMING" streaming/Dockerfile',
    ].join("\n"),
  };
}

/** Clients before 23 hold BuildKit themselves, later ones need its plugin. */
const checkMeans = `command -v git > /dev/null || stop "git is not on the PATH of this machine: install it to build Mastodon from source, and repeat."
case $(docker version --format '{{.Client.Version}}') in
  18.09.* | 19.* | 20.* | 21.* | 22.*) ;;
  *) docker buildx version > /dev/null 2>&1 ||
    stop "Mastodon's Dockerfile needs BuildKit, and this machine's docker command has no buildx: install the package docker-buildx-plugin (in Debian docker-buildx), and repeat." ;;
esac`;

/** Exactly that commit, and nothing of what else may lie in a folder. */
const fetchCommit = `folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nobody is there to answer a question.
export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="\${GIT_SSH_COMMAND:-ssh -o BatchMode=yes -o ConnectTimeout=15}"
git init --quiet --bare "$folder"
git -C "$folder" fetch --quiet --depth=1 "$REPOSITORY" "$COMMIT" ||
  git -C "$folder" fetch --quiet "$REPOSITORY" '+refs/*:refs/*' ||
  stop "$REPOSITORY cannot be fetched: the reason is above."
for file in Dockerfile streaming/Dockerfile; do
  git -C "$folder" cat-file -e "$COMMIT:$file" 2> /dev/null ||
    stop "image.repository $REPOSITORY has no $file at $COMMIT: name a repository of Mastodon 4.4 or later, or of a fork of it."
done`;

const buildImage = `git -C "$folder" archive "$COMMIT" |
    DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain docker build --file "$2" --tag "$1" --build-arg "SOURCE_COMMIT=$COMMIT" --build-arg "MASTODON_VERSION_METADATA=$(printf %.7s "$COMMIT")"`;

/** `make IMAGE DOCKERFILE`, by where it is built. */
const makers = {
  host: `make() {
  if present "$1"; then return; fi
  ${buildImage} -
}`,
  // The operator's own engine is the client's default one; the host's is in DOCKER_HOST.
  operator: `host=$DOCKER_HOST
platform=linux/$(docker version --format '{{.Server.Arch}}')
make() {
  if present "$1"; then return; fi
  unset DOCKER_HOST
  ${buildImage} --platform "$platform" -
  docker save "$1" | docker --host "$host" load
  export DOCKER_HOST="$host"
}`,
} as const;

/** They would be in the state, in the lock file and in what the build prints. */
const credentialFaults = (repository: string): Fault[] =>
  /^https?:\/\/[^/]*@|^\w+:\/\/[^/@]*:[^/@]*@/.test(repository)
    ? [
        {
          path: "image.repository",
          message:
            "holds credentials, which would be kept in the state for everybody who may read it: leave them out, and let git ask a credential helper (git config credential.helper), or use an address like ssh://git@example.org/mastodon.git",
        },
      ]
    : [];

const overrideFaults = (key: string, reference: string | undefined): Fault[] =>
  reference === undefined
    ? []
    : [
        {
          path: `images.${key}`,
          message: `${quoted(reference)} contradicts flavour: source, which builds this image; remove one of them`,
        },
      ];
