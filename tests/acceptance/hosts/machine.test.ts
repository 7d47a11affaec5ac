import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import {
  dockerEngineVersion,
  readinessScript,
  renderCloudInit,
  type CloudInitValues,
  type HostSetupSpec,
} from "../../../plan";
import { docker, run, until, type Result } from "../../support/commands";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { makeHostKey, SshClient } from "../../support/machine/sshClient";
import { currentTestbed } from "../../support/testbed";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "machine");
const spec = { hostname: "social", user: "mastodon" };
const setup: HostSetupSpec = {
  user: spec.user,
  swapMb: 64,
  docker: { version: dockerEngineVersion },
  rebootTime: "04:30",
};
const volume = 4711;
const redis = testbed.images["redis"] ?? "";
const first = { id: 1, ipv4: "203.0.113.10" };
const second = { id: 2, ipv4: "203.0.113.11" };

const swappiness = readFileSync("/proc/sys/vm/swappiness", "utf8");

let machines: SimulatedMachines;
let client: SshClient;
let values: CloudInitValues;

/** Boots a machine of the program's making. */
async function boot({ id, ipv4 }: typeof first): Promise<void> {
  await machines.boot({
    id,
    ipv4,
    ipv6: "",
    name: "created-name",
    sshKeys: [await client.publicKey()],
    userData: renderCloudInit(spec, values),
    memoryMb: 1024,
    cpus: 1,
  });
  await client.know(ipv4, values.hostKey.publicKey);
}

/** Sets a machine up from somebody's own, as the program does. */
const setUp = (ipv4: string, dataVolumeId: number, changed: Partial<HostSetupSpec> = {}) => {
  const label = "org.joinmastodon.instance=none";
  const name = `${spec.user}@${ipv4}`;
  const readiness = { name, label, seconds: 120, setup: { ...setup, ...changed } };
  const script = readinessScript(readiness, String(dataVolumeId));
  return run("sh", ["-c", script], { env: client.env, limitMs: 300_000, mayFail: true });
};

/** The docker client of somebody's own machine, against the engine of this one. */
const remote = (ipv4: string, command: string): Promise<Result> =>
  docker(`ssh://mastodon@${ipv4}`, command.split(" "), { env: client.env, mayFail: true });

const consoleOf = async (id: number, command: string): Promise<string> =>
  (await machines.execute(id, command.split(" "))).stdout.trim();

/** What cloud-init's own check says of a user data. */
const schemaOf = (text: string): Promise<Result> => {
  const script =
    'printf %s "$1" > /tmp/user-data && cloud-init schema --config-file /tmp/user-data';
  return machines.execute(first.id, ["sh", "-c", script, "sh", text], true);
};

beforeAll(async () => {
  await mkdir(folder);
  client = await SshClient.create(path.join(folder, "client"));
  values = {
    hostKey: await makeHostKey(folder),
    loginKey: await client.publicKey(),
  };
  machines = await SimulatedMachines.open({
    ...testbed.machines,
    endpoint: testbed.endpoint,
    folder: path.join(folder, "machines"),
  });
});

afterAll(() => machines.close());

