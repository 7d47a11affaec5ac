import { readFile, rename, writeFile } from "node:fs/promises";
import { nativeArchitecture } from "./architecture";
import type { Recipe } from "./recipes";

/** An image as the registry serves it. */
export interface PreparedImage {
  readonly repository: string;
  readonly tag: string;
  /** `sha256:…` of its manifest, or of its index. */
  readonly digest: string;
}

/** What was made, and of what: the key of an entry changes with its inputs. */
export type Made = PreparedImage & { readonly key: string };

/** The entry of an image: its name, and the architecture where that is not this machine's own. */
export const entryOf = ({ name, architecture }: Pick<Recipe, "name" | "architecture">): string =>
  architecture === nativeArchitecture() ? name : `${name}-${architecture}`;

/** Remembers in a file what a registry's storage holds. */
export class Ledger {
  private constructor(
    private readonly file: string,
    private entries: Readonly<Record<string, Made>>,
  ) {}

  static async open(file: string): Promise<Ledger> {
    try {
      return new Ledger(file, JSON.parse(await readFile(file, "utf8")) as Record<string, Made>);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Ledger(file, {});
      throw error;
    }
  }

  find(entry: string): Made | undefined {
    return this.entries[entry];
  }

  /** What is served of an entry. @throws where it was never made */
  image(entry: string): PreparedImage {
    const made = this.entries[entry];
    if (made === undefined) throw new Error(`no image ${entry} was prepared`);
    const { repository, tag, digest } = made;
    return { repository, tag, digest };
  }

  /** Written beside and moved into place, so that a killed run leaves the old one whole. */
  async put(entry: string, made: Made): Promise<void> {
    this.entries = { ...this.entries, [entry]: made };
    await writeFile(`${this.file}.new`, `${JSON.stringify(this.entries, null, 2)}\n`);
    await rename(`${this.file}.new`, this.file);
  }
}
