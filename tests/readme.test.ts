import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { makePlan, parseConfig } from "../plan";
import { projectFolder } from "./support/projectFolder";

const text = (name: string): string => readFileSync(path.join(projectFolder, name), "utf8");

const readme = text("README.md");
const manifest = JSON.parse(text("package.json")) as {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
};
const declared = (
  parse(text("Pulumi.yaml")) as {
    readonly config: Readonly<Record<string, { readonly default: unknown }>>;
  }
).config;

/** The part of the page under a heading. */
function part(heading: string): string {
  const [, found] = readme.split(`\n## ${heading}\n`);
  if (found === undefined) throw new Error(`README.md has no part "${heading}"`);
  return found.split("\n## ")[0] ?? found;
}

/** The cells of the table under a heading, row by row, without its head. */
function table(heading: string): string[][] {
  return part(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

const code = (cell: string): string => /^`(.*)`$/.exec(cell)?.[1] ?? cell;

/** What Pulumi.yaml has for a key that is not set, since a key without a default would be required. */
const isUnset = (value: unknown): boolean => value === "" || JSON.stringify(value) === "{}";

describe("the configuration table", () => {
  const rows = table("Configuration");

  it("holds the keys of Pulumi.yaml, in their order", () => {
    expect(rows.map(([key = ""]) => code(key))).toEqual(Object.keys(declared));
  });

  it.each(rows)("tells the default of %s: %s", (key = "", value = "") => {
    const expected = declared[code(key)]?.default;
    expect(value === "not set" ? "not set" : parse(code(value))).toEqual(
      isUnset(expected) ? "not set" : expected,
    );
  });

  it("names the version and the port that are taken where none is given", () => {
    const { images, url } = makePlan(parseConfig({}));
    const meaning = Object.fromEntries(rows.map(([key = "", , what = ""]) => [code(key), what]));
    const [version] = /[\d.]+$/.exec(images.mastodon) ?? [];
    expect(meaning["image"]).toContain(`the version is ${version}.`);
    expect(meaning["edge"]).toContain(`the port is ${new URL(url).port}.`);
  });

  it("is followed by stack files that are accepted", () => {
    const examples = [...part("Configuration").matchAll(/```yaml\n(.*?)```/gs)];
    expect(examples).not.toHaveLength(0);
    for (const [, example = ""] of examples) {
      const { config } = parse(example) as { readonly config: Readonly<Record<string, unknown>> };
      const raw: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(config)) {
        const [namespace, name = ""] = key.split(":");
        if (namespace === "mastodon") raw[name] = value;
      }
      expect(() => makePlan(parseConfig(raw))).not.toThrow();
    }
  });
});

describe("commands", () => {
  const named = [...readme.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)];

  it.each([...new Set(named.map(([, script, short]) => script ?? short))])(
    "npm %s exists",
    (name = "") => expect(manifest.scripts).toHaveProperty([name]),
  );

  it("are told to need the Node.js that package.json asks for", () => {
    const version = manifest.engines.node.replace(">=", "");
    expect(part("What you need")).toContain(`Node.js ${version} or newer`);
  });
});

describe("the part on where things are", () => {
  const paths = table("Where things are").map(([name = ""]) => code(name));

  it.each(paths)("names %s, which exists", (name) =>
    expect(existsSync(path.join(projectFolder, name))).toBe(true),
  );

  it("names everything of the top level that git keeps, but for settings in dotfiles", () => {
    const ignored = text(".gitignore")
      .split("\n")
      .map((line) => line.replace(/\/$/, ""));
    const entries = readdirSync(projectFolder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && !ignored.includes(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(entries.filter((name) => !paths.includes(name))).toEqual([]);
  });
});

it.each([...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target]) => target))(
  "the link to %s leads somewhere",
  (target = "") => {
    const [file = "", heading] = target.split("#");
    expect(existsSync(path.join(projectFolder, file))).toBe(true);
    expect(heading).toBeUndefined();
  },
);

it("the other tables name folders and files that exist", () => {
  const named = [...part("How it is tested").matchAll(/`(tests\/[\w./]+)`/g)];
  const limits = [...part("Known limits").matchAll(/`(tests\/[\w./]+)`/g)];
  for (const [, name = ""] of [...named, ...limits]) {
    expect({ name, exists: existsSync(path.join(projectFolder, name)) }).toEqual({
      name,
      exists: true,
    });
  }
});
