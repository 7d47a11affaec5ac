import { readFile, rename, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { docker, EngineError } from "./engine";

/** Reference → digest: which image a tag meant when it was first used. */
export type ImageLock = Readonly<Record<string, string>>;

export async function readLock(file: string): Promise<ImageLock> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ImageLock;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new EngineError(
      `${file} cannot be read: ${String(error)}. Restore it from version control, or delete it to have the tags resolved anew.`,
    );
  }
}

/**
 * Resolves the references that the lock does not hold yet, and keeps the answers in it: from then on a tag that moves
 * changes nothing here.
 *
 * @throws EngineError naming the image and its registry where it cannot be resolved
 */
export async function completeLock(
  file: string,
  references: readonly string[],
  endpoint: string,
): Promise<ImageLock> {
  const lock = await readLock(file);
  const missing = references.filter((reference) => lock[reference] === undefined);
  if (missing.length === 0) return lock;
  const found = await Promise.all(
    missing.map(
      async (reference) => [reference, await resolveDigest(reference, endpoint)] as const,
    ),
  );
  const complete = Object.fromEntries(
    Object.entries({ ...lock, ...Object.fromEntries(found) }).sort(),
  );
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(complete, undefined, 2)}\n`);
  await rename(draft, file);
  return complete;
}

async function resolveDigest(reference: string, endpoint: string): Promise<string> {
  const local = await localDigest(reference, endpoint);
  if (local !== undefined) return local;
  const answer = await askEngine(endpoint, `/distribution/${encodeURI(reference)}/json`);
  const digest = (answer.body as { Descriptor?: { digest?: string } }).Descriptor?.digest;
  if (digest !== undefined) return digest;
  const reason = (answer.body as { message?: string }).message ?? `status ${answer.status}`;
  throw new EngineError(
    `The image ${reference} cannot be found at ${registryOf(reference)}: ${reason}. Check the tag and the connection, or write its digest (${reference}@sha256:…) under images.`,
  );
}

/** An image that was pulled before has its digest in the engine's store, and needs no registry. */
async function localDigest(reference: string, endpoint: string): Promise<string | undefined> {
  const format = "{{range .RepoDigests}}{{println .}}{{end}}";
  const digests = await docker(endpoint, ["image", "inspect", "--format", format, reference]).catch(
    () => "",
  );
  return digests
    .split("\n")
    .find((line) => line.includes("@"))
    ?.split("@")[1];
}

/** The registry that a reference names, as Docker reads it. */
export function registryOf(reference: string): string {
  const first = reference.split("/")[0] ?? "";
  return reference.includes("/") && /[.:]|^localhost$/.test(first) ? first : "docker.io";
}

function askEngine(endpoint: string, path: string): Promise<{ status: number; body: unknown }> {
  const address = endpoint.startsWith("unix://")
    ? { socketPath: endpoint.slice("unix://".length) }
    : { host: new URL(endpoint).hostname, port: new URL(endpoint).port };
  return new Promise((resolve, reject) => {
    const call = request({ ...address, path, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(text === "" ? "{}" : text) as unknown,
        });
      });
    });
    call.on("timeout", () =>
      call.destroy(new EngineError("the registry did not answer within a minute")),
    );
    call.on("error", reject);
    call.end();
  });
}