describe("a machine that is set up", () => {
  let result: Result;

  beforeAll(async () => {
    await machines.createVolume(volume, 10);
    await boot(first);
    // As the API does it: the server runs before the volume can be attached.
    await machines.attach(volume, first.id);
    result = await setUp(first.ipv4, volume);
  });

  it("is ready, and has said what was done", () => {
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expect(result.stdout).toMatch(/Setting the server up\..*\nDocker \S+ is ready\.\n$/s);
  });

  it("has carried out its user data without an error or a warning", async () => {
    const { code, stdout } = await machines.finished(first.id);
    expect(stdout).toMatch(/^status: done$/m);
    expect(stdout).toMatch(/^recoverable_errors: \{\}$/m);
    expect(code).toBe(0);
  });

  it("took only what cloud-init knows", async () => {
    const text = renderCloudInit(spec, values);
    expect((await schemaOf(text)).stderr).toBe("");
    const other = await schemaOf(`${text}ssh_key: {}\n`);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("'ssh_key'")]);
  });

  it("has the host key that it was given, at its first connection, and no other", async () => {
    const { code, stdout, stderr } = await client.ssh(`mastodon@${first.ipv4}`, "hostname");
    expect([code, stdout, stderr]).toEqual([0, "social\n", ""]);
    const keys = await consoleOf(first.id, "find /etc/ssh -name ssh_host_*_key");
    expect(keys).toBe("/etc/ssh/ssh_host_ed25519_key");
  });

  it("takes many docker clients at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => remote(first.ipv4, "version --format=ok")),
    );
    expect(answers.map(({ stdout }) => stdout)).toEqual(answers.map(() => "ok\n"));
  });

  it("runs an engine on the data volume as its file says", async () => {
    const { stdout } = await remote(first.ipv4, "info --format=json");
    expect(JSON.parse(stdout)).toMatchObject({
      DockerRootDir: "/mnt/data/docker",
      Driver: "overlay2",
      LoggingDriver: "json-file",
      LiveRestoreEnabled: true,
      SecurityOptions: expect.arrayContaining(["name=no-new-privileges"]) as unknown,
      MemTotal: 1024 ** 3,
      NCPU: 1,
    });
    const findmnt = "findmnt --noheadings --output=FSTYPE,LABEL /mnt/data";
    const mount = await consoleOf(first.id, findmnt);
    expect(mount.split(/\s+/)).toEqual(["ext4", "mastodon-data"]);
  });

  it("holds Docker's packages at their version", async () => {
    expect((await consoleOf(first.id, "apt-mark showhold")).split("\n")).toEqual([
      "containerd.io",
      "docker-buildx-plugin",
      "docker-ce",
      "docker-ce-cli",
    ]);
  });

  it("has the settings of the kernel, of upgrades and of swap", async () => {
    const keys = "vm.overcommit_memory vm.swappiness net.ipv4.conf.all.accept_redirects";
    expect(await consoleOf(first.id, `sysctl --values ${keys}`)).toBe("1\n10\n0");
    expect(await consoleOf(first.id, "apt-config dump")).toMatch(
      /^Unattended-Upgrade::Automatic-Reboot-Time "04:30";$/m,
    );
    expect(await consoleOf(first.id, "stat --format=%s,%a /swapfile")).toBe(
      `${64 * 1024 ** 2},600`,
    );
    expect(await consoleOf(first.id, "grep swap /etc/fstab")).toBe("/swapfile none swap sw 0 0");
  });

  it("leaves the kernel of the computer that plays it as it is", () => {
    expect(readFileSync("/proc/sys/vm/swappiness", "utf8")).toBe(swappiness);
  });

  it("keeps its metadata from containers", async () => {
    const route = ["ip", "route", "get", "169.254.169.254"];
    const own = await machines.execute(first.id, route, true);
    const forwarded = await machines.execute(
      first.id,
      [...route, "from", "172.17.0.2", "iif", "docker0"],
      true,
    );
    expect([own.code, forwarded.code]).toEqual([0, 2]);
    expect(forwarded.stderr).toContain("Permission denied");
  });

  it("pulls images under their real names, and runs them", async () => {
    const keeper = "--name=keeper --restart=unless-stopped --volume=kept:/data";
    const { code } = await remote(first.ipv4, `run --detach ${keeper} ${redis}`);
    expect(code).toBe(0);
    const streaming = "ghcr.io/mastodon/mastodon-streaming:v4.7.2";
    expect((await remote(first.ipv4, `pull --quiet ${streaming}`)).stdout).toBe(`${streaming}\n`);
    await until("redis answers", 120_000, async () => {
      const { stdout } = await remote(first.ipv4, "exec keeper redis-cli set a kept");
      return stdout === "OK\n";
    });
    expect((await remote(first.ipv4, "exec keeper redis-cli save")).stdout).toBe("OK\n");
  });

  /** Since when engine and container run. */
  const runSince = async (): Promise<string[]> => [
    await consoleOf(first.id, "systemctl show --property=ActiveEnterTimestampMonotonic docker"),
    (await remote(first.ipv4, "inspect --format={{.State.StartedAt}} keeper")).stdout,
  ];

  it("changes nothing when it is set up again", async () => {
    const before = await runSince();
    const { code, stdout } = await setUp(first.ipv4, volume);
    expect([code, stdout]).toEqual([0, result.stdout]);
    expect(await runSince()).toEqual(before);
  });

  it("takes another set-up while it is in use, and keeps a newer Docker", async () => {
    const before = await runSince();
    const { code } = await setUp(first.ipv4, volume, {
      swapMb: 96,
      rebootTime: "05:30",
      // Somebody has made it newer than the program would.
      docker: { version: "28.0.0" },
    });
    expect(code).toBe(0);
    expect(await consoleOf(first.id, "stat --format=%s,%a /swapfile")).toBe(
      `${96 * 1024 ** 2},600`,
    );
    expect(await consoleOf(first.id, "apt-config dump")).toContain('Reboot-Time "05:30"');
    expect(await runSince()).toEqual(before);
  });

  it("has its engine started anew by a file of the engine's that differs, and its containers go on", async () => {
    const [engine, container] = await runSince();
    await consoleOf(first.id, "rm /etc/docker/daemon.json");
    expect((await setUp(first.ipv4, volume)).code).toBe(0);
    const [engineNow, containerNow] = await runSince();
    expect(engineNow).not.toBe(engine);
    expect(containerNow).toBe(container);
  });

  describe("by a set-up while another is at work", () => {
    let result: Promise<Result>;

    beforeEach(async () => {
      await consoleOf(first.id, "rm /var/log/mastodon-host.log");
      const lock = "flock /run/mastodon-host.lock sleep infinity";
      await consoleOf(first.id, `systemd-run --unit=earlier ${lock}`);
      result = setUp(first.ipv4, volume, { rebootTime: "06:30" });
      await until("it waits for the earlier one", 120_000, async () => {
        const { stdout } = await machines.execute(
          first.id,
          ["grep", "--count", "An earlier set-up is still", "/var/log/mastodon-host.log"],
          true,
        );
        return stdout === "1\n";
      });
    });

    const isApplied = async (): Promise<boolean> =>
      (await consoleOf(first.id, "apt-config dump")).includes('Reboot-Time "06:30"');

    it("goes on to its end though its connection is cut", async () => {
      await consoleOf(first.id, "pkill --full mastodon@notty");
      expect(await result).toMatchObject({ code: 1 });
      expect(await isApplied()).toBe(false);
      await consoleOf(first.id, "systemctl stop earlier");
      await until("it is applied", 120_000, isApplied);
    });

    it("waits for its turn", async () => {
      await consoleOf(first.id, "systemctl stop earlier");
      expect(await result).toMatchObject({ code: 0 });
    });
  });

  it("comes back by itself after a power cut", async () => {
    await machines.powerOff(first.id);
    await machines.powerOn(first.id);
    await machines.booted(first.id);
    await expectKept(first.ipv4);
  });

  it("leaves its data to the machine that follows it", async () => {
    await machines.remove(first.id);
    await boot(second);
    await machines.attach(volume, second.id);
    expect((await setUp(second.ipv4, volume)).code).toBe(0);
    await expectKept(second.ipv4);
  });

  it.each([
    ["its own loopback", "127.0.0.1", 0, "SSH-2.0-", ""],
    ["no other address", second.ipv4, 255, "", "administratively prohibited"],
  ])("forwards to %s", async (_, address, status, answer, refusal) => {
    const { code, stdout, stderr } = await client.ssh(`mastodon@${second.ipv4}`, "true", [
      "-o",
      "ExitOnForwardFailure=yes",
      "-W",
      `${address}:22`,
    ]);
    expect(code).toBe(status);
    expect(stdout).toContain(answer);
    expect(stderr).toContain(refusal);
  });

  it("offers no other host key", async () => {
    const { stdout } = await run("ssh-keyscan", ["-T", "5", second.ipv4], { mayFail: true });
    expect(stdout.trim()).toBe(`${second.ipv4} ${values.hostKey.publicKey}`);
  });

  // Last, since sshd shuts its door for a while to who was refused before.
  it.each([
    ["root", ["root@"], []],
    ["a password", ["mastodon@"], ["-o", "PubkeyAuthentication=no", "-o", "BatchMode=no"]],
  ])("lets nobody in by %s", async (_, [user = ""], options) => {
    const { code, stderr } = await client.ssh(`${user}${second.ipv4}`, "true", options);
    expect(code).toBe(255);
    expect(stderr).toContain("Permission denied (publickey).");
  });
});

