import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { run } from "./commands";

/**
 * Sees to it that the first docker client on the PATH can build with BuildKit: one before 23 can by itself, a later one
 * with its plugin.
 *
 * @param folder for a link to another client of this machine, where the first one cannot
 * @throws where no client of this machine can
 */
export async function useBuildKit(folder: string): Promise<void> {
  const PATH = process.env["PATH"] ?? "";
  const clients = PATH.split(path.delimiter)
    .map((place) => path.join(place, "docker"))
    .filter((file) => existsSync(file));
  for (const client of clients) {
    if (!(await hasBuildKit(client))) continue;
    if (client === clients[0]) return;
    await mkdir(folder, { recursive: true });
    await symlink(client, path.join(folder, "docker"));
    process.env["PATH"] = `${folder}${path.delimiter}${PATH}`;
    return;
  }
  throw new Error("no docker client on the PATH has BuildKit: install its buildx plugin");
}

async function hasBuildKit(client: string): Promise<boolean> {
  if ((await run(client, ["buildx", "version"], { mayFail: true })).code === 0) return true;
  const { stdout } = await run(client, ["--version"], { mayFail: true });
  return Number(/version (\d+)/.exec(stdout)?.[1]) < 23;
}
