import { until } from "./commands";
import { engineUnder } from "./engineUnder";
import type { Project } from "./project";

/** The double of an API, as far as an answer of it is held back. */
interface Api {
  readonly requests: readonly { readonly path: string; readonly status: number }[];
  failNext(fault: {
    readonly method: string;
    readonly path: RegExp;
    readonly status: "held";
    readonly afterWork: boolean;
  }): void;
}

/** Begins an `up`, and kills its engine once an API has made what it is asked for there, before it can say so. */
export async function killWhileMaking(project: Project, api: Api, path: RegExp): Promise<void> {
  api.failNext({ method: "POST", path, status: "held", afterWork: true });
  const before = api.requests.length;
  const running = project.begin();
  const ended = new Promise((resolve) => running.once("exit", resolve));
  await until(`the API is asked for ${String(path)}`, 300_000, () => {
    if (running.exitCode !== null) throw new Error("the up has ended before");
    const since = api.requests.slice(before);
    return Promise.resolve(since.some((each) => each.status === 0 && path.test(each.path)));
  });
  const engine = await engineUnder(running.pid ?? 0);
  if (engine === undefined) throw new Error("there is no engine under the up");
  process.kill(engine, "SIGKILL");
  await ended;
}
