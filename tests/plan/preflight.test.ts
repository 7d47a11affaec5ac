import { execFileSync } from "node:child_process";
import {
  explainSsh,
  preflight,
  probeScript,
  readProbe,
  type Expectation,
  type HostFacts,
} from "../../plan";

const now = 1_800_000_000;

const expected: Expectation = {
  architecture: "arm64",
  memoryMb: undefined,
  clock: now,
  login: "alice@pi.local",
};

/** A Raspberry Pi 4 with 8 GB and an SSD, on which everything is as it should be. */
const sound: HostFacts = {
  machine: "aarch64",
  memoryMb: 7_812,
  cpus: 4,
  swapMb: 2_048,
  pageSize: 4_096,
  clock: now,
  boot: "0b6e",
  docker: {
    apiVersion: "1.51",
    version: "28.2.2",
    limitsMemory: true,
    rootFolder: "/var/lib/docker",
    freeMb: 100_000,
    device: "/dev/sda2",
  },
};

const withDocker = (
  docker: Partial<Exclude<HostFacts["docker"], { trouble: string }>>,
): HostFacts => ({
  ...sound,
  docker: { ...(sound.docker as object), ...docker } as HostFacts["docker"],
});

it("has nothing to say of a sound machine", () => {
  expect(preflight(sound, expected)).toEqual({ faults: [], warnings: [] });
});

interface Case {
  readonly name: string;
  readonly facts: HostFacts;
  readonly expectation?: Partial<Expectation>;
  readonly path: string;
  readonly words: readonly RegExp[];
}

