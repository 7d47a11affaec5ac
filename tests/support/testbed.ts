import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DockerEngine, type DockerEngineOptions } from "./dockerEngine";
import { prepareImages, type PreparedImages } from "./images/prepare";
import { startRegistry, type Registry } from "./registry";

/** Where the acceptance tests deploy to, as plain values, since each test file runs in a process of its own. */
export interface TestbedAddress {
  readonly folder: string;
  readonly endpoint: string;
  readonly cache: string;
  /** How to start the engine again. */
  readonly engine: DockerEngineOptions;
  /** Overrides of `mastodon:images` where the digests of the program are not those of the testbed's images. */
  readonly images: Readonly<Record<string, string>>;
}

/** Plain HTTP on its own port: where the engine looks, after HTTPS, for a registry that it may speak plainly to. */
const registryPort = 80;

/** Registries of the program's images, all of which the testbed's own answers for. */
const registries = ["ghcr.io", "lscr.io"];

/** A registry that serves images under their real names, and an engine that finds it there. */
export class Testbed {
  private constructor(
    readonly address: TestbedAddress,
    private readonly engine: DockerEngine,
    private readonly registry: Registry,
  ) {}

  /** Needs a network namespace of its own, whose hosts file leads the registries' names to the loopback. */
  static async open(cache: string): Promise<Testbed> {
    const prepared = await prepareImages({
      cache,
      progress: (line) => process.stderr.write(`${line}\n`),
    });
    const folder = await mkdtemp(path.join(tmpdir(), "mastodon-acceptance-"));
    const registry = await startRegistry({ storage: prepared.storage, port: registryPort });
    const options = {
      folder: path.join(folder, "engine"),
      registry: registry.address,
      insecure: [registry.address, ...registries],
    };
    const engine = new DockerEngine(options);
    await engine.start();
    const images = imageOverrides(prepared);
    return new Testbed(
      { folder, endpoint: engine.endpoint, cache, engine: options, images },
      engine,
      registry,
    );
  }

  async close(): Promise<void> {
    await this.engine.remove();
    await this.registry.stop();
    await rm(this.address.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Mastodon's own images are left to the program, which finds their digests itself. */
function imageOverrides({ images }: PreparedImages): Record<string, string> {
  const reference = (name: string): string => {
    const image = images[name];
    if (image === undefined) throw new Error(`no image ${name} was prepared`);
    return `${image.repository.replace(/^library\//, "")}:${image.tag}@${image.digest}`;
  };
  return { postgres: reference("postgres"), redis: reference("redis"), caddy: reference("caddy") };
}

/** The testbed that the tests of this process deploy to. */
export function currentTestbed(): TestbedAddress {
  const text = process.env["ACCEPTANCE_TESTBED"];
  if (text === undefined)
    throw new Error("the acceptance tests are run by `npm test`, which gives them an engine");
  return JSON.parse(text) as TestbedAddress;
}
