import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../support/commands";
import { HetznerApi } from "../support/hetzner/api";
import { noMachines } from "../support/hetzner/machines";
import { removeLeft } from "../support/removal";

const token = "t".repeat(64);
const instance = "mastodon-social.example.org";
const labels = { "org.joinmastodon.instance": instance };
const publicKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAVBjM0eeOlFy9rJzM6g/xzpt9+4CWsRxAYZHuvh9PcP";

let api: HetznerApi;
/** What a machine does before it has power, and before it is gone. */
let boot: () => Promise<void>;
let end: () => Promise<void>;
/** What it takes to give it a volume. */
let plug: () => Promise<void>;

beforeEach(async () => {
  boot = end = plug = () => Promise.resolve();
  const machines = {
    ...noMachines,
    boot: () => boot(),
    remove: () => end(),
    attach: () => plug(),
  };
  api = await HetznerApi.start({ token, machines });
});

afterEach(() => api.close());

/** What the program makes, by its kind in Pulumi, and how Hetzner is asked for it. */
const asked = {
  server: ["server:Server", "/servers", { server_type: "cx23", image: "debian-13" }],
  ipv4: ["primaryIp:PrimaryIp", "/primary_ips", { type: "ipv4", assignee_type: "server" }],
  firewall: ["firewall:Firewall", "/firewalls", {}],
  "ssh-key": ["sshKey:SshKey", "/ssh_keys", { public_key: publicKey }],
  data: ["volume:Volume", "/volumes", { size: 10 }],
} as const;

type Part = keyof typeof asked;
const nameOf = (part: Part): string => `${instance}-${part}`;

