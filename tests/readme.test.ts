import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { makePlan, parseConfig } from "../plan";
import { code, Page, textOf } from "./support/page";
import { projectFolder } from "./support/projectFolder";

const readme = new Page("README.md");
const manifest = JSON.parse(textOf("package.json")) as {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
};
const declared = (
  parse(textOf("Pulumi.yaml")) as {
    readonly config: Readonly<Record<string, { readonly default: unknown }>>;
  }
).config;

/** What Pulumi.yaml has for a key that is not set, since a key without a default would be required. */
const isUnset = (value: unknown): boolean => value === "" || JSON.stringify(value) === "{}";

describe("the configuration table", () => {
  const rows = readme.table("Configuration");

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
    expect(readme.examples).not.toHaveLength(0);
    for (const example of readme.examples) {
      expect(() => makePlan(parseConfig(example))).not.toThrow();
    }
  });
});

describe("commands", () => {
  it.each(readme.scripts)("npm %s exists", (name) =>
    expect(manifest.scripts).toHaveProperty([name]),
  );

  it("are told to need the Node.js that package.json asks for", () => {
    const version = manifest.engines.node.replace(">=", "");
    expect(readme.part("What you need")).toContain(`Node.js ${version} or newer`);
  });
});

describe("the part on where things are", () => {
  const paths = readme.table("Where things are").map(([name = ""]) => code(name));

  it.each(paths)("names %s, which exists", (name) =>
    expect(existsSync(path.join(projectFolder, name))).toBe(true),
  );

  it("names everything of the top level that git keeps, but for settings in dotfiles", () => {
    const ignored = textOf(".gitignore")
      .split("\n")
      .map((line) => line.replace(/\/$/, ""));
    const entries = readdirSync(projectFolder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && !ignored.includes(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(entries.filter((name) => !paths.includes(name))).toEqual([]);
  });
});

it.each(readme.links)("the link to %s leads somewhere", (link) =>
  expect(readme.leadsSomewhere(link)).toBe(true),
);

it("the other tables name folders and files that exist", () => {
  const named = [...readme.part("How it is tested").matchAll(/`(tests\/[\w./]+)`/g)];
  const limits = [...readme.part("Known limits").matchAll(/`(tests\/[\w./]+)`/g)];
  for (const [, name = ""] of [...named, ...limits]) {
    expect({ name, exists: existsSync(path.join(projectFolder, name)) }).toEqual({
      name,
      exists: true,
    });
  }
});
