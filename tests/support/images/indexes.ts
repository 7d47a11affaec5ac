import { createHash } from "node:crypto";
import { pushIndex } from "../registry";
import { nativeArchitecture, type Architecture } from "./architecture";
import { entryOf, type Ledger, type PreparedImage } from "./ledger";

/** Indexes of images, each a list of which image is for which architecture. By architecture and name of the images. */
export interface Indexes {
  /** Of all architectures asked for, at the images' plain tags, as public registries have them. None for one alone. */
  readonly multiArch: Readonly<Record<string, PreparedImage>>;
  /** Of one other architecture alone, at tags that end in its name: this machine's engine finds nothing for it there. */
  readonly foreign: Readonly<
    Partial<Record<Architecture, Readonly<Record<string, PreparedImage>>>>
  >;
}

type WithRegistry = (work: (address: string) => Promise<PreparedImage>) => Promise<PreparedImage>;

/** Sees to the indexes of images that the registry has. Only what has changed is pushed anew. */
export async function prepareIndexes(
  ledger: Ledger,
  names: readonly string[],
  others: readonly Architecture[],
  withRegistry: WithRegistry,
): Promise<Indexes> {
  const multiArch: Record<string, PreparedImage> = {};
  const foreign: Partial<Record<Architecture, Record<string, PreparedImage>>> = {};
  for (const name of others.length > 0 ? names : []) {
    const all = [nativeArchitecture(), ...others];
    multiArch[name] = await ensureIndex(ledger, name, all, withRegistry);
    for (const one of others) {
      const alone = await ensureIndex(ledger, name, [one], withRegistry);
      foreign[one] = { ...foreign[one], [name]: alone };
    }
  }
  return { multiArch, foreign };
}

/** Its tag is that of the first image. */
async function ensureIndex(
  ledger: Ledger,
  name: string,
  architectures: readonly Architecture[],
  withRegistry: WithRegistry,
): Promise<PreparedImage> {
  const entry = `${name}-index-${architectures.join("-")}`;
  const members = architectures.map((architecture) => {
    const { repository, tag, digest } = ledger.image(entryOf({ name, architecture }));
    return { repository, tag, digest, architecture };
  });
  const key = createHash("sha256").update(JSON.stringify(members)).digest("hex").slice(0, 16);
  const [first] = members;
  if (first !== undefined && ledger.find(entry)?.key !== key) {
    const { repository, tag } = first;
    const made = await withRegistry(async (address) => {
      const digest = await pushIndex(address, `${repository}:${tag}`, members);
      return { repository, tag, digest };
    });
    await ledger.put(entry, { key, ...made });
  }
  return ledger.image(entry);
}