const send = async (method: string, at: string, body: object): Promise<void> => {
  const response = await fetch(`${api.endpoint}${at}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(await response.text());
};

/** Has Hetzner make them, as the run did. */
async function make(...parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    const [, at, body] = asked[part];
    const place = ["server", "ipv4", "data"].includes(part) ? { location: "fsn1" } : {};
    await send("POST", at, { name: nameOf(part), labels, ...place, ...body });
  }
}

/** A run that was killed while it made them. @param inputs of the provider that was to */
const killed = (parts: readonly Part[], inputs: object = access()) => ({
  resources: [{ urn: "h", id: "p", type: "pulumi:providers:hcloud", inputs }],
  pending_operations: parts.map((part) => ({
    type: "creating",
    resource: {
      urn: `urn:pulumi:prod::mastodon::t::mastodon-host-${part}`,
      type: `hcloud:index/${asked[part][0]}`,
      parent: "u",
      provider: "h::p",
      inputs: { name: nameOf(part), labels },
    },
  })),
});

const access = (): object => ({
  token: { plaintext: JSON.stringify(token) },
  endpoint: api.endpoint,
});

const remove = (deployment: object, env: NodeJS.ProcessEnv = {}): Promise<Result> =>
  removeLeft("hetzner.mjs", "removeFromHetzner", deployment, {
    HCLOUD_TOKEN: "",
    HCLOUD_ENDPOINT: "",
    ...env,
  });

const left = (): string[] =>
  [
    api.project.servers,
    api.project.primaryIps,
    api.project.firewalls,
    api.project.sshKeys,
    api.project.volumes,
  ].flatMap((store) => store.all().map(({ name }) => name));

const removed = (what: string): string =>
  `Removed the ${what} at Hetzner, which the last run made and did not get to record.\n`;

const written = (): string[] =>
  api.requests.flatMap(({ method, path: at }) => (method === "GET" ? [] : [method + at]));

it("removes all that a run can be at when it is killed, and says so", async () => {
  const parts = ["ipv4", "firewall", "ssh-key"] as const;
  await make(...parts);
  const { stdout, stderr } = await remove(killed(parts));
  expect(left()).toEqual([]);
  expect([stdout, stderr]).toEqual([
    removed(`address ${nameOf("ipv4")}`) +
      removed(`firewall ${nameOf("firewall")}`) +
      removed(`SSH key ${nameOf("ssh-key")}`),
    "",
  ]);
});

it("removes a server, protected or not, and ends once its own are free", async () => {
  await make("ipv4", "firewall");
  const [{ id: ipv4 } = { id: 0 }] = api.project.primaryIps.all();
  const [{ id: firewall } = { id: 0 }] = api.project.firewalls.all();
  await send("POST", "/servers", {
    name: nameOf("server"),
    labels,
    server_type: "cx23",
    image: "debian-13",
    location: "fsn1",
    firewalls: [{ firewall }],
    public_net: { ipv4, enable_ipv6: false },
  });
  await api.project.settled();
  const [server] = api.project.servers.all();
  if (server) server.protected = true;
  end = () => sleep(1_500);
  const { stdout, stderr } = await remove(killed(["server"]));
  expect([stdout, stderr]).toEqual([removed(`server ${nameOf("server")}`), ""]);
  expect(left()).toEqual([nameOf("ipv4"), nameOf("firewall")]);
  expect(api.project.primaryIps.all()).toMatchObject([{ assignee: null }]);
  expect(api.project.isLocked({ type: "primary_ip", id: ipv4 })).toBe(false);
});

it("waits for a server that is still being made, and says so after a while", async () => {
  boot = () => sleep(8_000);
  await make("server");
  const { stdout, stderr } = await remove(killed(["server"]));
  expect(stdout).toBe(
    `Waiting for Hetzner to remove the server ${nameOf("server")}, which can take two minutes …\n` +
      removed(`server ${nameOf("server")}`),
  );
  expect([left(), stderr]).toEqual([[], ""]);
  expect(api.requests.map(({ status }) => status)).toContain(423);
});

it("says what Hetzner could not do", async () => {
  await make("server");
  await api.project.settled();
  end = () => Promise.reject(new Error("the machine is on fire"));
  const { stdout, stderr } = await remove(killed(["server"]));
  expect(stdout).toBe("");
  expect(stderr).toContain("could not be seen to: the machine is on fire. If nobody needs it,");
});

it("says nothing where Hetzner had not made them, and asks for nothing but that", async () => {
  const { stdout, stderr } = await remove(killed(["server", "ipv4", "data"]));
  expect(stdout + stderr).toBe("");
  expect(api.requests.map(({ method, path: at }) => method + at)).toEqual([
    "GET/servers",
    "GET/primary_ips",
    "GET/volumes",
  ]);
});

it("goes by the variables where the stack file has no token, and bears a Hetzner that is ill", async () => {
  await make("server", "ssh-key");
  api.failNext({ method: "GET", status: 503 });
  api.failNext({ method: "DELETE", path: /servers/, status: 409 });
  // Asked once more, it does not find what it has removed already.
  api.failNext({ method: "DELETE", path: /ssh_keys/, status: 502, code: null, afterWork: true });
  api.failNext({ method: "GET", path: /actions/, status: 429, headers: { "retry-after": "1" } });
  const env = { HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: `${api.endpoint}/` };
  const { stderr } = await remove(killed(["server", "ssh-key"], {}), env);
  expect([left(), stderr]).toEqual([[], ""]);
});

it("leaves a server with its data volume, and says what to do", async () => {
  await make("server", "data");
  await api.project.settled();
  const [{ id: server } = { id: 0 }] = api.project.servers.all();
  const [{ id: volume } = { id: 0 }] = api.project.volumes.all();
  await send("POST", `/volumes/${volume}/actions/attach`, { server });
  await api.project.settled();
  const before = written().length;
  const { stdout, stderr } = await remove(killed(["server"]));
  expect([stdout, stderr]).toEqual([
    "",
    `Warning: The server ${nameOf("server")} at Hetzner has a data volume, so it stays. If nobody needs it, delete it in the Hetzner Cloud Console (Servers).\n`,
  ]);
  expect(written()).toHaveLength(before);
});

it("leaves an address and a firewall that a server of somebody has", async () => {
  await make("ipv4", "firewall");
  const [{ id: ipv4 } = { id: 0 }] = api.project.primaryIps.all();
  const [{ id: firewall } = { id: 0 }] = api.project.firewalls.all();
  const more = { firewalls: [{ firewall }], public_net: { ipv4, enable_ipv6: false } };
  await send("POST", "/servers", {
    name: "other",
    server_type: "cx23",
    image: "debian-13",
    location: "fsn1",
    ...more,
  });
  const before = written().length;
  const { stdout, stderr } = await remove(killed(["ipv4", "firewall"]));
  expect(stdout).toBe("");
  expect(stderr).toContain("is assigned to a server, so it stays.");
  expect(stderr).toContain("is applied to a server, so it stays.");
  expect(written()).toHaveLength(before);
});

it("never removes a volume, and names both ways out", async () => {
  await make("data");
  await api.project.settled();
  const before = written().length;
  const { stdout, stderr } = await remove(killed(["data"]));
  const [{ id } = { id: 0 }] = api.project.volumes.all();
  expect([stdout, stderr]).toEqual([
    "",
    `Warning: The volume ${nameOf("data")} at Hetzner may hold data, so it stays. If nothing is on it, delete it in the Hetzner Cloud Console (Volumes). Or take it over as it is: npm run pulumi -- import hcloud:index/volume:Volume mastodon-host-data ${id} --stack prod --generate-code=false --parent 'parent=u' --provider 'provider=h'\n`,
  ]);
  expect(written()).toHaveLength(before);
});

describe("a data volume that was being attached", () => {
  let [server, volume] = [0, 0];

  beforeEach(async () => {
    await make("server", "data");
    await api.project.settled();
    [[server = 0] = [], [volume = 0] = []] = [api.project.servers, api.project.volumes].map(
      (store) => store.all().map(({ id }) => id),
    );
  });

  const attach = (): Promise<void> => send("POST", `/volumes/${volume}/actions/attach`, { server });

  const attachedTo = (): unknown[] => api.project.volumes.all().map((each) => each.server);

  /** A run that was killed while Hetzner attached it. */
  const cut = (to = server, inputs?: object): object => ({
    resources: [
      ...killed([], inputs).resources,
      { type: "hcloud:index/volume:Volume", id: `${volume}`, inputs: { name: nameOf("data") } },
      { type: "hcloud:index/server:Server", id: `${to}` },
    ],
    pending_operations: [
      {
        type: "creating",
        resource: {
          type: "hcloud:index/volumeAttachment:VolumeAttachment",
          provider: "h::p",
          inputs: { volumeId: volume, serverId: to },
        },
      },
    ],
  });

  const detached = `Detached the volume ${nameOf("data")} at Hetzner, which the last run attached and did not get to record.\n`;

  it("is detached, so that the next run can attach it", async () => {
    await attach();
    await api.project.settled();
    const { stdout, stderr } = await remove(cut());
    expect([stdout, stderr]).toEqual([detached, ""]);
    expect(attachedTo()).toEqual([null]);
    await attach();
    await api.project.settled();
    expect(attachedTo()).toEqual([server]);
  });

  it("is detached also where Hetzner is still at it", async () => {
    plug = () => sleep(3_000);
    await attach();
    expect(attachedTo()).toEqual([null]);
    const { stdout, stderr } = await remove(cut());
    expect([stdout, stderr]).toEqual([detached, ""]);
    expect(attachedTo()).toEqual([null]);
    expect(api.requests.map(({ status }) => status)).not.toContain(423);
  });

  it.each([
    ["had not begun to", () => Promise.resolve()],
    [
      "could not",
      async () => {
        plug = () => sleep(3_000).then(() => Promise.reject(new Error("no free slot")));
        await attach();
      },
    ],
  ])("is left alone, without a word, where Hetzner %s", async (_what, begin) => {
    await begin();
    const before = written();
    const { stdout, stderr } = await remove(cut());
    expect(stdout + stderr).toBe("");
    expect(written()).toEqual(before);
  });

  it("stays where another server has it, and is told", async () => {
    await attach();
    await api.project.settled();
    const before = written();
    const { stdout, stderr } = await remove(cut(server + 1));
    expect([stdout, stderr]).toEqual([
      "",
      `Warning: The volume ${nameOf("data")} at Hetzner is attached to the server ${server}, which the last run did not ask for, so it stays. If nobody uses it there, detach it in the Hetzner Cloud Console (Volumes).\n`,
    ]);
    expect(attachedTo()).toEqual([server]);
    expect(written()).toEqual(before);
  });

  it("is told what to look at for where Hetzner cannot be asked", async () => {
    await attach();
    const { stdout, stderr } = await remove(cut(server, { ...access(), token: "" }));
    expect([stdout, stderr]).toEqual([
      "",
      `Warning: Whether the last run left the volume ${nameOf("data")} attached at Hetzner could not be seen to: there is no token to ask with. If up then says volume_already_attached, detach it in the Hetzner Cloud Console (Volumes).\n`,
    ]);
  });
});

it.each([
  ["has no token", { token: "" }, "there is no token to ask with"],
  ["has one that is none", { token: "none\n" }, "there is no token to ask with"],
  ["has one that has expired", { token: "x".repeat(64) }, "unable to authenticate"],
  ["reaches nobody", { endpoint: "http://127.0.0.1:65535/v1" }, "ECONNREFUSED"],
])("says what to look at, and goes on, where it %s", async (_name, inputs, reason) => {
  const parts = ["server", "data"] as const;
  await make(...parts);
  const { stdout, stderr } = await remove(killed(parts, { ...access(), ...inputs }));
  expect(stdout).toBe("");
  const [first = "", second = ""] = stderr.split("\n");
  expect(first).toContain(`left the server ${nameOf("server")} at Hetzner could not be seen to: `);
  expect(first).toContain(reason);
  expect(first).toContain("Console (Servers).");
  expect(second).toContain(`left the volume ${nameOf("data")} at Hetzner could not`);
  expect(second).toContain("If nothing is on it, delete it");
  expect(second).not.toContain("import");
  expect(stderr).not.toContain("x".repeat(64));
  expect(left()).toEqual(expect.arrayContaining([nameOf("server"), nameOf("data")]));
});
