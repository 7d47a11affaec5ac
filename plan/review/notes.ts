import { tagOf } from "../images";
import { changedMedia, isDeployed } from "./deployed";
import type { ImageChange } from "./imageChanges";
import { containerPart, types } from "./parts";
import type { Preview } from "./preview";
import type { Step } from "./step";

/** What is behind the version in a tag: the system that an image is built on. */
const systemOf = (reference: string): string =>
  /-([a-z][a-z0-9]*)$/.exec(tagOf(reference))?.[1] ?? "";

function ofImage({ key, kind, before, after }: ImageChange, steps: readonly Step[]): string[] {
  if (before === undefined || after === undefined) return [];
  if (key === "postgres" && systemOf(before) !== systemOf(after))
    return [
      `Postgres comes on another system (${systemOf(before)}, then ${systemOf(after)}), which may sort texts otherwise: have its indexes made anew afterwards, with REINDEX DATABASE.`,
    ];
  if (key !== "mastodon" || !["patch", "minor", "major", "other"].includes(kind)) return [];
  const byJob = steps.some(({ name, change }) => name.endsWith("-migrate") && change !== "removed");
  const phase = byJob
    ? "the job migrate brings the schema up to date while the old version still answers, before web, streaming and sidekiq are replaced"
    : "the new version brings the schema up to date while it starts, and nobody is answered until then";
  return [
    `Mastodon: ${phase}. It may take long on a large database, and there is no way back without a backup: make one before.`,
    ...(kind === "minor" || kind === "major"
      ? [
          "Mastodon: read the notes of every release in between, since each may ask for steps of its own.",
        ]
      : []),
  ];
}

function ofMedia(preview: Preview): string[] {
  return changedMedia(preview)?.before === "volume"
    ? [
        "Uploads go into a bucket from now on. What is on the volume stays there, and is not found until it is copied: run npm run media before and after (docs/media.md).",
      ]
    : [];
}

/** Another server, or another type of it. */
const isOrdered = ({ change, keys }: Step): boolean =>
  change === "replaced" || (change === "changed" && keys.includes("serverType"));

function ofParts(steps: readonly Step[]): string[] {
  const last = (part: RegExp): boolean =>
    steps.some(
      (step) =>
        step.change === "replaced" && !step.goesFirst && part.test(containerPart(step) ?? ""),
    );
  const server = steps.find(({ type }) => type === types.server);
  return [
    ...(last(/^sidekiq/)
      ? [
          "Sidekiq: the old one finishes what it has begun within its grace; what it does not finish goes back into its queue.",
        ]
      : []),
    ...(last(/^streaming/)
      ? ["Streaming: who listens is cut off once, and connects again by itself."]
      : []),
    ...(server?.before !== undefined && isOrdered(server)
      ? ["Hetzner bills the server at the prices of new orders from then on."]
      : []),
  ];
}

/** What an experienced operator would add, with nothing that speaks against the change. */
export function notesOf(preview: Preview, images: readonly ImageChange[]): string[] {
  const { steps } = preview;
  if (!isDeployed(steps)) return [];
  return [
    ...(preview.guessed
      ? [
          "The engine on the server cannot be asked before the server is ready: what becomes of the containers follows from what the program says of them, and images, networks and secrets that are yet to be made may replace more.",
        ]
      : []),
    ...images.flatMap((image) => ofImage(image, steps)),
    ...ofMedia(preview),
    ...ofParts(steps),
  ];
}
