import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { dockerFile } from "../../../plan/hosts/hostFiles";
import { dockerEngineVersion, hostSetup, type HostSetupSpec } from "../../../plan/hosts/hostSetup";
import { hostileText } from "../../support/hostileText";

const spec: HostSetupSpec = {
  user: "mastodon",
  swapMb: 2048,
  docker: { version: dockerEngineVersion },
  rebootTime: "04:30",
};

const script = (changed: Partial<HostSetupSpec> = {}, volume = "4711"): string =>
  hostSetup({ ...spec, ...changed }, volume);

/** What the script writes into a file. */
const fileAt = (path: string): string => {
  const [, content = ""] =
    new RegExp(`^write ${path} <<'END-OF-FILE'\\n(.*?)^END-OF-FILE$`, "ms").exec(script()) ?? [];
  return content;
};

it("is what the shell understands", () => {
  expect(() => execFileSync("sh", ["-n"], { input: script(), timeout: 10_000 })).not.toThrow();
});

it("writes a configuration of the engine that is JSON", () => {
  const path = "/etc/docker/daemon.json";
  expect(fileAt(path)).toBe(dockerFile().content);
  expect(JSON.parse(fileAt(path))).toMatchObject({
    "data-root": "/mnt/data/docker",
    "live-restore": true,
    features: { "containerd-snapshotter": false },
  });
});

it("starts no engine without the data volume", () => {
  expect(fileAt("/etc/systemd/system/docker.service.d/data-volume.conf")).toContain(
    "AssertPathIsMountPoint=/mnt/data\n",
  );
  expect(fileAt("/etc/systemd/system/mnt-data.mount")).toContain(
    "What=/dev/disk/by-id/scsi-0HC_Volume_4711\n",
  );
});

it.each<[string, Partial<HostSetupSpec>, string]>([
  ["user", { user: "mastodon\nPermitRootLogin yes" }, "4711"],
  ["user", { user: "Alice" }, "4711"],
  ["swapMb", { swapMb: 0.5 }, "4711"],
  ["swapMb", { swapMb: 0 }, "4711"],
  ["docker.version", { docker: { version: "latest" } }, "4711"],
  ["rebootTime", { rebootTime: "24:00" }, "4711"],
  ["rebootTime", { rebootTime: '04:30"; };' }, "4711"],
  ["dataVolumeId", {}, ""],
  ["dataVolumeId", {}, "1; reboot"],
])("refuses a bad %s by its name: %j %j", (name, changed, volume) => {
  expect(() => script(changed, volume)).toThrow(new RegExp(`^${name} `));
});

/** Where a text got through, it must be of its form, in which nothing means anything to a shell. */
function expectHeld(render: () => string, text: string, form: RegExp): void {
  try {
    render();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return;
  }
  expect(text).toMatch(form);
}

it("lets no text into it that is more than a word", () => {
  fc.assert(
    fc.property(hostileText, fc.constantFrom("", "a", "47", "29.8.2", "04:30"), (rest, start) => {
      const text = start + rest;
      expectHeld(() => script({ user: text }), text, /^[a-z\d-]+$/);
      expectHeld(() => script({ docker: { version: text } }), text, /^[\d.]+$/);
      expectHeld(() => script({ rebootTime: text }), text, /^\d\d:\d\d$/);
      expectHeld(() => script({}, text), text, /^\d+$/);
    }),
  );
});
