import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DockerEngine, type DockerEngineOptions } from "./dockerEngine";
import { architectures, nativeArchitecture, type Architecture } from "./images/architecture";
import { prepareImages, type PreparedImage, type PreparedImages } from "./images/prepare";
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
  readonly foreign: ForeignImages;
  /** What simulated machines are made with. */
  readonly machines: {
    readonly image: string;
    readonly registryPort: number;
    readonly registries: readonly string[];
  };
  /** What moving media is tested with: an S3-compatible server, and the program that copies. References. */
  readonly storage: { readonly minio: string; readonly rclone: string };
  /** A certificate authority. Reference. */
  readonly authority: string;
}

/** The images for another architecture than this machine's, which runs them by emulation. References by name. */
export interface ForeignImages {
  readonly architecture: Architecture;
  /** Of indexes that hold no image for this machine. */
  readonly images: Readonly<Record<string, string>>;
  /** Of indexes of both architectures. */
  readonly multiArch: Readonly<Record<string, string>>;
  /** Of the image, of this machine's architecture, that registers the emulator. */
  readonly emulation: string;
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
      architectures,
      progress: (line) => process.stderr.write(`${line}\n`),
      forTests: true,
    });
    const folder = await mkdtemp(path.join(tmpdir(), "mastodon-acceptance-"));
    const registry = await startRegistry({
      storage: prepared.storage,
      port: registryPort,
      // Simulated machines reach it on the address of their bridge.
      host: "0.0.0.0",
    });
    const options = {
      folder: path.join(folder, "engine"),
      registry: registry.address,
      insecure: [registry.address, ...registries],
    };
    const engine = new DockerEngine(options);
    await engine.start();
    const machines = { image: referenceTo(prepared.images, "machine"), registryPort, registries };
    const address = {
      folder,
      endpoint: engine.endpoint,
      cache,
      engine: options,
      images: imageOverrides(prepared),
      foreign: foreignImages(prepared),
      machines,
      storage: {
        minio: referenceTo(prepared.images, "minio"),
        rclone: referenceTo(prepared.images, "rclone"),
      },
      authority: referenceTo(prepared.images, "pebble"),
    };
    return new Testbed(address, engine, registry);
  }

  async close(): Promise<void> {
    await this.engine.remove();
    await this.registry.stop();
    await rm(this.address.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Mastodon's own images are left to the program, which finds their digests itself. */
function imageOverrides({ images }: PreparedImages): Record<string, string> {
  return {
    postgres: referenceTo(images, "postgres"),
    redis: referenceTo(images, "redis"),
    caddy: referenceTo(images, "caddy"),
    cloudflared: referenceTo(images, "cloudflared"),
    elasticsearch: referenceTo(images, "search"),
  };
}

function foreignImages({ images, multiArch, foreign }: PreparedImages): ForeignImages {
  const architecture = architectures.find((one) => one !== nativeArchitecture()) ?? "arm64";
  const references = (
    prepared: Readonly<Record<string, PreparedImage>> = {},
  ): Record<string, string> =>
    Object.fromEntries(Object.keys(prepared).map((name) => [name, referenceTo(prepared, name)]));
  return {
    architecture,
    images: references(foreign[architecture]),
    multiArch: references(multiArch),
    emulation: referenceTo(images, "binfmt"),
  };
}

/** The name by which the testbed's engine, and anyone's elsewhere, pulls an image. */
function referenceTo(images: Readonly<Record<string, PreparedImage>>, name: string): string {
  const image = images[name];
  if (image === undefined) throw new Error(`no image ${name} was prepared`);
  const repository = image.repository
    .replace(/^library\//, "")
    .replace(/^mastodon\//, "ghcr.io/$&");
  return `${repository}:${image.tag}@${image.digest}`;
}

/** The testbed that the tests of this process deploy to. */
export function currentTestbed(): TestbedAddress {
  const text = process.env["ACCEPTANCE_TESTBED"];
  if (text === undefined)
    throw new Error("the acceptance tests are run by `npm test`, which gives them an engine");
  return JSON.parse(text) as TestbedAddress;
}
