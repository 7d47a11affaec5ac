import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../../components";
import { withDockerClientDouble, withVariables, type Answer } from "../support/dockerClientDouble";

const endpoint = "unix:///run/test/docker.sock";
const digest = `sha256:${"0a".repeat(32)}`;
const lock = {
  "ghcr.io/mastodon/mastodon:v4.7.2": digest,
  "ghcr.io/mastodon/mastodon-streaming:v4.7.2": digest,
};

const origin = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "read-config-"));
  await writeFile(join(folder, "Pulumi.test.lock.json"), JSON.stringify(lock));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(origin);
  await rm(folder, { recursive: true });
});

/** Reads a stack's keys as Pulumi hands them over, with a test double of the client in front of a machine of 6 GB. */
async function read(
  keys: Readonly<Record<string, string>>,
  { secrets = [] as readonly string[], ports = [8443], MemTotal = 6_442_450_944 } = {},
): ReturnType<typeof readConfig> {
  await pulumi.runtime.setMocks(
    { call: () => ({}), newResource: () => ({ id: "", state: {} }) },
    "mastodon",
    "test",
  );
  const config = Object.entries(keys).map(([key, value]) => [`mastodon:${key}`, value] as const);
  pulumi.runtime.setAllConfig(
    { ...Object.fromEntries(config), "pulumi:disable-default-providers": '["*"]' },
    secrets.map((key) => `mastodon:${key}`),
  );
  const info = { MemTotal, NCPU: 3, DockerRootDir: "/nonexistent", OSType: "linux" };
  const publishersOf = (port: number): string =>
    `--host ${endpoint} ps --filter publish=${port}/tcp --format {{.Names}}\t{{.Label "org.joinmastodon.instance"}}`;
  const answers: Record<string, Answer> = {
    [`--host ${endpoint} info --format {{json .}}`]: { stdout: JSON.stringify(info) },
  };
  for (const port of ports) answers[publishersOf(port)] = { stdout: "x\tmastodon-localhost\n" };
  return withDockerClientDouble(answers, () =>
    withVariables(
      {
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secrets.map((key) => `mastodon:${key}`)),
        DOCKER_HOST: endpoint,
      },
      () => readConfig(),
    ),
  );
}

