import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { findFreePort, pushImage, startRegistry } from "../registry";
import { requirePrograms } from "../requirePrograms";
import { buildImage, localName } from "./build";
import { withBuilder, type Builder } from "./builder";
import { readRecipes, type Recipe } from "./recipes";

/** An image as the registry serves it. */
export interface PreparedImage {
  readonly repository: string;
  readonly tag: string;
  /** `sha256:…` of its manifest. */
  readonly digest: string;
}

/** What a registry has to be started on, and what it then serves. */
export interface PreparedImages {
  readonly storage: string;
  /** By name: `postgres`, `redis`, `caddy`, `mastodon-4.7.2`, `streaming-4.7.2`, and the release before. */
  readonly images: Readonly<Record<string, PreparedImage>>;
}

interface Options {
  /** A folder outside the project that is kept between runs. */
  readonly cache: string;
  readonly progress: (line: string) => void;
  /** Variables of the `go` command: where it keeps what it fetches and compiles. Default: where it always does. */
  readonly go?: Readonly<Record<string, string>>;
}

type Made = PreparedImage & { readonly key: string };

type Ledger = Readonly<Record<string, Made>>;

/**
 * Makes the images of the rehearsal and stores them for a registry: about four minutes and root the first time, nothing
 * to do when no input has changed since. Only what has changed is made anew. One run at a time: its callers hold a lock.
 */
export async function prepareImages({
  cache,
  progress,
  go = {},
}: Options): Promise<PreparedImages> {
  const folder = path.join(cache, "images");
  const storage = path.join(folder, "registry");
  const ledgerFile = path.join(folder, "images.json");
  const recipes = await readRecipes(go);
  await mkdir(folder, { recursive: true });
  let ledger = await readLedger(ledgerFile);
  const stale = recipes.filter(({ name, key }) => ledger[name]?.key !== key);
  if (stale.length > 0) {
    await checkMeans(stale, progress);
    await withBuilder(path.join(folder, "engine"), (builder) =>
      withRegistry(storage, async (address) => {
        for (const recipe of stale) {
          const began = Date.now();
          await ensureParent(recipe, ledger, builder, address);
          const made = await make(recipe, builder, address);
          ledger = { ...ledger, [recipe.name]: made };
          await writeLedger(ledgerFile, ledger);
          const seconds = Math.round((Date.now() - began) / 1_000);
          progress(`  ${made.repository}:${made.tag} in ${seconds} s`);
        }
      }),
    );
  }
  const images = recipes.flatMap(({ name, internal }) => {
    const made = ledger[name];
    if (internal || made === undefined) return [];
    const { repository, tag, digest } = made;
    return [[name, { repository, tag, digest }] as const];
  });
  return { storage, images: Object.fromEntries(images) };
}

/** @throws where this machine cannot make the images */
async function checkMeans(
  stale: readonly Recipe[],
  progress: (line: string) => void,
): Promise<void> {
  const names = stale.map(({ name }) => name);
  progress(`Making ${stale.length} container images from Debian packages: ${names.join(", ")}`);
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("The rehearsal's images can only be made on Linux, as root.");
  }
  const builtWith = names.includes("caddy") ? ["go"] : [];
  await requirePrograms(
    ["docker", "dockerd", "mmdebstrap", "docker-registry", ...builtWith],
    progress,
  );
}

async function withRegistry(
  storage: string,
  work: (address: string) => Promise<void>,
): Promise<void> {
  const registry = await startRegistry({ storage, port: await findFreePort() });
  try {
    await work(registry.address);
  } finally {
    await registry.stop();
  }
}

async function make(recipe: Recipe, docker: Builder, registry: string): Promise<Made> {
  const { name, key, repository } = recipe;
  const tag = await buildImage(recipe, docker);
  const digest = await pushImage(docker, localName(name), registry, `${repository}:${tag}`);
  return { key, repository, tag, digest };
}

/** The parent of an image that was made in an earlier run comes back from the registry. */
async function ensureParent(
  { parent }: Recipe,
  ledger: Ledger,
  docker: Builder,
  registry: string,
): Promise<void> {
  const made = parent === undefined ? undefined : ledger[parent];
  if (parent === undefined || made === undefined) return;
  if ((await docker("images", "--quiet", localName(parent))) !== "") return;
  const reference = `${registry}/${made.repository}@${made.digest}`;
  await docker("pull", "--quiet", reference);
  await docker("tag", reference, localName(parent));
}

async function readLedger(file: string): Promise<Ledger> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Ledger;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Written beside and moved into place, so that a killed run leaves the old one whole. */
async function writeLedger(file: string, ledger: Ledger): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(ledger, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
