import { majorOf, tagOf } from "../images";
import { fingerprinted } from "../secrets";
import { changedDomain, changedMedia, isDeployed, type Replaced } from "./deployed";
import { imageChangesOf } from "./imageChanges";
import { partOf, types } from "./parts";
import { type Preview } from "./preview";
import { nameOf, textOf, type Step } from "./step";

/** A change that could lose something for good. */
export interface Risk {
  /** By which the stack file acknowledges it: a logical name or, of what is no resource, the key of the stack file. */
  readonly name: string;
  readonly part: string;
  /** What happens to it, and what is lost by that. */
  readonly what: string;
  /** What to do in place of it, or before it. */
  readonly remedy: string;
  /** Whether there is a way back, or the stack file may say that none is needed. */
  readonly acknowledgeable: boolean;
  /** What in `up` stops it as well; absent: nothing does. */
  readonly upStops?: string;
}

/** A risk of a resource, before it is told who stops it. */
type Danger = Pick<Risk, "what" | "remedy"> & Partial<Risk>;

const protection = "the protection in Pulumi's state";

const isTouched = ({ change }: Step): boolean => change === "removed" || change === "replaced";

const verb = ({ change }: Step): string =>
  change === "removed" ? "is removed" : "is replaced by an empty one";

/** What is in each of the volumes. */
const contents: Readonly<Record<string, string>> = {
  postgres: "the database: accounts, posts, follows, keys of other servers",
  redis: "jobs that wait, home feeds, sessions of the background",
  media: "everything that was uploaded",
  gateway: "the certificates and the authority or account that they are from",
};

function ofVolume(step: Step): Danger[] {
  const { before, after, name } = step;
  if (step.type !== types.volume || !isTouched(step) || before === undefined) return [];
  // What can be made anew is not retained.
  if (!before.retain && !before.protect) return [];
  const key = name.split("-volume-").at(-1) ?? name;
  const content = contents[key];
  const holds = content === undefined ? "" : ` It holds ${content}.`;
  const stays = before.retain
    ? " The old one stays on the host, and nothing uses it any more."
    : " Its data goes with it.";
  const [from, to] = [before, after].map((each) => /\d+$/.exec(textOf(each?.inputs["name"]))?.[0]);
  if (key === "postgres" && from !== undefined && to !== undefined && from !== to)
    return [
      {
        what: `Postgres ${from} becomes Postgres ${to}, which cannot read the files of ${from}: the instance would begin with an empty database.${holds}${stays}`,
        remedy: `stay with Postgres ${from} in images.postgres. To change, dump the database with pg_dump first, acknowledge this, and restore the dump into the new one`,
      },
    ];
  return [
    {
      what: `The volume ${verb(step)}.${holds}${stays}`,
      remedy:
        "take back what removes it, such as another name in the stack file; to go on, copy the volume first and acknowledge this",
    },
  ];
}

/** What is lost with each of the secrets that are made once. */
const secretsLost: Readonly<Record<string, string>> = {
  secretKeyBase: "everybody is signed out, and links in mails that were sent do not work any more",
  vapidScalar: "no device that is signed up for push messages gets one until it signs up again",
  databasePassword:
    "the role in the database gets another password, with which all processes start anew",
  databaseSuperuserPassword:
    "the database keeps the old one, since it takes this one at its first start only",
  redisPassword: "Redis and all processes start anew",
  adminPassword: "the owner's first password, if the owner has not chosen another, is a new one",
};

const encryptionKeys: readonly string[] = fingerprinted;

function ofSecret(step: Step, preview: Preview): Danger[] {
  if (step.type !== types.password) return [];
  const isNewBeside = step.change === "added" && isDeployed(preview.steps);
  if (!isTouched(step) && !isNewBeside) return [];
  const key = step.name.split("-").at(-1) ?? step.name;
  if (encryptionKeys.includes(key))
    return [
      {
        what: "The encryption key of what is in the database becomes another one: second factors, and all else that Mastodon encrypts, can never be read again.",
        remedy:
          "put back the state that the instance was made with, or what the program made the key from",
        acknowledgeable: false,
        ...(step.before?.protect === true
          ? {}
          : {
              upStops: "the fingerprint of the keys, which is kept beside the data",
            }),
      },
    ];
  const lost = secretsLost[key];
  // A secret of something new takes the place of none.
  if (isNewBeside && lost === undefined) return [];
  return [
    {
      what: `The secret ${step.change === "removed" ? "is removed" : "becomes another one"}: ${lost ?? "what was made with it does not know the new one"}.`,
      remedy: "take back what changes it; to go on, acknowledge this",
    },
  ];
}

const sizeIn = (snapshot: Step["before"]): number => Number(snapshot?.inputs["size"] ?? 0);

