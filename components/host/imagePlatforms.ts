import type { Architecture, Emulated, Fault, ImageKey, Images } from "../../plan";
import { architectureOf } from "../../plan";
import { askEngine } from "./engineApi";
import { askRegistry, registryOf } from "./registry";

export interface PlatformArgs {
  readonly images: Images;
  /** References that the program builds itself, on the host and for it. */
  readonly built: readonly string[];
  readonly architecture: Architecture;
  /** The host's engine; undefined: it is not there yet. */
  readonly endpoint: string | undefined;
  /** Whether the stack file allows to run what is of another architecture. */
  readonly emulation: boolean;
}

/** Finds the images that the host cannot run by itself: a container of one would only say "exec format error". */
export async function foreignImages(
  args: PlatformArgs,
): Promise<{ readonly emulated: Emulated; readonly faults: readonly Fault[] }> {
  const { images, built, architecture, endpoint, emulation } = args;
  const entries = (Object.entries(images) as [ImageKey, string][]).filter(
    ([, reference]) => !built.includes(reference),
  );
  const found = await Promise.all(
    entries.map(async ([key, reference]) => ({
      key,
      reference,
      // Whoever does not answer now says why when the image is pulled.
      available: await architecturesOf(reference, endpoint).catch(() => undefined),
    })),
  );
  const foreign = found.filter(
    ({ available = [architecture] }) => !available.includes(architecture),
  );
  return {
    emulated: emulation
      ? Object.fromEntries(
          foreign.flatMap(({ key, available = [] }) =>
            available.slice(0, 1).map((other) => [key, other]),
          ),
        )
      : {},
    faults: foreign
      .filter(({ available = [] }) => !emulation || available.length === 0)
      .map(({ key, reference, available = [] }) => ({
        path: `images.${key}`,
        message: `${reference} is not made for ${architecture}, which the host is, but for ${available.join(" and ") || "none that is known here"}; use an image for ${architecture}, or set emulation: true under host, which is some ten times slower`,
      })),
  };
}

async function architecturesOf(
  reference: string,
  endpoint: string | undefined,
): Promise<readonly Architecture[] | undefined> {
  if (endpoint === undefined) return (await askRegistry(reference)).architectures;
  const stored = await askEngine(endpoint, `/images/${encodeURI(reference)}/json`);
  if (stored.status === 200) {
    const { Architecture } = JSON.parse(stored.body) as { Architecture?: string };
    return known([Architecture]);
  }
  const listed = await askEngine(endpoint, `/distribution/${encodeURI(reference)}/json`);
  if (listed.status !== 200) throw new Error(`${registryOf(reference)} does not answer`);
  const { Platforms = [] } = JSON.parse(listed.body) as {
    Platforms?: readonly { readonly architecture?: string }[] | null;
  };
  const names = (Platforms ?? []).map(({ architecture }) => architecture);
  return names.length === 0 ? undefined : known(names);
}

const known = (names: readonly (string | undefined)[]): Architecture[] =>
  names.flatMap((name) => architectureOf(name ?? "") ?? []);
