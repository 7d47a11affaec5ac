import { majorOf, tagOf } from "../images";
import { types } from "./parts";
import { releaseNotes, type Link } from "./releaseNotes";
import { textOf, type Step } from "./step";

/**
 * How far one image is from another. `rebuilt`: the same version under another digest, mostly with newer packages of the
 * system below. `other`: what cannot be told by tags, such as another flavour or another commit.
 */
export type Distance = "new" | "gone" | "rebuilt" | "patch" | "minor" | "major" | "older" | "other";

export interface ImageChange {
  /** The logical name of the image's resource. */
  readonly name: string;
  /** The key of the stack file's `images`. */
  readonly key: string;
  /** References. Absent: there was none, or is none any more. */
  readonly before?: string;
  readonly after?: string;
  readonly kind: Distance;
  readonly links: readonly Link[];
}

/** `v4.7.2-ls209` is 4.7.2; a commit or a branch is none. */
function versionOf(reference: string): readonly number[] | undefined {
  const digits = /^v?(\d+(?:\.\d+)+)/.exec(tagOf(reference))?.[1];
  return digits?.split(".").map(Number);
}

const isPrerelease = (reference: string): boolean => /-(alpha|beta|rc)\./.test(tagOf(reference));

/** The name of an image without tag and digest. */
const repositoryOf = (reference: string): string => {
  const [tagged = ""] = reference.split("@");
  return tagged.slice(0, tagged.length - tagOf(reference).length - 1);
};

function distance(before: string, after: string): Distance {
  if (repositoryOf(before) !== repositoryOf(after)) return "other";
  if (tagOf(before) === tagOf(after)) return "rebuilt";
  const [from, to] = [versionOf(before), versionOf(after)];
  if (from === undefined || to === undefined) return "other";
  const at = from.findIndex((number, index) => number !== (to[index] ?? 0));
  if (at < 0) return [before, after].some(isPrerelease) ? "patch" : "rebuilt";
  if ((to[at] ?? 0) < (from[at] ?? 0)) return "older";
  return (["major", "minor"] as const)[at] ?? "patch";
}

/** Postgres counts its minor versions in the second place: those are its patches. */
const asCounted = (key: string, kind: Distance): Distance =>
  key === "postgres" && kind === "minor" ? "patch" : kind;

/** Where sources are built from, for the links to what is between two commits. */
export interface Sources {
  readonly repository?: string;
}

/** The images that are to be other ones. */
export function imageChangesOf(steps: readonly Step[], sources: Sources = {}): ImageChange[] {
  return steps.flatMap((step): ImageChange[] => {
    if (step.type !== types.image || step.change === "none") return [];
    const { name } = step;
    const key = name.split("-image-").at(-1) ?? name;
    const [before, after] = [step.before, step.after].map((each) => textOf(each?.inputs["name"]));
    if (before === undefined || after === undefined || before === after) return [];
    const kind =
      before === "" ? "new" : after === "" ? "gone" : asCounted(key, distance(before, after));
    return [
      {
        name,
        key,
        ...(before === "" ? {} : { before }),
        ...(after === "" ? {} : { after }),
        kind,
        links: after === "" ? [] : releaseNotes({ key, before, after, ...sources }),
      },
    ];
  });
}

/** Whether Postgres is to be one that cannot read the files of the one before. */
export const isOtherPostgres = ({ key, before, after }: ImageChange): boolean =>
  key === "postgres" &&
  before !== undefined &&
  after !== undefined &&
  majorOf(before) !== majorOf(after);
