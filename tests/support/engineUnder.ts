import { readdir, readFile } from "node:fs/promises";

/** The engine of a command's `pulumi up`, by its place among the processes; none before it runs. */
export async function engineUnder(ancestor: number): Promise<number | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, { parent: number; name: string }>();
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const match = /^\d+ \((.*)\) \S+ (\d+)/s.exec(text);
    if (match !== null) parents.set(pid, { name: match[1] ?? "", parent: Number(match[2]) });
  }
  const isUnder = (pid: number): boolean => {
    const found = parents.get(pid);
    return found !== undefined && (found.parent === ancestor || isUnder(found.parent));
  };
  for (const pid of pids.filter((each) => parents.get(each)?.name === "pulumi" && isUnder(each))) {
    const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (args.includes("\0up\0")) return pid;
  }
  return undefined;
}
