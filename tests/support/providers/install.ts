import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { run } from "../commands";
import { projectFolder } from "../projectFolder";

/** The stand-ins, by the versions of their SDKs. */
export const versions = {
  docker: "5.2.0",
  random: "4.21.2",
  command: "1.2.1",
  hcloud: "1.41.0",
  tls: "5.6.1",
  cloudflare: "6.22.1",
} as const;

type ProviderName = keyof typeof versions;

/** In the wrapper, to know it from an official plugin. */
const marker = "# Test double";

/**
 * Installs the stand-ins for the provider plugins under the versions of their SDKs. What is installed already stays, and
 * so does an official plugin.
 * @throws when the CLI fails
 */
export async function installProviders(env: NodeJS.ProcessEnv): Promise<void> {
  const home = env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi");
  const scratch = await mkdtemp(path.join(tmpdir(), "plugins-"));
  try {
    for (const name of Object.keys(versions) as ProviderName[]) {
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
      await run("pulumi", args, { env });
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
