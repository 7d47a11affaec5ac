import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { dockerEngineVersion } from "../../../plan";
import { projectFolder } from "../projectFolder";
import { nativeArchitecture, type Architecture } from "./architecture";
import { bootstrapDebian, unpackDebian } from "./base";
import { run } from "./run";

/** How one image is made. */
export interface Recipe {
  readonly name: string;
  readonly architecture: Architecture;
  /** Name in the registry. */
  readonly repository: string;
  /** The image that its Dockerfile starts from, by name; none for the base. */
  readonly parent?: string;
  /** Serves other images only. */
  readonly internal: boolean;
  /** Of use to the tests alone: no rehearsal makes it. Default: false. */
  readonly testsOnly?: boolean;
  /** Made for this machine's own architecture alone. Default: false. */
  readonly nativeOnly?: boolean;
  /** Changes whenever the image has to be made anew. */
  readonly key: string;
  /** Fills the empty folder that becomes the build context. */
  readonly prepare: (context: string) => Promise<void>;
  /** The tag; `versionOf` runs a program inside the finished image and returns what it prints. */
  readonly tag: (versionOf: (...command: string[]) => Promise<string>) => Promise<string> | string;
}

/** Debian's suite that all images are made of. */
export const suite = "trixie";

/** The releases of Mastodon that the stand-in plays: two, so that upgrades can be rehearsed. */
const standinReleases = ["4.7.1", "4.7.2"] as const;

/** Where the Dockerfiles lie, which are no sources to be compiled. */
const recipeFolder = path.join(projectFolder, "tests", "support", "images");

const standinPackages = ["pg", "ioredis", "ws"];
const standinSources = path.join(projectFolder, "tests", "support", "standin");
const compiledStandin = path.join(projectFolder, "dist", "tests", "support", "standin");

/** All recipes of an architecture, parents before children. */
export async function readRecipes(
  architecture: Architecture,
  go: Readonly<Record<string, string>>,
): Promise<readonly Recipe[]> {
  const base = await baseRecipe(architecture);
  const runtime = await runtimeRecipe(base);
  return [
    base,
    runtime,
    await serverRecipe(base, "postgres", "library/postgres", async (versionOf) => {
      const version = wordWithDigits(await versionOf("postgres", "--version"));
      return `${version}-${suite}`;
    }),
    await serverRecipe(base, "redis", "library/redis", async (versionOf) => {
      const version = wordWithDigits(await versionOf("redis-server", "--version"));
      return `${version}-${suite}`;
    }),
    await caddyRecipe(base, go),
    ...(await Promise.all(standinReleases.flatMap((release) => standinRecipes(runtime, release)))),
    await testStandinRecipe(runtime, {
      name: "cloudflared",
      repository: "cloudflare/cloudflared",
      // The one that the program asks for.
      tag: "2026.9.3",
    }),
    await testStandinRecipe(runtime, {
      name: "search",
      repository: "tests/elasticsearch",
      tag: "8.19.19",
    }),
    await machineRecipe(base),
    await minioRecipe(base, go),
    await rcloneRecipe(base),
    await pebbleRecipe(base, go),
  ];
}

/** What makes a machine run images of another architecture. It needs the base of this machine's own. */
export async function emulationRecipe(): Promise<Recipe> {
  const base = await baseRecipe(nativeArchitecture());
  return serverRecipe(
    base,
    "binfmt",
    "tonistiigi/binfmt",
    async (versionOf) =>
      `qemu-v${wordWithDigits(await versionOf("sh", "-c", "/usr/bin/qemu-* --version"))}`,
  );
}

function baseRecipe(architecture: Architecture): Promise<Recipe> {
  return architecture === nativeArchitecture() ? nativeBase() : foreignBase(architecture);
}

async function nativeBase(): Promise<Recipe> {
  const folder = path.join(recipeFolder, "base");
  return {
    name: "base",
    architecture: nativeArchitecture(),
    repository: "rehearsal/base",
    internal: true,
    key: await keyOf([folder, `${folder}.ts`], suite),
    prepare: async (context) => {
      await cp(folder, context, { recursive: true });
      await bootstrapDebian(suite, path.join(context, "base.tar"));
    },
    tag: () => suite,
  };
}

/** Every package that a Dockerfile installs. */
const installedPackages = [
  ...["ca-certificates", "curl", "file", "libcap2-bin", "locales", "media-types", "nodejs"],
  ...["passwd", "postgresql-17", "postgresql-common", "procps", "redis-server", "redis-tools"],
  ...["ruby", "ruby-aws-sdk-s3", "tini", "tzdata", "wget"],
];

/** The base of another architecture holds every image's packages, so that installing them costs nothing later. */
async function foreignBase(architecture: Architecture): Promise<Recipe> {
  const folder = path.join(recipeFolder, "foreignBase");
  const code = path.join(recipeFolder, "base.ts");
  return {
    name: "base",
    architecture,
    repository: "rehearsal/base",
    internal: true,
    key: await keyOf([folder, code], suite, architecture, ...installedPackages),
    prepare: async (context) => {
      await cp(folder, context, { recursive: true });
      await writeFile(path.join(context, "packages"), `${installedPackages.join("\n")}\n`);
      await unpackDebian(suite, architecture, installedPackages, path.join(context, "base.tar"));
    },
    tag: () => suite,
  };
}

