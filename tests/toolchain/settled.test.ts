import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { callToolchain } from "../support/toolchain";

let folder: string;
let stackFile: string;
let checkpoint: string;

const call = (name: string, ...args: string[]): unknown =>
  callToolchain("settled", name, ["dev", ...args], {
    MASTODON_STATE: path.join(folder, "state"),
    MASTODON_CACHE: path.join(folder, "cache"),
  });

const origin = (): string => String(call("originOf", stackFile));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "settled-"));
  stackFile = path.join(folder, "Pulumi.dev.yaml");
  checkpoint = path.join(folder, "state/.pulumi/stacks/mastodon/dev.json");
  mkdirSync(path.dirname(checkpoint), { recursive: true });
  writeFileSync(stackFile, "config: {}\n");
  writeFileSync(checkpoint, "{}");
});

afterEach(() => rmSync(folder, { recursive: true }));

it("knows nothing of a stack that no start has ended well with", () => {
  expect(call("isSettled", origin())).toBe(false);
});

it("is settled until something is different: program, configuration or state", () => {
  call("settle", origin());
  expect(call("isSettled", origin())).toBe(true);

  writeFileSync(stackFile, "config: { mastodon:domain: other.example }\n");
  expect(call("isSettled", origin())).toBe(false);

  writeFileSync(stackFile, "config: {}\n");
  expect(call("isSettled", origin())).toBe(true);
  writeFileSync(checkpoint, "{ }");
  expect(call("isSettled", origin())).toBe(false);
});

it("goes by the stack file as it was before Pulumi added to it", () => {
  const before = origin();
  writeFileSync(stackFile, "encryptionsalt: v1:x\nconfig: {}\n");
  call("settle", before);
  expect(call("isSettled", before)).toBe(true);
});
