import path from "node:path";
import { DockerEngine } from "../dockerEngine";
import { run } from "./run";

/** Runs the docker client against the engine that builds. @returns what it printed, trimmed */
export type Builder = (...args: string[]) => Promise<string>;

/**
 * Works with an engine that shares nothing with one that may run already, and is gone afterwards. Builds use the
 * machine's network.
 * @param folder taken over wholly; what an earlier, killed run left in it is stopped and removed
 */
export async function withBuilder(
  folder: string,
  work: (builder: Builder) => Promise<void>,
): Promise<void> {
  const engine = new DockerEngine({ folder, namespace: "rehearsal", networks: false });
  const env = {
    ...process.env,
    DOCKER_HOST: engine.endpoint,
    // Nobody's logins and proxies.
    DOCKER_CONFIG: path.join(folder, "config"),
    DOCKER_BUILDKIT: "0",
  };
  await engine.remove();
  try {
    await engine.start();
    await work((...args) => run("docker", args, { env }));
  } finally {
    await engine.remove();
  }
}