async function runtimeRecipe(base: Recipe): Promise<Recipe> {
  const folder = path.join(recipeFolder, "runtime");
  return {
    name: "runtime",
    architecture: base.architecture,
    repository: "rehearsal/runtime",
    parent: base.name,
    internal: true,
    key: await keyOf([folder], base.key),
    prepare: (context) => cp(folder, context, { recursive: true }),
    tag: (versionOf) => versionOf("node", "--version"),
  };
}

/** An image that its folder and Debian's packages make up. */
async function serverRecipe(
  base: Recipe,
  name: string,
  repository: string,
  tag: Recipe["tag"],
): Promise<Recipe> {
  const folder = path.join(recipeFolder, name);
  return {
    name,
    architecture: base.architecture,
    repository,
    parent: base.name,
    internal: false,
    key: await keyOf([folder], base.key),
    prepare: (context) => cp(folder, context, { recursive: true }),
    tag,
  };
}

/** Caddy is the one server of which Debian's version is too old; it comes from its Go module. */
async function caddyRecipe(base: Recipe, go: Readonly<Record<string, string>>): Promise<Recipe> {
  const folder = path.join(recipeFolder, "caddy");
  const source = "github.com/caddyserver/caddy/v2";
  const version = await moduleVersion(folder, source);
  return {
    name: "caddy",
    architecture: base.architecture,
    repository: "library/caddy",
    parent: base.name,
    internal: false,
    key: await keyOf([folder], base.key),
    prepare: async (context) => {
      for (const file of ["Dockerfile", "Caddyfile", "index.html"])
        await cp(path.join(folder, file), path.join(context, file));
      await buildGo(`${source}/cmd/caddy`, {
        folder,
        output: path.join(context, "caddy"),
        architecture: base.architecture,
        flags: `-X ${source}.CustomVersion=v${version}`,
        go,
      });
    },
    tag: () => version,
  };
}

/** A real S3-compatible server, for the tests alone. */
async function minioRecipe(base: Recipe, go: Readonly<Record<string, string>>): Promise<Recipe> {
  const folder = path.join(recipeFolder, "minio");
  const source = "github.com/minio/minio";
  return {
    name: "minio",
    architecture: base.architecture,
    repository: "tests/minio",
    parent: base.name,
    internal: false,
    testsOnly: true,
    nativeOnly: true,
    key: await keyOf([folder], base.key),
    prepare: async (context) => {
      await cp(path.join(folder, "Dockerfile"), path.join(context, "Dockerfile"));
      const output = path.join(context, "minio");
      await buildGo(source, { folder, output, architecture: base.architecture, go });
    },
    tag: () => moduleVersion(folder, source),
  };
}

/** A certificate authority, for the tests alone. */
async function pebbleRecipe(base: Recipe, go: Readonly<Record<string, string>>): Promise<Recipe> {
  const folder = path.join(recipeFolder, "pebble");
  const source = "github.com/letsencrypt/pebble/v2";
  return {
    name: "pebble",
    architecture: base.architecture,
    repository: "tests/pebble",
    parent: base.name,
    internal: false,
    testsOnly: true,
    nativeOnly: true,
    key: await keyOf([folder], base.key),
    prepare: async (context) => {
      for (const file of ["Dockerfile", "authority"])
        await cp(path.join(folder, file), path.join(context, file));
      for (const program of ["pebble", "pebble-challtestsrv"]) {
        const output = path.join(context, program);
        const { architecture } = base;
        await buildGo(`${source}/cmd/${program}`, { folder, output, architecture, go });
      }
    },
    tag: () => moduleVersion(folder, source),
  };
}

/** The version in which a folder's `go.mod` asks for a module, without its v. */
async function moduleVersion(folder: string, source: string): Promise<string> {
  const text = await readFile(path.join(folder, "go.mod"), "utf8");
  return new RegExp(`${source} v(\\S+)`).exec(text)?.[1] ?? "";
}

interface GoBuild {
  /** Holds the `go.mod`. */
  readonly folder: string;
  readonly output: string;
  readonly architecture: Architecture;
  /** Further flags of the linker. Default: none. */
  readonly flags?: string;
  readonly go: Readonly<Record<string, string>>;
}

/** Builds a program that needs no library beside it. */
async function buildGo(
  program: string,
  { folder, output, architecture, flags = "", go }: GoBuild,
): Promise<void> {
  const env = { ...process.env, ...go, CGO_ENABLED: "0", GOARCH: architecture };
  const options = ["-trimpath", "-buildvcs=false", `-ldflags=-s -w ${flags}`.trimEnd()];
  await run("go", ["build", ...options, "-o", output, program], { cwd: folder, env });
}

