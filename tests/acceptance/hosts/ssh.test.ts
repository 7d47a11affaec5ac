import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { linesOf, until } from "../../support/commands";
import { MailHost, mailPorts, mailServer } from "../../support/mailHost";
import { SimulatedMachines } from "../../support/machine/simulatedMachines";
import { SshClient } from "../../support/machine/sshClient";
import { changesIn, Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const folder = path.join(testbed.folder, "ssh");
const domain = "social.example.org";
const instance = `mastodon-${domain}`;
const machine = { id: 20, ipv4: "203.0.113.20", user: "alice", memoryMb: 4096, cpus: 2 };
const login = `${machine.user}@${machine.ipv4}`;
const host = { kind: "ssh", address: machine.ipv4, user: machine.user, arch: "amd64" };
const redis = testbed.images["redis"] ?? "";

let mail: MailHost;
let machines: SimulatedMachines;
let client: SshClient;
let hostKey = "";
let project: Project;
let tunnel: ChildProcess | undefined;

/** At the machine's console, as root. @returns what the command printed */
const atConsole = async (...command: readonly string[]): Promise<string> =>
  (await machines.execute(machine.id, command)).stdout.trim();

/** Everything that the machine's engine holds, but for what every engine has from the first. */
const held = async (): Promise<string[]> => {
  const lists = await Promise.all(
    [
      ["ps", "--all", "--format={{.Names}}"],
      ["volume", "ls", "--format={{.Name}}"],
      ["network", "ls", "--filter=type=custom", "--format={{.Name}}"],
    ].map((command) => atConsole("docker", ...command)),
  );
  return lists.flatMap(linesOf);
};

beforeAll(async () => {
  mail = await MailHost.open(path.join(folder, "mail"));
  machines = await SimulatedMachines.open({
    ...testbed.machines,
    endpoint: testbed.endpoint,
    folder: path.join(folder, "machines"),
  });
  client = await SshClient.create(path.join(folder, "client"));
  hostKey = await machines.bootPlain({ ...machine, sshPublicKey: await client.publicKey() });
  project = new Project({
    folder: path.join(folder, "project"),
    endpoint: testbed.endpoint,
    cache: testbed.cache,
    stack: "mac",
    env: {
      PATH: `${client.bin}:${process.env["PATH"] ?? ""}`,
      // As many cores as Pulumi shall see, which by itself does four things at once for each.
      GOMAXPROCS: "10",
    },
    config: {
      domain,
      images: testbed.images,
      host,
      edge: { kind: "local", port: 8443 },
      smtp: { server: mailServer, port: mailPorts.relay, from: "notifications@social.example.org" },
      admin: { username: "alice", email: "alice@example.org" },
    },
  });
  await project.create();
  await project.installProviders();
});

afterAll(async () => {
  tunnel?.kill();
  await machines.close();
  await mail.close();
});

describe("before the first change", () => {
  /** A run that is refused, for a value that is none and for what is found. @returns the faults, in order */
  async function faults(): Promise<string[]> {
    await project.configure({ registrations: "everybody" });
    try {
      const { code, stdout, stderr } = await project.up(true);
      expect(code).not.toBe(0);
      const said = stdout + stderr;
      const [, count, list = ""] =
        /error: The configuration has (\d+) faults; nothing was changed\.\n((?: +mastodon:.+\n)+)/.exec(
          said,
        ) ?? [];
      const found = linesOf(list).map((line) => line.trim());
      expect([said, found.length]).toEqual([said, Number(count)]);
      expect(found.filter((line) => line.startsWith("mastodon:registrations:"))).toHaveLength(1);
      return found.filter((line) => !line.startsWith("mastodon:registrations:"));
    } finally {
      await project.configure({ registrations: undefined, host, sizing: undefined });
    }
  }

  it("says that the host key is not known", async () => {
    expect(await faults()).toEqual([
      `mastodon:host: has a host key that is not known here: connect once with \`ssh ${login}\`, and compare the fingerprint with what \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` says on the machine`,
    ]);
  });

  it("says that the host key is another one than is known", async () => {
    await client.know(machine.ipv4, await client.publicKey());
    try {
      expect(await faults()).toEqual([
        expect.stringContaining("shows another host key than the one that is known"),
      ]);
    } finally {
      await client.know(machine.ipv4, hostKey);
    }
  });

  it("says that the machine lets nobody in by this key", async () => {
    const keys = "/home/alice/.ssh/authorized_keys";
    await atConsole("mv", keys, `${keys}.away`);
    try {
      expect(await faults()).toEqual([
        `mastodon:host: does not let alice in with the keys of this machine: copy yours with \`ssh-copy-id ${login}\`, or add it to your agent with \`ssh-add\``,
      ]);
    } finally {
      await atConsole("mv", `${keys}.away`, keys);
    }
  });

  it.each([
    ["nothing answers", { address: "203.0.113.29" }, "203.0.113.29 does not answer"],
    ["nothing listens", { port: 2222 }, "nothing listens on that port"],
    ["the name is nobody's", { address: "nobody.invalid" }, "under the name nobody.invalid"],
  ])("says that %s at the address", async (_, change, reason) => {
    await project.configure({ host: { ...host, ...change } });
    expect(await faults()).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    [
      "Docker's engine does not run",
      ["systemctl", "stop", "docker.service", "docker.socket"],
      ["systemctl", "start", "docker.service"],
      "has Docker installed, but its engine does not run",
    ],
    [
      "there is no docker command",
      ["mv", "/usr/bin/docker", "/usr/bin/docker.away"],
      ["mv", "/usr/bin/docker.away", "/usr/bin/docker"],
      `has no docker command on the path of ${login}`,
    ],
    [
      "the user may not use Docker",
      ["gpasswd", "--delete", "alice", "docker"],
      ["gpasswd", "--add", "alice", "docker"],
      `lets ${login} log in, but not use Docker: run \`sudo usermod -aG docker alice\` there`,
    ],
  ])("says that %s", async (_, spoil, mend, reason) => {
    await atConsole(...spoil);
    try {
      expect(await faults()).toEqual([expect.stringContaining(reason)]);
    } finally {
      await atConsole(...mend);
    }
  });

  it("says all that stands against the machine at once", async () => {
    const stranger = ["--name=stranger", "--publish=127.0.0.1:8443:80", "--entrypoint=sleep"];
    await atConsole("docker", "run", "--detach", ...stranger, redis, "600");
    // What lies on top of the folder is what `df` tells of, and the engine holds on to what it has open.
    await atConsole("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/var/lib/docker");
    await project.configure({ host: { ...host, arch: "arm64" }, sizing: { memoryMb: 16384 } });
    expect((await faults()).sort()).toEqual([
      "mastodon:edge.port: 8443 is taken by the container stranger: stop it, or choose another port with edge: {kind: local, port: …}",
      'mastodon:host.arch: "arm64" is not what the machine is: it says x86_64; set arch: amd64',
      expect.stringContaining("mastodon:host: has only 64 MB free at /var/lib/docker"),
      "mastodon:sizing.memoryMb: 16384 is more than the machine has: it has 4096 MB; leave it out, or say less",
    ]);
    await atConsole("umount", "/var/lib/docker");
    await atConsole("docker", "rm", "--force", "--volumes", "stranger");
  });

  it("has changed nothing", async () => {
    expect(await held()).toEqual([]);
    const { stdout } = await project.pulumi(["stack", "export"]);
    expect(stdout).not.toContain('"docker:');
    expect(stdout).not.toContain('"random:');
  });
});

