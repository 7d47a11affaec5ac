import { mkdtemp, readdir } from "node:fs/promises";
import path from "node:path";
import { deriveVapidKeys } from "../../../plan/vapid";
import { docker, run, until, type Result, type RunOptions } from "../../support/commands";
import { withEmulator } from "../../support/emulation";
import { machineOf } from "../../support/images/architecture";
import { copyEmulator } from "../../support/images/emulator";
import { currentTestbed } from "../../support/testbed";

const { endpoint, folder, foreign } = currentTestbed();
const { architecture, images, emulation } = foreign;
const platform = `--platform=linux/${architecture}`;
const register = "/proc/sys/fs/binfmt_misc";
const kinds = ["postgres", "redis", "caddy", "mastodon-4.7.2", "streaming-4.7.2"];
const containers: string[] = [];

/** Registers the emulator, as a host is told to: where the kernel's register is mounted, no privilege is needed. */
const install = (): Promise<Result> =>
  engine([
    ...["run", "--rm", "--network=none", `--volume=${register}:/binfmt_misc`, emulation],
    ...["--mount", "/binfmt_misc", "--install", architecture],
  ]);

const engine = (args: readonly string[], options: RunOptions = {}): Promise<Result> =>
  docker(endpoint, args, options);

/** Of indexes of that architecture alone: an engine keeps one image of a digest, and other tests have those of both. */
const imageOf = (name: string): string => images[name] ?? "";

/** Starts a container of an image of the other architecture. @returns its id */
async function start(
  name: string,
  options: readonly string[] = [],
  command: readonly string[] = [],
) {
  const args = [
    "run",
    "--detach",
    "--network=none",
    platform,
    ...options,
    imageOf(name),
    ...command,
  ];
  const id = (await engine(args)).stdout.trim();
  containers.push(id);
  return id;
}

/** Waits until a command inside a container prints what it should. */
const answers = (id: string, expected: string, command: readonly string[]): Promise<void> =>
  until(`${command.join(" ")} says ${expected}`, 180_000, async () => {
    const { stdout } = await engine(["exec", id, ...command], { mayFail: true });
    return stdout.includes(expected);
  });

beforeAll(async () => {
  // In the tests' own mount namespace: with its end, or sooner, the kernel forgets what was registered.
  await run("mount", ["-t", "binfmt_misc", "binfmt_misc", register]);
  await install();
  for (const kind of kinds) await engine(["pull", "--quiet", platform, imageOf(kind)]);
});

afterAll(async () => {
  if (containers.length > 0) await engine(["rm", "--force", "--volumes", ...containers]);
  await run("umount", [register]);
});

it("registers the emulator once", async () => {
  const { code, stdout, stderr } = await install();
  expect(code).toBe(0);
  expect(stderr).toContain("already registered");
  const { emulators } = JSON.parse(stdout) as { readonly emulators: readonly string[] };
  expect(emulators).toContain(`qemu-${machineOf[architecture]}`);
});

it("has an emulator of the tests' own registered for the time of a work alone", async () => {
  const ours = async (): Promise<string[]> =>
    (await readdir(register)).filter((name) => name.startsWith("mastodon-tests-"));
  const client = async (...args: string[]): Promise<string> => (await engine(args)).stdout.trim();
  const place = await mkdtemp(path.join(folder, "emulator-"));
  const emulator = await copyEmulator(client, emulation, architecture, place);
  const before = await ours();
  const during = await withEmulator(emulator, ours);
  expect(during).toHaveLength(before.length + 1);
  expect(await ours()).toEqual(before);
});

it("finds nothing for this machine's own architecture in an index of the other alone", async () => {
  const { code, stderr } = await engine(["pull", images["mastodon-4.7.2"] ?? ""], {
    mayFail: true,
  });
  expect(code).not.toBe(0);
  expect(stderr).toContain("no matching manifest for linux/");
});

it.each(kinds)("runs programs of the other architecture in the image %s", async (name) => {
  const args = ["run", "--rm", "--network=none", platform, "--entrypoint=uname"];
  const { stdout } = await engine([...args, imageOf(name), "-m"]);
  expect(stdout.trim()).toBe(machineOf[architecture]);
});

it("runs Postgres", async () => {
  const id = await start("postgres", ["--env=POSTGRES_PASSWORD=postgres"]);
  // While it initialises, the server listens on its socket only.
  await answers(id, "accepting connections", ["pg_isready", "--host=127.0.0.1"]);
  const query = ["psql", "--username=postgres", "--tuples-only", "--command=SELECT version()"];
  expect((await engine(["exec", id, ...query])).stdout).toContain(machineOf[architecture]);
});

it("runs Redis", async () => {
  // Its check for a fault of old arm64 kernels finds one in the emulator, and it would not start.
  const id = await start("redis", [], ["redis-server", "--ignore-warnings", "ARM64-COW-BUG"]);
  await answers(id, "PONG", ["redis-cli", "ping"]);
});

it("runs Caddy", async () => {
  const id = await start("caddy");
  await answers(id, "Caddy", ["wget", "--quiet", "--output-document=-", "http://127.0.0.1/"]);
});

it("runs the stand-in for Mastodon", async () => {
  const { privateKey, publicKey } = deriveVapidKeys("1".repeat(64));
  const variables = {
    LOCAL_DOMAIN: "example.org",
    SECRET_KEY_BASE: "s".repeat(128),
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "p".repeat(32),
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: "d".repeat(32),
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "s".repeat(32),
    VAPID_PRIVATE_KEY: privateKey,
    VAPID_PUBLIC_KEY: publicKey,
  };
  const options = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const command = ["bundle", "exec", "puma", "-C", "config/puma.rb"];
  const id = await start("mastodon-4.7.2", options, command);
  await answers(id, "OK", ["curl", "--silent", "http://127.0.0.1:3000/health"]);
});

it("runs the stand-in for Mastodon's streaming server", async () => {
  const id = await start("streaming-4.7.2");
  const health = "http://127.0.0.1:4000/api/v1/streaming/health";
  await answers(id, "OK", ["curl", "--silent", health]);
});

describe("a memory limit", () => {
  const fill = async (limit: string): Promise<number> => {
    const limits = [`--memory=${limit}`, `--memory-swap=${limit}`];
    const command = ["bs=256M", "count=1", "if=/dev/zero", "of=/dev/null"];
    const options = ["run", "--rm", "--network=none", platform, "--entrypoint=dd", ...limits];
    return (await engine([...options, imageOf("redis"), ...command], { mayFail: true })).code;
  };

  it("leaves an emulated program alone that keeps to it", async () => {
    expect(await fill("512m")).toBe(0);
  });

  it("ends one that exceeds it", async () => {
    expect(await fill("128m")).toBe(137);
  });
});
