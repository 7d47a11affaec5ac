import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { cache, goFolders, project } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { withLock } from "./lock.mjs";
import { isExecutable, onPath, run } from "./processes.mjs";
import { step, UserError, warn } from "./report.mjs";
import { isAtLeast } from "./versions.mjs";

/** The Pulumi CLI that is fetched or built where none is installed; also in `cli/go.mod`. */
export const pinnedVersion = "3.259.0";

/** The first that has `destroy --ignore-protect`. */
const oldestVersion = "3.256.0";

const programs = ["pulumi", "pulumi-language-nodejs"];
const site = "https://get.pulumi.com/releases/sdk";

/**
 * Finds the Pulumi CLI: on PATH, else in the cache, else by downloading it, else by building it.
 * @returns {Promise<{folder: string, version: string}>} the folder holds `pulumi` and its Node.js language host, and goes
 *   first on PATH
 */
export async function ensureCli() {
  const installed = await findInstalled();
  if (installed) return installed;
  const folder = path.join(cache, "bin", pinnedVersion);
  if (!(await holdsPrograms(folder))) {
    await withLock("cli", async () => {
      if (!(await holdsPrograms(folder))) await fill(folder);
    });
  }
  return { folder, version: pinnedVersion };
}

/** @returns {Promise<{folder: string, version: string} | undefined>} */
async function findInstalled() {
  const file = await onPath("pulumi");
  if (!file) return undefined;
  // A home of ours: even `pulumi version` writes a log into the person's.
  const env = {
    ...process.env,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_HOME: path.join(cache, "pulumi-home"),
  };
  const { stdout } = await run(file, ["version"], { env, limit: 20_000 });
  const version = stdout.trim().replace(/^v/, "");
  const minimum = await minimumVersion();
  if (!isAtLeast(version, minimum)) {
    warn(
      `${file} is version ${version || "unknown"} and not used: this project needs ${minimum} or newer.`,
    );
    return undefined;
  }
  const host = await onPath("pulumi-language-nodejs", {
    PATH: `${path.dirname(file)}${path.delimiter}${process.env.PATH}`,
  });
  if (!host) {
    warn(`${file} is not used: pulumi-language-nodejs, which belongs beside it, is missing.`);
    return undefined;
  }
  return { folder: path.dirname(file), version };
}

/**
 * An engine older than the SDK may lack what the SDK asks of it.
 * @returns {Promise<string>} the oldest version that will do
 */
export async function minimumVersion() {
  const text = await readFile(path.join(project, "package.json"), "utf8");
  const { dependencies } = /** @type {{dependencies: {"@pulumi/pulumi": string}}} */ (
    parseJson(text)
  );
  const sdk = dependencies["@pulumi/pulumi"];
  return isAtLeast(sdk, oldestVersion) ? sdk : oldestVersion;
}

/** @param {string} folder */
async function holdsPrograms(folder) {
  const found = await Promise.all(programs.map((name) => isExecutable(path.join(folder, name))));
  return found.every(Boolean);
}

/**
 * Makes the whole folder beside its place and moves it there at the end, so that it is complete or absent.
 * @param {string} folder
 */