const faulty: readonly Case[] = [
  {
    name: "another architecture than declared",
    facts: { ...sound, machine: "x86_64" },
    path: "host.arch",
    words: [/"arm64"/, /x86_64/, /set arch: amd64/],
  },
  {
    name: "a 32-bit system",
    facts: { ...sound, machine: "armv7l" },
    path: "host.arch",
    words: [/armv7l/, /64-bit system/],
  },
  {
    name: "less memory than the sizing",
    facts: sound,
    expectation: { memoryMb: 16_384 },
    path: "sizing.memoryMb",
    words: [/16384/, /7812/],
  },
  {
    name: "a clock that is late",
    facts: { ...sound, clock: now - 4_000 },
    path: "host",
    words: [/4000 seconds/, /timedatectl/],
  },
  {
    name: "an engine that is too old",
    facts: withDocker({ apiVersion: "1.40" }),
    path: "host",
    words: [/1\.40/, /20\.10/],
  },
  {
    name: "a kernel without memory accounting",
    facts: withDocker({ limitsMemory: false }),
    path: "host",
    words: [/cgroup_enable=memory/, /cmdline\.txt/],
  },
  {
    name: "a full disk",
    facts: withDocker({ freeMb: 900 }),
    path: "host",
    words: [/900 MB free/, /image prune/],
  },
  {
    name: "no docker command",
    facts: { ...sound, docker: { trouble: "docker: not found" } },
    path: "host",
    words: [/no docker command/, /alice@pi\.local docker version/],
  },
  {
    name: "an account that may not use Docker",
    facts: {
      ...sound,
      docker: { trouble: "permission denied while trying to connect to the Docker daemon socket" },
    },
    path: "host",
    words: [/usermod -aG docker alice/],
  },
  {
    name: "an engine that does not run",
    facts: {
      ...sound,
      docker: { trouble: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." },
    },
    path: "host",
    words: [/systemctl enable --now docker/],
  },
  {
    name: "a Docker that says something else",
    facts: { ...sound, docker: { trouble: "context deadline exceeded" } },
    path: "host",
    words: [/context deadline exceeded/],
  },
];

describe("a fault of the machine", () => {
  it.each(faulty)("is told: $name", ({ facts, expectation, path, words }) => {
    const { faults } = preflight(facts, { ...expected, ...expectation });
    expect(faults.map((fault) => fault.path)).toEqual([path]);
    for (const word of words) expect(faults[0]?.message).toMatch(word);
  });

  it("hides no other", () => {
    const facts = {
      ...withDocker({ apiVersion: "1.39", limitsMemory: false, freeMb: 10 }),
      machine: "x86_64",
      clock: 0,
    };
    expect(preflight(facts, { ...expected, memoryMb: 100_000 }).faults).toHaveLength(6);
  });
});

describe("what stands against nothing", () => {
  it.each([
    ["pages of 16 KB", { ...sound, pageSize: 16_384 }, /pages of 16384 bytes.*kernel8\.img/],
    ["an SD card", withDocker({ device: "/dev/mmcblk0p2" }), /SD card \(\/dev\/mmcblk0p2\).*SSD/],
    ["little memory without swap", { ...sound, memoryMb: 3_791, swapMb: 0 }, /3791 MB.*no swap/],
  ])("is a warning: %s", (_name, facts, words) => {
    const { faults, warnings } = preflight(facts, expected);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  it("is no warning where there is much memory, or the system did not tell", () => {
    expect(preflight({ ...sound, memoryMb: 32_000, swapMb: 0 }, expected).warnings).toEqual([]);
    const mac = { ...sound, pageSize: undefined, swapMb: undefined, clock: undefined };
    expect(preflight(mac, expected)).toEqual({ faults: [], warnings: [] });
  });
});

describe("the probe", () => {
  it("is answered by a real shell, with or without Docker", () => {
    const answer = execFileSync("sh", ["-s"], {
      input: probeScript,
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin", DOCKER_HOST: "unix:///nonexistent.sock" },
    });
    const facts = readProbe(answer);
    expect(facts.machine).toBe(execFileSync("uname", ["-m"], { encoding: "utf8" }).trim());
    expect(Math.abs((facts.clock ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(facts.docker).toHaveProperty("trouble");
  });

  it("believes the engine of its memory, which on a Mac is that of a virtual machine", () => {
    const lines = [
      "machine=arm64",
      "memoryKb=",
      "swapKb=",
      "pageSize=16384",
      "clock=1800000000",
      "boot=0b6e",
      "apiVersion=1.51",
      "version=28.2.2",
      "engineMemory=8321499136",
      "cpus=4",
      "limitsMemory=true",
      "rootFolder=/var/lib/docker",
    ];
    expect(readProbe(lines.join("\n"))).toEqual({
      machine: "arm64",
      memoryMb: 7_936,
      cpus: 4,
      swapMb: undefined,
      pageSize: 16_384,
      clock: now,
      boot: "0b6e",
      docker: {
        apiVersion: "1.51",
        version: "28.2.2",
        limitsMemory: true,
        rootFolder: "/var/lib/docker",
        freeMb: undefined,
        device: undefined,
      },
    });
  });

  it("is not answered by what is no shell", () => {
    expect(() => readProbe("This account is not available.\n")).toThrow("This account is not");
  });
});

describe("a refusal of ssh", () => {
  it.each([
    ["Host key verification failed.", /not known here.*ssh alice@pi\.local.*fingerprint/],
    [
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
      /another host key.*ssh-keygen -R pi\.local/,
    ],
    ["alice@pi.local: Permission denied (publickey).", /let alice in.*ssh-copy-id alice@pi\.local/],
    ["ssh: Could not resolve hostname pi.local: Name or service not known", /name pi\.local/],
    ["ssh: connect to host pi.local port 22: Connection refused", /refuses SSH/],
    ["ssh: connect to host pi.local port 22: Connection timed out", /does not answer/],
    ["spawn ssh ENOENT", /ssh command/],
    ["kex_exchange_identification: read: Connection reset by peer", /kex_exchange/],
  ])("is explained: %s", (said, words) => {
    expect(explainSsh(said, expected.login)).toMatch(words);
  });
});
