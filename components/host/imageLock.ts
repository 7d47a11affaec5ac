import { readFile, rename, writeFile } from "node:fs/promises";
import type { Unsettled } from "../../plan";
import { docker, EngineError } from "./engine";
import { askEngine } from "./engineApi";
import { askRegistry, registryOf } from "./registry";

/**
 * Reference → digest: which image a tag meant when it was first used. Of what is built from source, `repository#ref` →
 * commit.
 */
export type ImageLock = Readonly<Record<string, string>>;

export async function readLock(file: string): Promise<ImageLock> {
  try {
    const lock = JSON.parse(await readFile(file, "utf8")) as ImageLock;
    if (
      Object.values(lock).every((found) => digestPattern.test(found) || commitPattern.test(found))
    )
      return lock;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw unreadable(file, String(error));
  }
  throw unreadable(file, "it holds something else than digests and commits");
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;
const commitPattern = /^[0-9a-f]{40}$/;

const unreadable = (file: string, reason: string): EngineError =>
  new EngineError(
    `${file} cannot be read: ${reason}. Restore it from version control, or delete it to have the tags resolved anew.`,
  );

/**
 * Resolves the references that the lock does not hold yet, and keeps the answers in it: from then on a tag that moves
 * changes nothing here.
 *
 * @param endpoint the engine that will pull them; undefined: there is none yet, and the registries themselves are asked
 * @throws EngineError naming the image and its registry where it cannot be resolved
 */
export async function completeLock(
  file: string,
  references: readonly string[],
  endpoint: string | undefined,
): Promise<ImageLock> {
  const lock = await readLock(file);
  const missing = references.filter((reference) => lock[reference] === undefined);
  if (missing.length === 0) return lock;
  const found = await Promise.all(
    missing.map(
      async (reference) =>
        [
          reference,
          endpoint === undefined
            ? await registryDigest(reference)
            : await resolveDigest(reference, endpoint),
        ] as const,
    ),
  );
  return extendLock(file, lock, Object.fromEntries(found));
}

/**
 * The commit that a branch or tag of a repository stands for: the one that it named when it was first used here.
 *
 * @param find asks the repository
 */
export async function lockCommit(
  file: string,
  { repository, ref }: Pick<Unsettled, "repository" | "ref">,
  find: (repository: string, ref: string) => Promise<string>,
): Promise<string> {
  const key = `${repository}#${ref}`;
  const lock = await readLock(file);
  const known = lock[key];
  if (known !== undefined) return known;
  const commit = await find(repository, ref);
  await extendLock(file, lock, { [key]: commit });
  return commit;
}

async function extendLock(file: string, lock: ImageLock, found: ImageLock): Promise<ImageLock> {
  const complete = Object.fromEntries(Object.entries({ ...lock, ...found }).sort());
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(complete, undefined, 2)}\n`);
  await rename(draft, file);
  return complete;
}

async function resolveDigest(reference: string, endpoint: string): Promise<string> {
  const local = await localDigest(reference, endpoint);
  if (local !== undefined) return local;
  const { status, body } = await askEngine(endpoint, `/distribution/${encodeURI(reference)}/json`);
  const { Descriptor, message } = readAnswer(body);
  const digest = Descriptor?.digest;
  if (digest !== undefined && digestPattern.test(digest)) return digest;
  throw notFound(reference, message ?? `status ${status}`);
}

async function registryDigest(reference: string): Promise<string> {
  try {
    return (await askRegistry(reference)).digest;
  } catch (error) {
    throw notFound(reference, (error as Error).message);
  }
}

const notFound = (reference: string, reason: string): EngineError =>
  new EngineError(
    `The image ${reference} cannot be found at ${registryOf(reference)}: ${reason}. Check the tag and the connection, or write its digest (${reference}@sha256:…) under images.`,
  );

interface DistributionAnswer {
  readonly Descriptor?: { readonly digest?: string };
  readonly message?: string;
}

function readAnswer(body: string): DistributionAnswer {
  try {
    return JSON.parse(body) as DistributionAnswer;
  } catch {
    return {};
  }
}

/** An image that was pulled before has its digest in the engine's store, and needs no registry. */
async function localDigest(reference: string, endpoint: string): Promise<string | undefined> {
  const format = "{{range .RepoDigests}}{{println .}}{{end}}";
  const digests = await docker(endpoint, ["image", "inspect", "--format", format, reference]).catch(
    () => "",
  );
  // One that only bears the tag may come from elsewhere: its digest means nothing at this reference's registry.
  return digests
    .split("\n")
    .map((line) => line.split("@"))
    .find(([name]) => name === repositoryOf(reference))?.[1];
}

/** A reference without its tag, as Docker lists it: its own registry goes without saying. */
const repositoryOf = (reference: string): string =>
  reference.replace(/:[^:/]*$/, "").replace(/^docker\.io\/(library\/)?/, "");