describe("an SSH host", () => {
  // Past ten that have not logged in yet, sshd by its defaults turns away three in ten: here it is all of them.
  beforeAll(async () => {
    const setting = "echo 'MaxStartups 10:100:100' > /etc/ssh/sshd_config.d/startups.conf";
    await atConsole("sh", "-c", `${setting} && systemctl reload ssh`);
  });

  /** The instance's containers with their health, as the machine's engine tells them. */
  const healths = async (): Promise<string[]> => {
    const format = '{{.Label "org.joinmastodon.part"}} {{.Status}}';
    const rows = await atConsole("docker", "ps", "--all", `--format=${format}`);
    return linesOf(rows)
      .map((row) => row.replace(/Up .*\((\w+)\)/, "$1"))
      .sort();
  };

  /** The machine's loopback port, brought to this one as the handbook tells. */
  async function visitor(): Promise<Visitor> {
    const forward = "8443:127.0.0.1:8443";
    tunnel = spawn("ssh", ["-N", "-L", forward, login], { stdio: "ignore", env: client.env });
    const root = "/data/caddy/pki/authorities/local/root.crt";
    const certificate = await client.ssh(login, `docker exec ${instance}-gateway cat ${root}`);
    const found = new Visitor(`https://${domain}:8443`, certificate.stdout);
    await until("the tunnel is open", 120_000, () =>
      found.get("/health").then(
        () => true,
        () => false,
      ),
    );
    return found;
  }

  it("comes up from nothing", async () => {
    const { stdout } = await project.up();
    expect(stdout).toContain("The host has 4096 MB of memory and no swap");
    expect(await healths()).toEqual(
      ["gateway", "postgres", "redis", "sidekiq-default", "streaming", "web"].map(
        (part) => `${part} healthy`,
      ),
    );
  });

  it("serves the instance through SSH, to whose owner it belongs", async () => {
    const { adminPassword } = await project.outputs();
    const alice = await visitor();
    await alice.signIn("alice@example.org", String(adminPassword));
    const post = await alice.publish(await alice.authorize(), "Hello from the shelf");
    expect((await alice.get(`/api/v1/statuses/${post}`)).text).toContain("Hello from the shelf");
  });

  it("shows no change in a preview", async () => {
    const preview = await project.pulumi(["preview", "--non-interactive"]);
    expect(changesIn(preview)).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("changes nothing the second time", async () => {
    expect(changesIn(await project.up())).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("finds everything as it was left", async () => {
    const refresh = await project.pulumi([
      "refresh",
      "--yes",
      "--skip-preview",
      "--non-interactive",
    ]);
    expect(changesIn(refresh)).toEqual([expect.stringMatching(/^\d+ unchanged$/)]);
  });

  it("keeps nothing of the instance on destroy, when that is asked for", async () => {
    await project.pulumi(["destroy", "--yes", "--remove-data", "--non-interactive"]);
    expect(await held()).toEqual([]);
  });

  it("was never asked for more connections at once, nor in a worse manner, than sshd takes", async () => {
    const log = await atConsole("journalctl", "--unit=ssh", "--no-pager");
    expect(log).toContain("Accepted publickey for alice");
    expect(log).not.toMatch(/maxstartups|penalty/i);
  });
});
