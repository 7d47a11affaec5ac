import { mkdir } from "node:fs/promises";
import path from "node:path";
import { withEmulator } from "../emulation";
import { findFreePort, pushImage, startRegistry } from "../registry";
import { requirePrograms } from "../requirePrograms";
import { nativeArchitecture, type Architecture } from "./architecture";
import { buildImage, localName } from "./build";
import { withBuilder, type Builder } from "./builder";
import { copyEmulator } from "./emulator";
import { prepareIndexes, type Indexes } from "./indexes";
import { entryOf, Ledger, type Made, type PreparedImage } from "./ledger";
import { emulationRecipe, readRecipes, type Recipe } from "./recipes";

export type { PreparedImage } from "./ledger";

/** What a registry has to be started on, and what it then serves. */
export interface PreparedImages extends Indexes {
  readonly storage: string;
  /**
   * Of this machine's own architecture, by name: `postgres`, `redis`, `caddy`, `mastodon-4.7.2`, `streaming-4.7.2`, and
   * the release before. Where another architecture was asked for, also `binfmt`, which has a machine run its programs.
   */
  readonly images: Readonly<Record<string, PreparedImage>>;
}

interface Options {
  /** A folder outside the project that is kept between runs. */
  readonly cache: string;
  readonly progress: (line: string) => void;
  /** Makes what only the tests need, too. Default: false. */
  readonly forTests?: boolean;
  /** Variables of the `go` command: where it keeps what it fetches and compiles. Default: where it always does. */
  readonly go?: Readonly<Record<string, string>>;
  /**
   * What the images are made for. This machine's own architecture always is among them; the programs of another are
   * emulated while its images are made: two to four minutes more. Default: this machine's own alone.
   */
  readonly architectures?: readonly Architecture[];
}

/** Where images are made, and what of them there is. */
interface Workshop {
  readonly folder: string;
  readonly storage: string;
  readonly ledger: Ledger;
  readonly progress: (line: string) => void;
}

/** The engine and the registry that images are made with. */
interface Means {
  readonly docker: Builder;
  readonly registry: string;
}

/**
 * Makes the images of the rehearsal and stores them for a registry: about four minutes and root the first time, nothing
 * to do when no input has changed since. Only what has changed is made anew. One run at a time: its callers hold a lock.
 */
export async function prepareImages({
  cache,
  progress,
  forTests = false,
  go = {},
  architectures = [],
}: Options): Promise<PreparedImages> {
  const folder = path.join(cache, "images");
  const storage = path.join(folder, "registry");
  await mkdir(folder, { recursive: true });
  const ledger = await Ledger.open(path.join(folder, "images.json"));
  const workshop = { folder, storage, ledger, progress };
  const native = nativeArchitecture();
  const foreign = architectures.filter((one) => one !== native);
  const all = await readRecipes(native, go);
  const recipes = all.filter(({ testsOnly = false }) => forTests || !testsOnly);
  const emulation = foreign.length > 0 ? [await emulationRecipe()] : [];
  // One architecture after the other: an engine has one image of a name.
  await makeStale(workshop, [...recipes, ...emulation]);
  for (const architecture of foreign)
    await makeStale(workshop, (await readRecipes(architecture, go)).filter(isPortable));
  const served = recipes.filter(({ internal }) => !internal);
  const names = [...served, ...emulation].map(({ name }) => name);
  const indexed = served.filter(isPortable).map(({ name }) => name);
  return {
    storage,
    images: Object.fromEntries(names.map((name) => [name, ledger.image(name)])),
    ...(await prepareIndexes(ledger, indexed, foreign, (work) => withRegistry(storage, work))),
  };
}

const isPortable = ({ nativeOnly = false }: Recipe): boolean => !nativeOnly;

/** Makes those of an architecture's images whose inputs have changed. */
async function makeStale(workshop: Workshop, recipes: readonly Recipe[]): Promise<void> {
  const { folder, storage, ledger, progress } = workshop;
  const stale = recipes.filter((recipe) => ledger.find(entryOf(recipe))?.key !== recipe.key);
  const [first] = stale;
  if (first === undefined) return;
  await checkMeans(stale, progress);
  const engine = path.join(folder, "engine");
  await withBuilder(engine, (docker) =>
    withRegistry(storage, async (registry) => {
      const means = { docker, registry };
      const work = () => makeAll(workshop, stale, means);
      if (first.architecture === nativeArchitecture()) return work();
      const image = await pull(ledger.image("binfmt"), means);
      const emulator = await copyEmulator(docker, image, first.architecture, engine);
      return withEmulator(emulator, work);
    }),
  );
}

async function makeAll(
  { ledger, progress }: Workshop,
  recipes: readonly Recipe[],
  means: Means,
): Promise<void> {
  for (const recipe of recipes) {
    const began = Date.now();
    await ensureParent(recipe, ledger, means);
    const made = await make(recipe, means);
    await ledger.put(entryOf(recipe), made);
    const seconds = Math.round((Date.now() - began) / 1_000);
    progress(`  ${made.repository}:${made.tag} in ${seconds} s`);
  }
}

/** @throws where this machine cannot make the images */
async function checkMeans(
  stale: readonly Recipe[],
  progress: (line: string) => void,
): Promise<void> {
  const names = stale.map(entryOf);
  progress(`Making ${stale.length} container images from Debian packages: ${names.join(", ")}`);
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("The rehearsal's images can only be made on Linux, as root.");
  }
  const builtWith = stale.some(({ name }) => name === "caddy") ? ["go"] : [];
  await requirePrograms(
    ["docker", "dockerd", "mmdebstrap", "docker-registry", "unshare", ...builtWith],
    progress,
  );
}

async function withRegistry<T>(storage: string, work: (address: string) => Promise<T>): Promise<T> {
  const registry = await startRegistry({ storage, port: await findFreePort() });
  try {
    return await work(registry.address);
  } finally {
    await registry.stop();
  }
}

async function make(recipe: Recipe, { docker, registry }: Means): Promise<Made> {
  const { name, key, repository, architecture } = recipe;
  const version = await buildImage(recipe, docker);
  const tag = architecture === nativeArchitecture() ? version : `${version}-${architecture}`;
  const digest = await pushImage(docker, localName(name), registry, `${repository}:${tag}`);
  return { key, repository, tag, digest };
}

/** The parent of an image that was made in an earlier run comes back from the registry. */
async function ensureParent(recipe: Recipe, ledger: Ledger, means: Means): Promise<void> {
  const { parent, architecture } = recipe;
  if (parent === undefined) return;
  if ((await means.docker("images", "--quiet", localName(parent))) !== "") return;
  const reference = await pull(ledger.image(entryOf({ name: parent, architecture })), means);
  await means.docker("tag", reference, localName(parent));
}

/** @returns the name by which the engine then has the image */
async function pull(
  { repository, digest }: PreparedImage,
  { docker, registry }: Means,
): Promise<string> {
  const reference = `${registry}/${repository}@${digest}`;
  await docker("pull", "--quiet", reference);
  return reference;
}