/** The container of the first machine runs, and nobody has started it. */
async function expectKept(ipv4: string): Promise<void> {
  await until("the container is back", 120_000, async () => {
    const { stdout } = await remote(ipv4, "exec keeper redis-cli get a");
    return stdout === "kept\n";
  });
}

it("says in a sentence that its volume holds something else, and leaves that alone", async () => {
  const machine = { id: 3, ipv4: "203.0.113.12" };
  await machines.createVolume(4712, 10);
  await run("mkswap", [path.join(folder, "machines/volume-4712")]);
  await boot(machine);
  await machines.attach(4712, machine.id);
  const { code, stdout, stderr } = await setUp(machine.ipv4, 4712);

  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^mastodon-host: the data volume \/dev\/disk\/by-id\/scsi-0HC_Volume_4712 holds something other than an ext4 file system, and was left as it is: .*\.$/m,
  );
  expect(stderr).toContain("the lines above say why");
  expect(await consoleOf(machine.id, "tail -n 1 /var/log/mastodon-host.log")).toContain(
    "was left as it is",
  );
  const engine = await machines.execute(machine.id, ["systemctl", "start", "docker"], true);
  expect(engine.code).not.toBe(0);
  const probe = "blkid --match-tag TYPE --output value /dev/disk/by-id/scsi-0HC_Volume_4712";
  expect(await consoleOf(machine.id, probe)).toBe("swap");
});

it("is there without the program, too: an SSH host with an engine", async () => {
  const host = { id: 4, ipv4: "203.0.113.13", user: "alice", memoryMb: 512, cpus: 1 };
  const key = await machines.bootPlain({ ...host, sshPublicKey: await client.publicKey() });
  await client.know(host.ipv4, key);
  const endpoint = `ssh://alice@${host.ipv4}`;
  const { stdout } = await docker(endpoint, ["info", "--format={{.MemTotal}}"], {
    env: client.env,
  });
  expect(Number(stdout)).toBe(512 * 1024 ** 2);
});
