import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import { run, type Result } from "./commands";
import { projectFolder } from "./projectFolder";
import { installProviders } from "./providers/install";

interface Options {
  /** Holds the clone, its state and its home; removed with it. */
  readonly folder: string;
  /** The Docker engine to deploy to. */
  readonly endpoint: string;
  /** The cache to take the CLI from: making it anew for each clone would take minutes. */
  readonly cache: string;
  /** Keys of `mastodon:`, or with a namespace of their own, for the stack's file. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The stack that is used. Default: `dev`. */
  readonly stack?: string;
  /** Further variables for the commands. */
  readonly env?: Readonly<Record<string, string>>;
}

const passwordType = "random:index/randomPassword:RandomPassword";

interface StackExport {
  readonly deployment: {
    readonly resources?: readonly {
      readonly type: string;
      readonly urn: string;
      readonly outputs?: { readonly result: { readonly plaintext: string } };
    }[];
  };
}

const upArguments = ["up", "--yes", "--skip-preview", "--non-interactive"];

const upLimitMs = 15 * 60_000;

/** A clone of the project with a state of its own, used as a person would: by its commands. */
export class Project {
  constructor(private readonly options: Options) {}

  get clone(): string {
    return path.join(this.options.folder, "clone");
  }

  get state(): string {
    return path.join(this.options.folder, "state");
  }

  private get pulumiHome(): string {
    return path.join(this.options.folder, "pulumi-home");
  }

  /** What the commands are run with: nothing of the person who runs the tests. */
  get env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: path.join(this.options.folder, "home"),
      MASTODON_STATE: this.state,
      MASTODON_CACHE: this.options.cache,
      PULUMI_HOME: this.pulumiHome,
      DOCKER_HOST: this.options.endpoint,
      ...this.options.env,
    };
  }

  private get stack(): string {
    return this.options.stack ?? "dev";
  }

  /** Copies what git would: no build results, no dependencies, which are linked instead. */
  async create(): Promise<void> {
    const { stdout } = await run(
      "git",
      ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
      { cwd: projectFolder },
    );
    for (const name of stdout.split("\0").filter((each) => each !== "")) {
      const file = path.join(projectFolder, name);
      // What was deleted and not committed yet is still listed.
      if (existsSync(file)) await copyAsIs(file, path.join(this.clone, name));
    }
    await mkdir(path.join(this.options.folder, "home"), { recursive: true });
    await this.linkPackages();
    await this.configure(this.options.config);
  }

  /** A command that found packages older than their lock file would empty the folder that is linked to. */
  private async linkPackages(): Promise<void> {
    const packages = path.join(projectFolder, "node_modules");
    const [wanted, installed] = await Promise.all([
      stat(path.join(projectFolder, "package-lock.json")),
      stat(path.join(packages, ".package-lock.json")),
    ]);
    if (installed.mtimeMs < wanted.mtimeMs)
      throw new Error("node_modules is older than package-lock.json: run npm ci.");
    await symlink(packages, path.join(this.clone, "node_modules"));
  }

  /** Installs doubles of the provider plugins, where none can be downloaded. */
  installProviders(): Promise<void> {
    return installProviders({ ...process.env, PULUMI_HOME: this.pulumiHome });
  }

  /** Writes keys of `mastodon:` into the stack file; one that is undefined is removed. */
  async configure(values: Readonly<Record<string, unknown>>): Promise<void> {
    const file = path.join(this.clone, `Pulumi.${this.stack}.yaml`);
    const stack = parse(await readFile(file, "utf8")) as { config: Record<string, unknown> };
    const config = { ...stack.config };
    for (const [key, value] of Object.entries(values))
      config[key.includes(":") ? key : `mastodon:${key}`] = value;
    await writeFile(file, stringify({ ...stack, config }));
  }

  /** `npm start`. */
  start(mayFail = false): Promise<Result> {
    return this.node(["toolchain/start.mjs"], mayFail);
  }

  /** `npm start`, or `up` of another stack, left running. */
  begin(): ChildProcess {
    const { stack } = this.options;
    const args =
      stack === undefined
        ? ["toolchain/start.mjs"]
        : ["toolchain/pulumi.mjs", ...upArguments, "--stack", stack];
    return spawn(process.execPath, args, {
      cwd: this.clone,
      env: this.env,
      stdio: "ignore",
      detached: true,
    });
  }

  /** `npm run pulumi -- …` */
  pulumi(args: readonly string[], mayFail = false): Promise<Result> {
    const stack = this.options.stack === undefined ? [] : ["--stack", this.options.stack];
    return this.node(["toolchain/pulumi.mjs", ...args, ...stack], mayFail);
  }

  /** `npm run pulumi -- up`, without anybody there to be asked. */
  up(mayFail = false): Promise<Result> {
    return this.pulumi(upArguments, mayFail);
  }

  /** The stack's outputs, secrets in clear. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await this.pulumi(["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse(stdout.slice(stdout.indexOf("{"))) as Readonly<Record<string, unknown>>;
  }

  /** Every generated secret that is in the state, by its name, in clear. */
  async secrets(): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await this.pulumi(["stack", "export", "--show-secrets"]);
    const { deployment } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as StackExport;
    const passwords = (deployment.resources ?? []).filter(
      ({ type, outputs }) => type === passwordType && outputs !== undefined,
    );
    return Object.fromEntries(
      passwords.map(({ urn, outputs }) => [
        urn.split("-").at(-1) ?? urn,
        JSON.parse(outputs?.result.plaintext ?? '""') as string,
      ]),
    );
  }

  async remove(): Promise<void> {
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private node(args: readonly string[], mayFail = false): Promise<Result> {
    return run(process.execPath, args, {
      cwd: this.clone,
      env: this.env,
      limitMs: upLimitMs,
      mayFail,
    });
  }
}

/** What Pulumi says at its end that it did: `44 unchanged`, `+ 2 created`. */
export const changesIn = ({ stdout }: Result): string[] =>
  /Resources:\n([^]*?)\n\n/
    .exec(stdout)?.[1]
    ?.split("\n")
    .map((line) => line.trim()) ?? [];

/** With its times: whether dependencies and build results are up to date is told by them. */
async function copyAsIs(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(from, to);
  const { atime, mtime } = await stat(from);
  await utimes(to, atime, mtime);
}
