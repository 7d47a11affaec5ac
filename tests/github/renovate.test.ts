import { readdirSync } from "node:fs";
import path from "node:path";
import { dockerEngineVersion, makePlan, parseConfig } from "../../plan";
import { defaultVersion } from "../../plan/configSchema";
import { Page, textOf } from "../support/page";
import { projectFolder } from "../support/projectFolder";

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate?: string;
  readonly depNameTemplate?: string;
  readonly extractVersionTemplate?: string;
}

interface Rule {
  readonly matchPackageNames?: readonly string[];
  readonly matchDepNames?: readonly string[];
  readonly matchUpdateTypes?: readonly string[];
  readonly enabled?: boolean;
  readonly allowedVersions?: string;
  readonly automerge?: boolean;
}

const settings = JSON.parse(textOf("renovate.json")) as {
  readonly automerge: boolean;
  readonly customManagers: readonly Manager[];
  readonly packageRules: readonly Rule[];
};

/** What of a file a manager would bring up to date. Patterns stand between slashes. */
interface Found {
  readonly file: string;
  readonly depName: string | undefined;
  readonly datasource: string | undefined;
  readonly currentValue: string | undefined;
  readonly currentDigest: string | undefined;
  readonly extractVersion: string | undefined;
}

const files = ["plan", "toolchain"]
  .flatMap((folder) =>
    readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map(
      (file) => `${folder}/${file}`,
    ),
  )
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .concat("README.md");

function foundBy(manager: Manager): Found[] {
  const patterns = manager.managerFilePatterns.map(
    (pattern) => new RegExp(pattern.replace(/^\/|\/$/g, "")),
  );
  return files
    .filter((file) => patterns.some((pattern) => pattern.test(file)))
    .flatMap((file) =>
      manager.matchStrings.flatMap((pattern) =>
        [...textOf(file).matchAll(new RegExp(pattern, "g"))].map(({ groups = {} }) => ({
          file,
          depName: groups["depName"] ?? manager.depNameTemplate,
          datasource: groups["datasource"] ?? manager.datasourceTemplate,
          currentValue: groups["currentValue"],
          currentDigest: groups["currentDigest"],
          extractVersion: groups["extractVersion"] ?? manager.extractVersionTemplate,
        })),
      ),
    );
}

const found = settings.customManagers.map(foundBy);
const [marked = [], mastodon = [], command = []] = found;

it("finds what stands below every marker", () => {
  const markers = files.flatMap((file) =>
    [...textOf(file).matchAll(/^\s*\/\/ renovate: (.*)$/gm)].map(
      ([, marker]) => `${file}: ${marker ?? ""}`,
    ),
  );
  expect(markers).not.toEqual([]);
  expect(
    marked.map(
      ({ file, datasource, depName, extractVersion }) =>
        `${file}: datasource=${datasource ?? ""} depName=${depName ?? ""}${extractVersion === undefined ? "" : ` extractVersion=${extractVersion}`}`,
    ),
  ).toEqual(markers);
});

it("reads tags and digests as the images have them", () => {
  const search = (engine: string) => ({ search: { kind: "container", engine } });
  const edge = { kind: "tunnel", accountId: "0".repeat(32), zone: "example.org" };
  const large = { sizing: { memoryMb: 32768, cpus: 8 } };
  const plans = [search("elasticsearch"), search("opensearch"), { edge }].map((keys) =>
    makePlan(parseConfig({ domain: "social.example.org", ...large, ...keys })),
  );
  const references = new Set(
    plans
      .flatMap(({ images }) => Object.values(images))
      .filter((image) => !image.includes("ghcr.io")),
  );
  const read = marked
    .filter(({ file }) => file === "plan/images.ts")
    .map(({ depName = "", currentValue = "", currentDigest }) =>
      [`${depName}:${currentValue}`, ...(currentDigest === undefined ? [] : [currentDigest])].join(
        "@",
      ),
    );
  expect(references.size).toBe(6);
  expect(read).toEqual(expect.arrayContaining([...references]));
});

it("reads the version of the engine on servers, without what its tags begin with", () => {
  const [engine] = marked.filter(({ depName }) => depName === "moby/moby");
  expect(engine?.currentValue).toBe(dockerEngineVersion);
  expect(new RegExp(engine?.extractVersion ?? "none").exec("docker-v29.9.0")?.groups).toEqual({
    version: "29.9.0",
  });
});

it("reads the version of Mastodon wherever it is said", () => {
  expect(mastodon.map(({ file, currentValue }) => [file, currentValue])).toEqual([
    ["plan/configSchema.ts", defaultVersion],
    ["README.md", defaultVersion],
  ]);
  expect(makePlan(parseConfig({})).images.mastodon).toBe(
    `${mastodon[0]?.depName ?? ""}:v${defaultVersion}`,
  );
  expect(new Page("README.md").part("Configuration").split(defaultVersion)).toHaveLength(3);
});

it("moves the Pulumi command that is downloaded and the one that is built together", () => {
  const [pulumi] = command;
  const { depName = "", currentValue = "" } = pulumi ?? {};
  expect(command).toHaveLength(1);
  expect(textOf("toolchain/cli/go.mod")).toContain(`${depName} v${currentValue}\n`);
});

const rulesFor = (name: string): readonly Rule[] =>
  settings.packageRules.filter(({ matchDepNames = [], matchPackageNames = [] }) =>
    [...matchDepNames, ...matchPackageNames].includes(name),
  );

it("merges nothing by itself", () => {
  expect(settings.automerge).toBe(false);
  expect(settings.packageRules.filter(({ automerge }) => automerge === true)).toEqual([]);
});

it("never proposes another major version of Postgres", () => {
  expect(rulesFor("postgres")).toContainEqual(
    expect.objectContaining({ matchUpdateTypes: ["major"], enabled: false }),
  );
});

it("stays with the packages that can be used", () => {
  const { dependencies } = JSON.parse(textOf("package.json")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const limits = ["@pulumi/command", "@pulumi/pulumi"].map((name) => [
    dependencies[name],
    rulesFor(name).find(({ allowedVersions }) => allowedVersions !== undefined)?.allowedVersions,
  ]);
  expect(limits).toEqual([
    ["1.2.1", "~1.2.0"],
    ["3.248.0", "<3.249.0"],
  ]);
});

it("names no package that there is none of", () => {
  const goModules = ["toolchain", "tests/support"].flatMap((folder) =>
    readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith("go.mod"))
      .map((file) => textOf(`${folder}/${file}`)),
  );
  const known = [
    ...found.flat().map(({ depName }) => depName),
    "node",
    "go",
    "@pulumi/**",
    ...Object.values(JSON.parse(textOf("package.json")) as object).flatMap((value) =>
      typeof value === "object" && value !== null ? Object.keys(value as object) : [],
    ),
  ];
  const named = settings.packageRules.flatMap(({ matchDepNames = [], matchPackageNames = [] }) => [
    ...matchDepNames,
    ...matchPackageNames,
  ]);
  const unknown = named.filter(
    (name) => !known.includes(name) && !goModules.some((text) => text.includes(` ${name} v`)),
  );
  expect(unknown).toEqual([]);
});
