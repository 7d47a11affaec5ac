import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { withExamples } from "../plan";
import { record, recordProgram, type Recording } from "./support/harness";
import { textOf } from "./support/page";
import { projectFolder } from "./support/projectFolder";
import { configFrom, rawOf, stacks } from "./support/stackFiles";
import { lossesOf, stateOf, type State } from "./support/stateful";

/*
 * What each released version has left in the state of each stack, as far as a later version may not lose it: in
 * tests/states, by version. To record what the version in package.json leaves, as part of its release:
 *
 *   RECORD_STATES=1 npx jest tests/states.test.ts
 *
 * A file of a version that was released is never recorded anew: where the program is to differ from it, an alias is
 * missing, or the change has to tell its operators what to do.
 */
const folder = path.join(projectFolder, "tests/states");

/** One stack: its file with examples for what its owner fills in, and what was made of it. */
interface Left {
  readonly config: unknown;
  readonly resources: State;
}

const recordStack = async (raw: unknown): Promise<Recording> => {
  const config = configFrom(raw);
  return record(config, config.smtp?.login === undefined ? {} : { smtpPassword: "secret" });
};

async function write(version: string): Promise<void> {
  mkdirSync(path.join(folder, version), { recursive: true });
  for (const stack of stacks) {
    const config = withExamples(rawOf(stack));
    const left: Left = { config, resources: stateOf(await recordStack(config)) };
    writeFileSync(path.join(folder, version, `${stack}.yaml`), stringify(left, { lineWidth: 0 }));
  }
}

const read = (file: string): Left => parse(readFileSync(path.join(folder, file), "utf8")) as Left;

const { version } = JSON.parse(textOf("package.json")) as { readonly version: string };

if (process.env["RECORD_STATES"] === "1") {
  it(`records the states of ${version}`, () => write(version));
} else {
  const files = readdirSync(folder).flatMap((release) =>
    readdirSync(path.join(folder, release)).map((file) => `${release}/${file}`),
  );

  it("has a state of every stack by the version in package.json", () => {
    const missing = stacks.filter(
      (stack) => !existsSync(path.join(folder, version, `${stack}.yaml`)),
    );
    expect(missing).toEqual([]);
  });

  describe.each(files)("the state in %s", (file) => {
    const { config, resources } = read(file);
    let now: Recording;

    beforeAll(async () => {
      now = await recordStack(config);
    });

    it("loses nothing that cannot be made anew", () => {
      expect(lossesOf(resources, now)).toEqual([]);
    });

    it("is of domain, volumes, stores and secrets, and of a server where there is one", () => {
      const kinds = Object.keys(resources).map((urn) => urn.replace(/^.*[$:]/, ""));
      const expected = ["volume-postgres", "volume-redis", "volume-media", "postgres", "redis"];
      const secrets = [
        "databasePassword",
        "secretKeyBase",
        "activeRecordPrimaryKey",
        "vapidScalar",
        "domain",
      ];
      const made = /hcloud:/.test(JSON.stringify(Object.keys(resources)))
        ? ["host-server", "host-data", "host-ipv4", "host-ipv6", "host-login-key", "host-host-key"]
        : [];
      for (const part of [...expected, ...secrets, ...made])
        expect(kinds.filter((name) => name.endsWith(`-${part}`))).not.toEqual([]);
    });

    it.each(Object.keys(resources))("would be missed: %s", (urn) => {
      const { [urn]: found, ...others } = resources;
      if (found === undefined) throw new Error("unreachable");
      const renamed = { ...others, [`${urn}-of-old`]: found };
      expect(lossesOf(renamed, now)).toEqual([`${urn}-of-old would be removed`]);
      const inputs = { ...found.inputs, keepers: "others" };
      expect(lossesOf({ ...resources, [urn]: { ...found, inputs } }, now)).toEqual([
        `${urn} would be replaced, for its keepers`,
      ]);
      for (const input of Object.keys(found.inputs)) {
        const changed = { ...found, inputs: { ...found.inputs, [input]: "another" } };
        expect(lossesOf({ ...resources, [urn]: changed }, now)).toEqual([
          `${urn} would be replaced, for its ${input}`,
        ]);
      }
    });
  });
}

describe("a volume of an older version", () => {
  const urn = (parent: string, name: string): string =>
    `mastodon::test:index:Part$docker:index/volume:Volume::${parent}-${name}`;
  const old: State = {
    [urn("old", "media")]: {
      protect: true,
      retainOnDelete: true,
      inputs: { name: "mastodon-media" },
    },
  };

  /** A part that holds one volume, as a newer version might make it. */
  const lossesWith = async (
    { part = "old", volume = "media", file = "mastodon-media" },
    partOptions: pulumi.ComponentResourceOptions = {},
    volumeOptions: pulumi.CustomResourceOptions = {},
  ): Promise<string[]> =>
    lossesOf(
      old,
      await recordProgram((parent) => {
        const whole = new pulumi.ComponentResource(
          "test:index:Part",
          part,
          {},
          { parent, ...partOptions },
        );
        const provider = new docker.Provider("docker", {}, { parent: whole });
        new docker.Volume(
          `${part}-${volume}`,
          { name: file },
          { parent: whole, provider, protect: true, retainOnDelete: true, ...volumeOptions },
        );
        return {};
      }),
    );

  it("is kept by a version that calls it the same", async () => {
    expect(await lossesWith({})).toEqual([]);
  });

  it("is lost to one that renames it, and kept by an alias", async () => {
    const renamed = { volume: "uploads" };
    expect(await lossesWith(renamed)).toEqual([`${urn("old", "media")} would be removed`]);
    expect(await lossesWith(renamed, {}, { aliases: [{ name: "old-media" }] })).toEqual([]);
  });

  it("is lost to one that renames what it is part of, and kept by an alias of that", async () => {
    const renamed = { part: "new" };
    expect(await lossesWith(renamed)).toEqual([`${urn("old", "media")} would be removed`]);
    expect(await lossesWith(renamed, { aliases: [{ name: "old" }] })).toEqual([]);
  });

  it("is lost to one that looks for it under another name on the engine", async () => {
    expect(await lossesWith({ file: "media" })).toEqual([
      `${urn("old", "media")} would be replaced, for its name`,
    ]);
  });

  it.each(["protect", "retainOnDelete"])("is no longer safe once it has no %s", async (option) => {
    expect(await lossesWith({}, {}, { [option]: false })).toEqual([
      option === "protect"
        ? `${urn("old", "media")} would lose its protect`
        : `${urn("old", "media")} would be removed`,
    ]);
  });
});

describe("a server at Hetzner", () => {
  const prod = withExamples(rawOf("prod")) as { readonly host: object };
  const host = { ...prod.host, serverType: "cx23" };
  let before: State;

  beforeAll(async () => {
    before = stateOf(await recordStack({ ...prod, host }));
  });

  it.each<[string, object]>([
    ["of another type", { host: { ...host, serverType: "cx33" } }],
    ["with a larger data volume", { host: { ...host, dataVolumeGb: 80 } }],
    ["behind another firewall", { host: { ...host, adminIps: ["192.0.2.1"] } }],
    ["with a part of its memory", { sizing: { memoryMb: 3000 } }],
  ])("is the same one %s", async (_, changed) => {
    expect(lossesOf(before, await recordStack({ ...prod, host, ...changed }))).toEqual([]);
  });

  it("is another one from another image", async () => {
    const now = await recordStack({ ...prod, host: { ...host, image: "ubuntu-24.04" } });
    expect(lossesOf(before, now)).toEqual([
      expect.stringMatching(/-server would be replaced, for its image$/),
    ]);
  });
});
