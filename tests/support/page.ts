import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { projectFolder } from "./projectFolder";

/** The text of a file of the project. */
export const textOf = (name: string): string =>
  readFileSync(path.join(projectFolder, name), "utf8");

/** What a cell or a word holds, without the quotes that make it code. */
export const code = (cell: string): string => /^`(.*)`$/.exec(cell)?.[1] ?? cell;

/** A table of a page, cell by cell. */
interface Table {
  readonly head: string[];
  readonly rows: string[][];
}

/** A page of the handbook, taken apart as its readers use it. */
export class Page {
  readonly text: string;

  /** @param name its path in the project */
  constructor(readonly name: string) {
    this.text = textOf(name);
  }

  /** What stands under a heading of the second level. */
  part(heading: string): string {
    const [, found] = this.text.split(`\n## ${heading}\n`);
    if (found === undefined) throw new Error(`${this.name} has no part "${heading}"`);
    return found.split("\n## ")[0] ?? found;
  }

  /** The tables under a heading. */
  tables(heading: string): Table[] {
    return tablesIn(this.part(heading));
  }

  /** The cells of the tables under a heading, row by row, without their heads. */
  table(heading: string): string[][] {
    return this.tables(heading).flatMap(({ rows }) => rows);
  }

  /** What it says that the program says: the code in the columns of its tables that are headed so. */
  get quotes(): string[] {
    return tablesIn(this.text).flatMap(({ head, rows }) =>
      rows
        .flatMap((cells) => cells.filter((_, column) => /\b(says|said)$/.test(head[column] ?? "")))
        .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, quote = ""]) => quote)),
    );
  }

  /** The scripts of package.json that its commands name, each once. */
  get scripts(): string[] {
    const named = [...this.text.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)];
    return [...new Set(named.map(([, script, short]) => script ?? short ?? ""))];
  }

  /** The links to other parts of the project, as they are written. */
  get links(): string[] {
    return [...this.text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = ""]) => target);
  }

  /** Whether a link leads to a file and, where it names one, to a heading in it. */
  leadsSomewhere(link: string): boolean {
    const [file = "", heading] = link.split("#");
    const target = path.join(path.dirname(this.name), file);
    if (!existsSync(path.join(projectFolder, target))) return false;
    return heading === undefined || headingsOf(textOf(target)).includes(heading);
  }

  /** The keys of `mastodon:` in each of its examples of a stack file, without their namespace. */
  get examples(): Readonly<Record<string, unknown>>[] {
    return [...this.text.matchAll(/```yaml\n(.*?)```/gs)].map(([, example = ""]) =>
      mastodonKeys(example),
    );
  }
}

/** The keys of `mastodon:` in the text of a stack file, without their namespace. */
export function mastodonKeys(stackFile: string): Readonly<Record<string, unknown>> {
  const { config } = parse(stackFile) as { readonly config: Readonly<Record<string, unknown>> };
  return Object.fromEntries(
    Object.entries(config)
      .map(([key, value]) => [key.split(":"), value] as const)
      .filter(([[namespace]]) => namespace === "mastodon")
      .map(([[, name = ""], value]) => [name, value]),
  );
}

function tablesIn(text: string): Table[] {
  const blocks = text.match(/^\|.*(\n\|.*)*/gm) ?? [];
  return blocks.map((block) => {
    const [head = [], , ...rows] = block
      .split("\n")
      .map((line) => line.split("|").slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim()));
    return { head, rows };
  });
}

/** The headings of a page as links name them: https://docs.github.com/get-started/writing-on-github */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