async function fill(folder) {
  await mkdir(path.dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    const sum = await publishedSum();
    if (sum) await download(draft, sum);
    else await build(draft);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const archive = () => {
  const arch = { x64: "x64", arm64: "arm64" }[/** @type {string} */ (process.arch)];
  return `pulumi-v${pinnedVersion}-${process.platform}-${arch}.tar.gz`;
};

/**
 * The SHA-256 of the archive for this machine, by the list that Pulumi publishes beside it. No independent public source
 * was found to name the sums of this version, or they would be written here.
 * @returns {Promise<string | undefined>} undefined when the site cannot be reached
 */
async function publishedSum() {
  const url = `${site}/pulumi-${pinnedVersion}-checksums.txt`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  if (!answer?.ok) return undefined;
  return findSum(await answer.text(), archive());
}

/**
 * @param {string} list lines of a sum and a file name
 * @param {string} name
 * @returns {string | undefined}
 */
export function findSum(list, name) {
  const line = list.split("\n").find((text) => text.trim().split(/\s+\*?/)[1] === name);
  return line && /^[0-9a-f]{64}(?=\s)/.exec(line.trim())?.[0];
}

/**
 * @param {string} folder
 * @param {string} sum
 */
async function download(folder, sum) {
  await step(
    `Pulumi CLI ${pinnedVersion}: downloading it from ${new URL(site).host}`,
    "about a minute",
    async () => {
      const file = path.join(folder, archive());
      const answer = await fetch(`${site}/${archive()}`, {
        signal: AbortSignal.timeout(900_000),
      }).catch(() => undefined);
      if (!answer?.ok || !answer.body)
        throw new UserError(
          `${site}/${archive()} could not be downloaded. Run the same command again.`,
        );
      await pipeline(
        Readable.fromWeb(/** @type {import("node:stream/web").ReadableStream} */ (answer.body)),
        createWriteStream(file),
      );
      const hash = createHash("sha256");
      await pipeline(createReadStream(file), hash);
      const found = hash.digest("hex");
      if (found !== sum) {
        throw new UserError(
          `${archive()} is not what Pulumi published: its SHA-256 is ${found}, not ${sum}. Run the same command again; if that does not help, something between you and the site changes downloads.`,
        );
      }
      const { code, stderr } = await run("tar", [
        "-xzf",
        file,
        "-C",
        folder,
        "--strip-components=1",
      ]);
      await rm(file);
      if (code !== 0 || !(await holdsPrograms(folder)))
        throw new UserError(`${archive()} could not be unpacked. ${stderr.trim()}`);
    },
  );
}

/** @param {string} folder */
async function build(folder) {
  if (!(await onPath("go"))) {
    throw new UserError(
      `The Pulumi CLI is not installed, ${new URL(site).host} cannot be reached to download it, and without Go it cannot be built. ` +
        "Install Pulumi (https://www.pulumi.com/docs/install/) or Go (https://go.dev/dl/), then run the same command again.",
    );
  }
  await step(
    `Pulumi CLI ${pinnedVersion}: ${new URL(site).host} cannot be reached, so it is built from its Go module`,
    "4 to 5 minutes, only this once",
    async () => {
      await compileGo(
        "cli",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        path.join(folder, "pulumi"),
      );
      await buildLanguageHost(folder);
    },
  );
}

/**
 * The language host that can be built is older than the engine. It takes only from its arguments, which the engine no
 * longer gives, what Pulumi.yaml says of TypeScript: left alone it would type-check compiled code on every run.
 * @param {string} folder
 */
async function buildLanguageHost(folder) {
  const host = path.join(folder, "pulumi-language-nodejs");
  const source = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
  await compileGo("languagehost", source, `${host}-host`);
  const wrapper = '#!/bin/sh\nexec "$0-host" -typescript=false "$@"\n';
  await writeFile(host, wrapper, { mode: 0o755 });
}

/**
 * @param {string} name of the folder with the Go module
 * @param {string} source
 * @param {string} result
 */
async function compileGo(name, source, result) {
  const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pinnedVersion}`;
  const { code, stderr } = await run(
    "go",
    [
      "build",
      "-trimpath",
      "-mod=readonly",
      "-buildvcs=false",
      "-ldflags",
      flags,
      "-o",
      result,
      source,
    ],
    {
      cwd: path.join(project, "toolchain", name),
      env: { ...process.env, ...goFolders(process.env) },
      limit: 3_600_000,
    },
  );
  if (code !== 0) {
    throw new UserError(
      `The Pulumi CLI could not be built. Go says:\n${stderr.trim().split("\n").slice(-5).join("\n")}`,
    );
  }
}
