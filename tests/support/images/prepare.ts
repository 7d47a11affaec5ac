import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { findFreePort, pushImage, startRegistry, type Registry } from "../registry";
import { buildImage, localName } from "./build";
import { startBuildEngine, type BuildEngine } from "./engine";
import { withLock } from "./lock";
import { readRecipes, type Recipe } from "./recipes";
import { requirePrograms } from "./requirements";

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
}

type Ledger = Readonly<Record<string, PreparedImage & { readonly key: string }>>;

/**
 * Makes the images of the rehearsal and stores them for a registry: about four minutes and root the first time, nothing to do when
 * no input has changed since. Only what has changed is made anew.
 */
export async function prepareImages({ cache, progress }: Options): Promise<PreparedImages> {
  const folder = path.join(cache, "images");
  const storage = path.join(folder, "registry");
  const ledgerFile = path.join(folder, "images.json");
  const recipes = await readRecipes();
  const staleIn = (ledger: Ledger): Recipe[] =>
    recipes.filter(({ name, key }) => ledger[name]?.key !== key);
  await mkdir(folder, { recursive: true });

  let ledger = await readLedger(ledgerFile);
  if (staleIn(ledger).length > 0) {
    const onWait = (): void => progress("Waiting for another run that makes the same images");
    await withLock(path.join(folder, "lock"), onWait, async () => {
      ledger = await readLedger(ledgerFile);
      const stale = staleIn(ledger);
      if (stale.length === 0) return;
      progress(
        `Making ${stale.length} container images from Debian packages: ${stale.map(({ name }) => name).join(", ")}`,
      );
      if (process.platform !== "linux" || process.getuid?.() !== 0) {
        throw new Error("The rehearsal's images can only be made on Linux, as root.");
      }
      const builtWith = stale.some(({ name }) => name === "caddy") ? ["go"] : [];
      await requirePrograms(
        ["docker", "dockerd", "mmdebstrap", "docker-registry", ...builtWith],
        progress,
      );
      await withBuilder(folder, storage, async (engine, registry) => {
        for (const recipe of stale) {
          const started = Date.now();
          await ensureParent(recipe, ledger, engine, registry);
          const tag = await buildImage(recipe, engine);
          const digest = await pushImage(
            engine.docker,
            localName(recipe.name),
            registry.address,
            `${recipe.repository}:${tag}`,
          );
          const { key, repository } = recipe;
          ledger = { ...ledger, [recipe.name]: { key, repository, tag, digest } };
          await writeLedger(ledgerFile, ledger);
          progress(`  ${repository}:${tag} in ${Math.round((Date.now() - started) / 1_000)} s`);
        }
      });
    });
  }
  const images = recipes.flatMap(({ name, internal }) => {
    const made = ledger[name];
    if (internal || made === undefined) return [];
    const { repository, tag, digest } = made;
    return [[name, { repository, tag, digest }] as const];
  });
  return { storage, images: Object.fromEntries(images) };
}

async function withBuilder(
  folder: string,
  storage: string,
  work: (engine: BuildEngine, registry: Registry) => Promise<void>,
): Promise<void> {
  const registry = await startRegistry({ storage, port: await findFreePort() });
  try {
    const engine = await startBuildEngine(path.join(folder, "engine"));
    try {
      await work(engine, registry);
    } finally {
      await engine.stop();
    }
  } finally {
    await registry.stop();
  }
}

/** The parent of an image that was made in an earlier run comes back from the registry. */
async function ensureParent(
  { parent }: Recipe,
  ledger: Ledger,
  { docker }: BuildEngine,
  registry: Registry,
): Promise<void> {
  const made = parent === undefined ? undefined : ledger[parent];
  if (parent === undefined || made === undefined) return;
  if ((await docker("images", "--quiet", localName(parent))) !== "") return;
  const reference = `${registry.address}/${made.repository}@${made.digest}`;
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

if (require.main === module) {
  const { values } = parseArgs({ options: { cache: { type: "string" } } });
  const { MASTODON_CACHE, XDG_CACHE_HOME = path.join(homedir(), ".cache") } = process.env;
  const cache = values.cache ?? MASTODON_CACHE ?? path.join(XDG_CACHE_HOME, "mastodon");
  prepareImages({ cache, progress: (line) => process.stderr.write(`${line}\n`) }).then(
    (prepared) => process.stdout.write(`${JSON.stringify(prepared, null, 2)}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
