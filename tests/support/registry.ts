import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "./commands";

/** A running registry of container images. */
export interface Registry {
  /** `address:port`, as in the name of an image. */
  readonly address: string;
  readonly stop: () => Promise<void>;
}

interface Options {
  /** Folder that holds the images; made if absent. */
  readonly storage: string;
  readonly port: number;
  /** The address to listen at. Default: the loopback. */
  readonly host?: string;
}

/** Starts Debian's `docker-registry` over plain HTTP and waits until it answers. */
export async function startRegistry({
  storage,
  port,
  host = "127.0.0.1",
}: Options): Promise<Registry> {
  const address = `127.0.0.1:${port}`;
  const folder = await mkdtemp(path.join(tmpdir(), "registry-"));
  const config = path.join(folder, "config.yml");
  await mkdir(storage, { recursive: true });
  // JSON is YAML, too.
  await writeFile(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: `${host}:${port}` },
    }),
  );
  // Without the caller's environment: REGISTRY_* variables would override the file.
  const child = spawn("docker-registry", ["serve", config], {
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString("utf8")));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      complaints += error.message;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("it answers", 120_000, async () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error("it ended");
      const response = await fetch(`http://${address}/v2/`).catch(() => undefined);
      return response?.ok === true;
    });
  } catch (error) {
    await stop();
    throw new Error(`the image registry did not start: ${complaints.trim()}`, { cause: error });
  }
  return { address, stop };
}

/**
 * Pushes an image of an engine.
 * @param docker runs the docker client against that engine
 * @param reference repository and tag, without the registry's address
 * @returns the digest of its manifest
 */
export async function pushImage(
  docker: (...args: string[]) => Promise<string>,
  image: string,
  address: string,
  reference: string,
): Promise<string> {
  const target = `${address}/${reference}`;
  await docker("tag", image, target);
  await docker("push", "--quiet", target);
  const [repository, tag] = reference.split(":");
  const response = await ask(`http://${address}/v2/${repository}/manifests/${tag}`, {
    method: "HEAD",
    headers: { Accept: manifestType },
  });
  return digestOf(response, reference);
}

/** An image of an index, which is in the same repository. */
interface IndexMember {
  readonly architecture: string;
  readonly digest: string;
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const indexType = "application/vnd.docker.distribution.manifest.list.v2+json";

/** The text of an index (Docker's image manifest list, version 2). */
export function indexOf(members: readonly (IndexMember & { readonly size: number })[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: members.map(({ architecture, digest, size }) => ({
      mediaType: manifestType,
      size,
      digest,
      platform: {
        architecture,
        os: "linux",
        ...(architecture === "arm64" ? { variant: "v8" } : {}),
      },
    })),
  });
}

/**
 * Pushes an index of images that the registry has.
 * @param reference repository and tag, without the registry's address; the tag is the index's from then on
 * @returns its digest
 */
export async function pushIndex(
  address: string,
  reference: string,
  members: readonly IndexMember[],
): Promise<string> {
  const [repository = "", tag = ""] = reference.split(":");
  const manifests = `http://${address}/v2/${repository}/manifests`;
  const sized = await Promise.all(
    members.map(async (member) => {
      const found = await ask(`${manifests}/${member.digest}`, {
        headers: { Accept: manifestType },
      });
      return { ...member, size: (await found.arrayBuffer()).byteLength };
    }),
  );
  const answer = await ask(`${manifests}/${tag}`, {
    method: "PUT",
    headers: { "Content-Type": indexType },
    body: indexOf(sized),
  });
  return digestOf(answer, reference);
}

async function ask(address: string, request: RequestInit): Promise<Response> {
  const response = await fetch(address, { ...request, signal: AbortSignal.timeout(30_000) });
  if (response.ok) return response;
  throw new Error(
    `the registry answers ${response.status} to ${address}: ${await response.text()}`,
  );
}

function digestOf(response: Response, reference: string): string {
  const digest = response.headers.get("docker-content-digest");
  if (digest === null) throw new Error(`the registry names no digest for ${reference}`);
  return digest;
}

/** A TCP port of loopback that nothing listens on at this moment. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