/** A stand-in of which only the tests have a use: a Dockerfile, and the program in the folder of `tests/support` of its name. */
async function testStandinRecipe(
  runtime: Recipe,
  { name, repository, tag }: Record<"name" | "repository" | "tag", string>,
): Promise<Recipe> {
  const folder = path.join(recipeFolder, name);
  const sources = path.join(projectFolder, "tests", "support", name);
  return {
    name,
    architecture: runtime.architecture,
    repository,
    parent: runtime.name,
    internal: false,
    testsOnly: true,
    nativeOnly: true,
    key: await keyOf([folder, sources], runtime.key),
    prepare: async (context) => {
      await cp(folder, context, { recursive: true });
      const compiled = path.join(projectFolder, "dist", "tests", "support", name);
      await cp(compiled, path.join(context, name), { recursive: true });
    },
    tag: () => tag,
  };
}

/** A simulated VPS, whose Docker packages are, by their names, those that the program asks for. */
async function machineRecipe(base: Recipe): Promise<Recipe> {
  const folder = path.join(recipeFolder, "machine");
  return {
    name: "machine",
    architecture: base.architecture,
    repository: "tests/machine",
    parent: base.name,
    internal: false,
    testsOnly: true,
    nativeOnly: true,
    key: await keyOf([folder], base.key, dockerEngineVersion),
    prepare: async (context) => {
      await cp(folder, context, { recursive: true });
      await writeFile(path.join(context, "DOCKER_VERSION"), dockerEngineVersion);
    },
    tag: () => dockerEngineVersion,
  };
}

/** What media is moved with. */
async function rcloneRecipe(base: Recipe): Promise<Recipe> {
  const recipe = await serverRecipe(base, "rclone", "rclone/rclone", async (versionOf) =>
    wordWithDigits(await versionOf("dpkg-query", "--show", "--showformat=${Version}", "rclone")),
  );
  return { ...recipe, testsOnly: true, nativeOnly: true };
}

/** One image of the stand-in for Mastodon. */
interface Standin {
  readonly kind: string;
  readonly repository: string;
  readonly tag: string;
  /** Further folders for its context, by their names in it. */
  readonly folders?: Readonly<Record<string, string>>;
  /** As of recipes. Default: false. */
  readonly nativeOnly?: boolean;
}

function standinRecipes(runtime: Recipe, release: string): Promise<Recipe>[] {
  const tag = `v${release}`;
  const pages = path.join(recipeFolder, "mastodon", "public");
  const standins: readonly Standin[] = [
    { kind: "mastodon", repository: "mastodon/mastodon", tag },
    { kind: "streaming", repository: "mastodon/mastodon-streaming", tag },
    {
      kind: "linuxserver",
      repository: "linuxserver/mastodon",
      tag: release,
      folders: { public: pages },
      nativeOnly: true,
    },
  ];
  return standins.map((standin) => standinRecipe(runtime, release, standin));
}

async function standinRecipe(
  runtime: Recipe,
  release: string,
  { kind, repository, tag, folders = {}, nativeOnly = false }: Standin,
): Promise<Recipe> {
  const folder = path.join(recipeFolder, kind);
  const packages = await packageFolders(standinPackages);
  return {
    name: `${kind}-${release}`,
    architecture: runtime.architecture,
    repository,
    parent: runtime.name,
    internal: false,
    nativeOnly,
    key: await keyOf(
      [
        folder,
        ...Object.values(folders),
        standinSources,
        ...packages.map((one) => path.join(one, "package.json")),
      ],
      runtime.key,
      release,
    ),
    prepare: async (context) => {
      await cp(folder, context, { recursive: true });
      for (const [name, from] of Object.entries(folders))
        await cp(from, path.join(context, name), { recursive: true });
      await cp(compiledStandin, path.join(context, "standin"), { recursive: true });
      for (const one of packages)
        await cp(one, path.join(context, path.relative(projectFolder, one)), { recursive: true });
      await writeFile(path.join(context, "VERSION"), `${release}\n`);
    },
    tag: () => tag,
  };
}

/** The folders of npm packages and of all that they need. */
async function packageFolders(names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (name: string): Promise<void> => {
    const folder = path.join(projectFolder, "node_modules", name);
    if (found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(manifest.dependencies ?? {})) await visit(dependency);
  };
  for (const name of names) await visit(name);
  return [...found].sort();
}

/** A hash over files, folders and words. */
async function keyOf(paths: readonly string[], ...words: string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const one of paths) {
    for (const file of await filesOf(one)) {
      hash.update(JSON.stringify(path.relative(projectFolder, file))).update(await readFile(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function filesOf(one: string): Promise<string[]> {
  if (!(await stat(one)).isDirectory()) return [one];
  const entries = await readdir(one, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** The version number in a line such as `postgres (PostgreSQL) 17.6 (Debian …)`. */
function wordWithDigits(line: string): string {
  const version = /\b(\d+(?:\.\d+)+)\b/.exec(line)?.[1];
  if (version === undefined) throw new Error(`no version number in: ${line}`);
  return version;
}

/** Makes a fresh build context for the recipe below `scratch`. */
export async function makeContext(recipe: Recipe, scratch: string): Promise<string> {
  const context = path.join(scratch, recipe.name);
  await mkdir(context, { recursive: true });
  await recipe.prepare(context);
  return context;
}
