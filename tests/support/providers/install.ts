import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../projectFolder";

const versions = { docker: "5.2.0", random: "4.21.2", command: "1.2.1" } as const;

export type ProviderName = keyof typeof versions;

/** In the wrapper, to know it from an official plugin. */
const marker = "# Test double";

const limitMs = 60_000;

export interface InstallOptions {
  /** Path of the Pulumi CLI. */
  readonly pulumi: string;
  /** The environment that the CLI is run in; `PULUMI_HOME` is where the plugins go. */
  readonly env: NodeJS.ProcessEnv;
  /** All three if not given. */
  readonly only?: readonly ProviderName[];
}

/**
 * Installs the stand-ins for the provider plugins under the versions of their SDKs. What is installed already stays, and
 * so does an official plugin.
 * @throws when the CLI fails
 */
export async function installProviders({ pulumi, env, only }: InstallOptions): Promise<void> {
  const home = env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi");
  const scratch = await mkdtemp(path.join(tmpdir(), "plugins-"));
  try {
    for (const name of only ?? (Object.keys(versions) as ProviderName[])) {
      const version = versions[name];
      const file = `pulumi-resource-${name}`;
      const wrapper = wrapperOf(name);
      const installed = path.join(home, "plugins", `resource-${name}-v${version}`, file);
      if (!(await isStale(installed, wrapper))) continue;
      await writeFile(path.join(scratch, file), wrapper, { mode: 0o755 });
      const args = [
        "plugin",
        "install",
        "resource",
        name,
        version,
        "--reinstall",
        "--file",
        path.join(scratch, file),
      ];
      await promisify(execFile)(pulumi, args, { env, timeout: limitMs });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function wrapperOf(name: ProviderName): string {
  const program = path.join(projectFolder, "dist/tests/support/providers", name, "main.js");
  return `#!/bin/sh\n${marker}\nexec ${quoted(process.execPath)} ${quoted(program)} "$@"\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function isStale(installed: string, wrapper: string): Promise<boolean> {
  const content = await readFile(installed, "latin1").catch(() => undefined);
  return content === undefined || (content.includes(marker) && content !== wrapper);
}

if (require.main === module) {
  installProviders({ pulumi: "pulumi", env: process.env }).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
