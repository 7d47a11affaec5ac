import { architectureOf, type Architecture } from "../../plan";

/** What a registry says of an image. */
export interface RegistryImage {
  /** Of the index where it has several architectures. */
  readonly digest: string;
  /** Undefined where it does not say. */
  readonly architectures: readonly Architecture[] | undefined;
}

const patienceMs = 20_000;

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** A platform in an index; attestations are listed there too, for no platform. */
interface Index {
  readonly manifests?: readonly { readonly platform?: { readonly architecture?: string } }[];
}

/**
 * Asks an image's registry, by its API (https://distribution.github.io/distribution/spec/api/), for those whose engine
 * is not there yet to be asked.
 *
 * @throws Error where it cannot be reached, or knows no such image
 */
export async function askRegistry(reference: string): Promise<RegistryImage> {
  const { host, repository, version } = partsOf(reference);
  const url = `https://${host}/v2/${repository}/manifests/${version}`;
  const headers = { Accept: manifestTypes };
  let answer = await ask(url, headers);
  const challenge = answer.headers.get("www-authenticate");
  if (answer.status === 401 && challenge !== null) {
    answer = await ask(url, { ...headers, Authorization: `Bearer ${await tokenFor(challenge)}` });
  }
  const digest = answer.headers.get("docker-content-digest");
  if (!answer.ok || digest === null) throw new Error(`it answered ${answer.status}`);
  const { manifests } = (await answer.json()) as Index;
  const names = manifests?.flatMap(
    ({ platform }) => architectureOf(platform?.architecture ?? "") ?? [],
  );
  return { digest, architectures: names };
}

const ask = (url: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(url, { headers, signal: AbortSignal.timeout(patienceMs) });

/** Public images too are given only to those who fetch a token for them. */
async function tokenFor(challenge: string): Promise<string> {
  const values = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  const url = new URL(values.get("realm") ?? "");
  for (const key of ["service", "scope"]) {
    const value = values.get(key);
    if (value !== undefined) url.searchParams.set(key, value);
  }
  const answer = (await (await ask(url.href, {})).json()) as {
    token?: string;
    access_token?: string;
  };
  return answer.token ?? answer.access_token ?? "";
}

/** Docker Hub goes without saying, and so does its folder of official images. */
function partsOf(reference: string): { host: string; repository: string; version: string } {
  const [name = "", digest] = reference.split("@");
  const tag = /:([^:/]+)$/.exec(name)?.[1] ?? "latest";
  const path = name.replace(/:[^:/]+$/, "");
  const registry = registryOf(reference);
  const repository = path.startsWith(`${registry}/`) ? path.slice(registry.length + 1) : path;
  const isHub = registry === "docker.io";
  return {
    host: isHub ? "registry-1.docker.io" : registry,
    repository: isHub && !repository.includes("/") ? `library/${repository}` : repository,
    version: digest ?? tag,
  };
}

/** The registry that a reference names, as Docker reads it. */
export function registryOf(reference: string): string {
  const first = reference.split("/")[0] ?? "";
  return reference.includes("/") && /[.:]|^localhost$/.test(first) ? first : "docker.io";
}