describe("a stack's configuration", () => {
  it("is filled in with what its engine has, and the digests of its lock", async () => {
    const { config, provided } = await read({});
    expect(config).toMatchObject({
      domain: "localhost",
      host: { kind: "local", socket: endpoint },
      sizing: { memoryMb: 4096, cpus: 3 },
      images: { mastodon: `ghcr.io/mastodon/mastodon:v4.7.2@${digest}` },
    });
    expect(provided).toEqual({});
    expect(await readdir(folder)).toEqual(["Pulumi.test.lock.json"]);
  });

  it("takes structured values from JSON, and leaves texts as they are", async () => {
    const { config } = await read({
      singleUser: "true",
      timezone: "Europe/Berlin",
      languages: '["de","en"]',
      sizing: '{"memoryMb":5000}',
      edge: '{"kind":"local","port":8443}',
    });
    expect(config).toMatchObject({
      singleUser: true,
      timezone: "Europe/Berlin",
      languages: ["de", "en"],
      sizing: { memoryMb: 5000, cpus: 3 },
    });
  });

  it("takes the empty defaults of Pulumi.yaml for keys that are not set", async () => {
    const unset = {
      domain: "",
      smtp: "{}",
      sidekiq: "{}",
      backup: "{}",
      smtpPassword: "",
      secrets: "{}",
    };
    expect((await read(unset)).config).toEqual((await read({})).config);
  });

  it("keeps the mail password a secret", async () => {
    const smtp = '{"server":"smtp.example.org","from":"a@example.org","login":"alice"}';
    const { config, provided } = await read(
      { smtp, smtpPassword: "correct horse" },
      { secrets: ["smtpPassword"] },
    );
    expect(JSON.stringify(config)).not.toContain("correct horse");
    expect(provided.smtpPassword && (await pulumi.isSecret(provided.smtpPassword))).toBe(true);
  });

  it("knows of encrypted variables their names, and keeps their values secrets", async () => {
    const { config, provided } = await read(
      { secretEnvironment: '{"GITHUB_API_TOKEN":"correct horse","SOURCE_TAG":"staple"}' },
      { secrets: ["secretEnvironment"] },
    );
    expect(config.secretEnvironment).toEqual(["GITHUB_API_TOKEN", "SOURCE_TAG"]);
    expect(JSON.stringify(config)).not.toMatch(/correct horse|staple/);
    const { GITHUB_API_TOKEN: value } = provided.secretEnvironment ?? {};
    expect(value && (await pulumi.isSecret(value))).toBe(true);
    expect(await new Promise((resolve) => value?.apply(resolve))).toBe("correct horse");
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      "encrypted variables in plain text",
      { secretEnvironment: '{"GITHUB_API_TOKEN":"correct horse"}' },
      /mastodon:secretEnvironment: is in plain text: .*--path 'mastodon:secretEnvironment\.NAME'/,
    ],
    [
      "encrypted variables that are no map",
      { secretEnvironment: "GITHUB_API_TOKEN=correct horse" },
      /mastodon:secretEnvironment: is no map of names to texts: remove it/,
    ],
    [
      "encrypted variables that are a list",
      { secretEnvironment: '["correct horse"]' },
      /mastodon:secretEnvironment: is no map of names to texts: remove it/,
    ],
    [
      "an encrypted variable that is no text",
      { secretEnvironment: '{"GITHUB_API_TOKEN":{"key":"correct horse"}}' },
      /mastodon:secretEnvironment\.GITHUB_API_TOKEN: is no text: .*GITHUB_API_TOKEN'/,
    ],
    [
      "an encrypted variable that is misspelt",
      { secretEnvironment: '{"GITHUB_API_TOKN":"correct horse"}' },
      /mastodon:secretEnvironment\.GITHUB_API_TOKN: .* `GITHUB_API_TOKEN`/,
    ],
    [
      "an encrypted variable that is in clear as well",
      {
        secretEnvironment: '{"SOURCE_TAG":"correct horse"}',
        environment: '{"SOURCE_TAG":"main"}',
      },
      /mastodon:secretEnvironment\.SOURCE_TAG: is in environment as well/,
    ],
    [
      "a directory without the password to it",
      {
        environment:
          '{"LDAP_ENABLED":"true","LDAP_HOST":"ldap.example.org","LDAP_BASE":"x","LDAP_BIND_DN":"y"}',
      },
      /mastodon:secretEnvironment\.LDAP_PASSWORD: is missing: LDAP_ENABLED needs it/,
    ],
    [
      "a secret in plain text",
      {
        smtp: '{"server":"smtp.example.org","from":"a@example.org","login":"alice"}',
        smtpPassword: "correct horse",
      },
      /mastodon:smtpPassword: is in plain text/,
    ],
    ["a misspelt key", { domian: "example.org" }, /mastodon:domian: .* `domain`/],
    [
      "a server without access to Hetzner",
      { host: '{"kind":"hetzner","serverType":"cx23","location":"fsn1","dataVolumeGb":10}' },
      /mastodon:host: needs hcloud:token, which is missing/,
    ],
    [
      "an unknown kind of host",
      { host: '{"kind":"docker"}' },
      /mastodon:host\.kind: "docker" is not allowed/,
    ],
    ["a host that is no map", { host: "local" }, /mastodon:host: "local" is not allowed/],
    [
      "an unknown key of the host",
      { host: '{"kind":"local","adress":"x"}' },
      /mastodon:host\.adress: is no key/,
    ],
    ["a size that is no map", { sizing: "4096" }, /mastodon:sizing: 4096 is not allowed/],
    [
      "an unknown key of the size",
      { sizing: '{"memory":4096}' },
      /mastodon:sizing\.memory: .* `memoryMb`/,
    ],
    [
      "a login without its password",
      { smtp: '{"server":"smtp.example.org","from":"a@example.org","login":"alice"}' },
      /mastodon:smtpPassword: is missing/,
    ],
    [
      "a secret of what is not available",
      { backupPassword: "correct horse" },
      /mastodon:backupPassword: is set, but nothing/,
    ],
  ])(
    "is refused before anything is made, without a stack trace: %s",
    async (_name, keys, message) => {
      const reading = read(keys);
      await expect(reading).rejects.toThrow(pulumi.RunError);
      await expect(reading).rejects.toThrow(message);
      await expect(reading).rejects.not.toThrow(/correct horse/);
      await expect(reading).rejects.not.toHaveProperty("stack");
    },
  );

  it("is refused together with what is wrong with the machine", async () => {
    const reading = read({ domian: "a" }, { ports: [] });
    await expect(reading).rejects.toThrow(
      /has 2 faults; nothing was changed\.\n {2}mastodon:domian: .*\n {2}mastodon:host: The Docker engine at .* refused/,
    );
  });

  it("is refused where the engine's machine is too small", async () => {
    await expect(read({}, { MemTotal: 1_073_741_824 })).rejects.toThrow(
      /mastodon:sizing\.memoryMb: 1024 MB is too little/,
    );
  });
});
