import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { callToolchain } from "../support/toolchain";

const file = {
  encryptionsalt: "v1:x",
  config: { "mastodon:hardware": "dev", "mastodon:domain": "a.example" },
};

test("values take the place of those in the file, and nothing else changes", () => {
  expect(callToolchain("stack", "mergeConfig", [file, { "mastodon:domain": "b.example" }])).toEqual(
    {
      encryptionsalt: "v1:x",
      config: { "mastodon:hardware": "dev", "mastodon:domain": "b.example" },
    },
  );
});

test("an empty file takes values too", () => {
  expect(callToolchain("stack", "mergeConfig", [null, { "mastodon:domain": "b.example" }])).toEqual(
    {
      config: { "mastodon:domain": "b.example" },
    },
  );
});

describe("a state whose last write was cut short", () => {
  const whole = JSON.stringify({ checkpoint: { latest: { resources: [{ urn: "urn:one" }] } } });
  let state: string;
  let file: string;
  const call = (name: string): unknown =>
    callToolchain("stack", name, ["dev"], { MASTODON_STATE: state });

  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), "state-"));
    const folder = path.join(state, ".pulumi/stacks/mastodon");
    mkdirSync(folder, { recursive: true });
    file = path.join(folder, "dev.json");
    writeFileSync(`${file}.bak`, whole);
  });

  afterEach(() => rmSync(state, { recursive: true }));

  it.each(["", whole.slice(0, 20)])("is taken from its backup: %j", (damaged) => {
    writeFileSync(file, damaged);
    expect(call("readCheckpoint")).toEqual({ resources: [{ urn: "urn:one" }] });
    expect(call("mendCheckpoint")).toBe(true);
    expect(readFileSync(file, "utf8")).toBe(whole);
  });

  it("is left alone where it is whole", () => {
    writeFileSync(file, "{}");
    expect(call("mendCheckpoint")).toBe(false);
    expect(readFileSync(file, "utf8")).toBe("{}");
  });

  it("is refused where the backup is damaged too", () => {
    writeFileSync(file, "");
    writeFileSync(`${file}.bak`, "");
    expect(() => call("mendCheckpoint")).toThrow(/Put back your copy/);
  });
});