function ofDataVolume(step: Step): Danger[] {
  if (step.type !== types.dataVolume) return [];
  if (isTouched(step))
    return [
      {
        what: `The server's data volume ${verb(step)}. It holds all that Docker keeps: database, uploads, images.`,
        remedy:
          "stay with its location and its name; to go on, copy the data elsewhere first and acknowledge this",
      },
    ];
  const [before, after] = [sizeIn(step.before), sizeIn(step.after)];
  return step.change === "changed" && after < before
    ? [
        {
          what: `The server's data volume shrinks from ${before} GB to ${after} GB, which Hetzner refuses, and which would cut off what lies at its end.`,
          remedy: `set host.dataVolumeGb to ${before} or more`,
          upStops: "Hetzner, in the middle of the change",
        },
      ]
    : [];
}

/** Pulumi's own refusals name what they are about by its URN. */
const protectedNames = ({ faults }: Preview): string[] =>
  faults.filter(isProtection).flatMap((fault) => {
    const urn = /urn:pulumi:[^"'`\s]+/.exec(fault)?.[0];
    return urn === undefined ? [] : [nameOf(urn)];
  });

/** Whether a fault of a preview says no more than that something is protected, or that there was a fault. */
export const isProtection = (fault: string): boolean =>
  /\b(protected|marked for protection)\b/.test(fault);

function ofResource(step: Step, preview: Preview): Risk[] {
  const stopped =
    (step.before?.protect === true && isTouched(step)) ||
    protectedNames(preview).includes(step.name);
  const dangers = [...ofVolume(step), ...ofSecret(step, preview), ...ofDataVolume(step)];
  // Whatever else is protected is so for a reason; commands are for that of what they go with, and the domain is told above.
  const all =
    dangers.length === 0 && stopped && step.type !== types.command && step.type !== types.identity
      ? [
          {
            what: `It ${verb(step)}, and it is protected.`,
            remedy: "take back what removes it; to go on, acknowledge this",
          },
        ]
      : dangers;
  return all.map((danger) => ({
    name: step.name,
    part: partOf(step) ?? step.name,
    acknowledgeable: true,
    ...danger,
    ...(stopped && { upStops: protection }),
  }));
}

function ofDomain(preview: Preview): Risk[] {
  const domain = changedDomain(preview);
  if (domain === undefined) return [];
  const isKept = preview.steps.some(
    ({ type, before }) => type === types.identity && before?.protect === true,
  );
  return [
    {
      name: "domain",
      part: "domain",
      what: `${shown(domain)}. It is in the name of every account and of every post, by which all other servers know them: they would take everybody here for a stranger, and there is no way back.`,
      remedy: `set it back to ${domain.before}, or make another instance beside this one, with a stack of its own`,
      acknowledgeable: false,
      ...(isKept && { upStops: protection }),
    },
  ];
}

const shown = ({ before, after }: Replaced): string => `${before} becomes ${after}`;

/** What goes from the volume into a bucket is still on the volume. */
function ofMedia(preview: Preview): Risk[] {
  const media = changedMedia(preview);
  if (media === undefined || media.before === "volume") return [];
  return [
    {
      name: "media",
      part: "media",
      what:
        media.after === "volume"
          ? `Uploads go onto the volume again, no longer into the ${media.before}: what was uploaded there is not found any more.`
          : `Uploads go into the ${media.after}, no longer into the ${media.before}: what was uploaded there is not found any more.`,
      remedy: "copy what the old bucket holds first, keep it, and acknowledge this",
      acknowledgeable: true,
    },
  ];
}

/** What cannot be undone by putting the old image back, or is the undoing itself. */
function ofImages({ steps }: Preview): Risk[] {
  return imageChangesOf(steps).flatMap(({ name, key, before, after, kind }) => {
    if (before === undefined || after === undefined || kind !== "older") return [];
    const [from, to] = [tagOf(before), tagOf(after)];
    const lower = majorOf(before) !== majorOf(after);
    const risk = { name, part: `image ${key}`, acknowledgeable: true };
    if (key === "mastodon")
      return [
        {
          ...risk,
          what: `Mastodon goes back from ${from} to ${to}, but the schema of its database does not: the older version may damage data that it does not understand.`,
          remedy: `stay with ${from}, or restore a backup of the database from before it and acknowledge this`,
        },
      ];
    return key === "redis" && lower
      ? [
          {
            ...risk,
            what: `Redis goes back from ${from} to ${to}, which may not be able to read the file that holds jobs and feeds.`,
            remedy: `stay with ${from}; to go on, let sidekiq empty its queues first and acknowledge this`,
          },
        ]
      : [];
  });
}

/** What a change could lose for good, or could not undo. */
export function risksOf(preview: Preview): Risk[] {
  return [
    ...ofDomain(preview),
    ...preview.steps.flatMap((step) => ofResource(step, preview)),
    ...ofMedia(preview),
    ...ofImages(preview),
  ];
}
