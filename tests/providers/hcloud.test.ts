import { HetznerApi } from "../support/hetzner/api";
import { type Machines, noMachines } from "../support/hetzner/machines";
import { digest } from "../support/providers/hcloud/serverFields";
import { hcloud } from "../support/providers/hcloud/provider";
import { exponential, requestDelay } from "../support/providers/hcloud/retry";
import { type Kept, leftBehind, PluginClient } from "../support/providers/pluginClient";
import { UNKNOWN, type Values } from "../support/providers/values";

const token = "t".repeat(64);
const keyLine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAVBjM0eeOlFy9rJzM6g/xzpt9+4CWsRxAYZHuvh9PcP";

const types = {
  firewall: "hcloud:index/firewall:Firewall",
  network: "hcloud:index/network:Network",
  networkSubnet: "hcloud:index/networkSubnet:NetworkSubnet",
  primaryIp: "hcloud:index/primaryIp:PrimaryIp",
  server: "hcloud:index/server:Server",
  serverNetwork: "hcloud:index/serverNetwork:ServerNetwork",
  sshKey: "hcloud:index/sshKey:SshKey",
  volume: "hcloud:index/volume:Volume",
  volumeAttachment: "hcloud:index/volumeAttachment:VolumeAttachment",
} as const;

let api: HetznerApi;
let plugin: PluginClient;
let machines: { -readonly [Key in keyof Machines]: Machines[Key] };
/** What the plugin has waited for, in milliseconds; in truth it waits for nothing. */
let waits: number[];

beforeEach(async () => {
  machines = { ...noMachines };
  api = await HetznerApi.start({ token, machines });
  waits = [];
  const provider = hcloud(async (milliseconds) => {
    waits.push(milliseconds);
    await new Promise(setImmediate);
  });
  plugin = await PluginClient.start(provider);
  await plugin.configure({ token, endpoint: api.endpoint, pollInterval: "50ms" });
});

afterEach(async () => {
  plugin.close();
  await api.close();
});

const serverInputs: Values = {
  name: "web",
  serverType: "cx23",
  image: "debian-13",
  location: "fsn1",
};

function newServer(more: Values = {}): Promise<Kept> {
  return plugin.create(types.server, { ...serverInputs, ...more });
}

/** The requests that change something, as `METHOD path`. */
function orders(): string[] {
  return api.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);
}

/** Every resource once: how it is made, changed and replaced. */
interface Life {
  readonly type: string;
  /** Makes what it hangs on, and returns its inputs. */
  readonly inputs: () => Promise<Values>;
  /** A change that is made in place. */
  readonly update?: Values;
  /** A change that replaces, and by which property. */
  readonly replace?: readonly [Values, string];
  readonly outputs: Values;
  /** What a preview cannot tell. */
  readonly unknown: readonly string[];
}

const lives: Readonly<Record<keyof typeof types, Life>> = {
  sshKey: {
    type: types.sshKey,
    unknown: ["fingerprint"],
    inputs: () => Promise.resolve({ name: "key", publicKey: keyLine }),
    update: { name: "other", labels: { a: "b" } },
    replace: [{ publicKey: `${keyLine} comment` }, "publicKey"],
    outputs: { fingerprint: expect.stringMatching(/^([0-9a-f]{2}:){15}/) as string },
  },
  firewall: {
    type: types.firewall,
    unknown: ["labels", "applyTos"],
    inputs: () =>
      Promise.resolve({
        name: "wall",
        rules: [
          {
            direction: "in",
            protocol: "tcp",
            port: "22",
            sourceIps: ["198.51.100.7", "2001:DB8::/32"],
          },
        ],
      }),
    update: {
      name: "other",
      labels: { a: "b" },
      rules: [{ direction: "in", protocol: "icmp", sourceIps: ["0.0.0.0/0", "::/0"] }],
    },
    outputs: { labels: {} },
  },
  primaryIp: {
    type: types.primaryIp,
    unknown: ["ipAddress", "ipNetwork", "assigneeId"],
    inputs: () => Promise.resolve({ name: "ip", type: "ipv6", location: "fsn1" }),
    update: { name: "other", labels: { a: "b" }, deleteProtection: true },
    replace: [{ type: "ipv4", location: "nbg1" }, "location"],
    outputs: {
      ipAddress: "2001:db8:0:1::",
      ipNetwork: "2001:db8:0:1::/64",
      assigneeId: 0,
      autoDelete: false,
    },
  },
  network: {
    type: types.network,
    unknown: [],
    inputs: () => Promise.resolve({ name: "net", ipRange: "10.0.0.0/16" }),
    update: { name: "other", labels: { a: "b" }, exposeRoutesToVswitch: true },
    replace: [{ ipRange: "10.1.0.0/16" }, "ipRange"],
    outputs: { deleteProtection: false },
  },
  networkSubnet: {
    type: types.networkSubnet,
    unknown: ["gateway"],
    inputs: async () => {
      const { id } = await plugin.create(types.network, { name: "net", ipRange: "10.0.0.0/16" });
      return {
        networkId: Number(id),
        type: "cloud",
        networkZone: "eu-central",
        ipRange: "10.0.1.0/24",
      };
    },
    replace: [{ ipRange: "10.0.2.0/24" }, "ipRange"],
    outputs: { gateway: "10.0.0.1" },
  },
  server: {
    type: types.server,
    unknown: [
      "status",
      "ipv4Address",
      "ipv6Address",
      "ipv6Network",
      "primaryDiskSize",
      "firewallIds",
    ],
    inputs: () =>
      Promise.resolve({ ...serverInputs, userData: "#cloud-config\n", labels: { a: "b" } }),
    update: {
      name: "other",
      labels: {},
      serverType: "cx33",
      backups: true,
      deleteProtection: true,
      rebuildProtection: true,
    },
    replace: [{ userData: "#cloud-config\nruncmd: []\n" }, "userData"],
    outputs: {
      status: "running",
      ipv4Address: "203.0.113.10",
      ipv6Address: "2001:db8:0:1::1",
      ipv6Network: "2001:db8:0:1::/64",
      primaryDiskSize: 40,
      firewallIds: [],
      userData: digest("#cloud-config\n"),
    },
  },
  serverNetwork: {
    type: types.serverNetwork,
    unknown: ["ip", "macAddress", "networkId"],
    inputs: async () => {
      const subnet = await plugin.create(types.networkSubnet, await lives.networkSubnet.inputs());
      return { serverId: Number((await newServer()).id), subnetId: subnet.id };
    },
    update: { aliasIps: ["10.0.1.77"] },
    replace: [{ ip: "10.0.1.9" }, "ip"],
    outputs: { macAddress: expect.stringMatching(/^86:00:00/) as string, ip: "10.0.1.1" },
  },
  volume: {
    type: types.volume,
    unknown: ["linuxDevice", "serverId"],
    inputs: () => Promise.resolve({ name: "data", size: 10, location: "fsn1", format: "ext4" }),
    update: { name: "other", size: 20, labels: { a: "b" }, deleteProtection: true },
    replace: [{ location: "hel1" }, "location"],
    outputs: {
      linuxDevice: expect.stringMatching(/^\/dev\/disk\/by-id\/scsi-0HC_Volume_\d+$/) as string,
    },
  },
  volumeAttachment: {
    type: types.volumeAttachment,
    unknown: ["automount"],
    inputs: async () => {
      const volume = await plugin.create(types.volume, await lives.volume.inputs());
      return { volumeId: Number(volume.id), serverId: Number((await newServer()).id) };
    },
    replace: [{ serverId: 7 }, "serverId"],
    outputs: {},
  },
};

describe.each(Object.entries(lives))(
  "a %s",
  (_name, { type, inputs: prepare, outputs, unknown }) => {
    let inputs: Values;
    let kept: Kept;

    beforeEach(async () => {
      inputs = await prepare();
      kept = await plugin.create(type, inputs);
    });

    test("is made, and nothing about it changes by itself", async () => {
      expect(kept.id).toMatch(/^\d+(-.*)?$/);
      expect(kept.state).toMatchObject(outputs);
      expect(await plugin.diff(type, kept, inputs)).toMatchObject({ changes: false });
      const refreshed = await plugin.read(type, kept);
      expect(refreshed.id).toBe(kept.id);
      expect(await plugin.diff(type, refreshed, inputs)).toMatchObject({ changes: false });
    });

    test("is unknown in a preview where only Hetzner can tell", async () => {
      const previewed = await plugin.preview(type, inputs);
      for (const key of unknown) expect([key, previewed[key]]).toEqual([key, UNKNOWN]);
    });

    test("goes, and is then found gone", async () => {
      await plugin.delete(type, kept);
      expect((await plugin.read(type, kept)).id).toBe("");
    });
  },
);

describe.each(Object.entries(lives).filter(([, life]) => life.update !== undefined))(
  "a %s",
  (_name, { type, inputs: prepare, update }) => {
    test("changes in place what can be changed", async () => {
      const inputs = await prepare();
      const kept = await plugin.create(type, inputs);
      const wanted = { ...inputs, ...update };
      expect(await plugin.diff(type, kept, wanted)).toMatchObject({ changes: true, replaces: [] });
      const changed = await plugin.update(type, kept, wanted);
      expect(changed.id).toBe(kept.id);
      expect(await plugin.diff(type, changed, wanted)).toMatchObject({ changes: false });
      const refreshed = await plugin.read(type, changed);
      expect(await plugin.diff(type, refreshed, wanted)).toMatchObject({ changes: false });
    });
  },
);

describe.each(Object.entries(lives).filter(([, life]) => life.replace !== undefined))(
  "a %s",
  (_name, { type, inputs: prepare, replace }) => {
    test("is replaced for the rest", async () => {
      const [inputs, [change, property] = [{}, ""]] = [await prepare(), replace];
      const kept = await plugin.create(type, inputs);
      const { replaces } = await plugin.diff(type, kept, { ...inputs, ...change });
      expect(replaces).toContain(property);
    });
  },
);

describe.each(Object.entries(lives).filter(([name]) => name !== "server"))(
  "a %s",
  (_name, { type, inputs }) => {
    test("that is gone already is no error to delete", async () => {
      const kept = await plugin.create(type, await inputs());
      await plugin.delete(type, kept);
      await plugin.delete(type, kept);
    });
  },
);

test("a server that is gone already is an error to delete, as it is with the original", async () => {
  const kept = await newServer();
  await plugin.delete(types.server, kept);
  await expect(plugin.delete(types.server, kept)).rejects.toThrow(
    /server with ID '\d+' not found \(not_found, /,
  );
});

describe("the configuration", () => {
  test.each<[string, Values, string]>([
    ["a token that is too short", { token: "short" }, "must be exactly 64 characters long"],
    ["an unknown property", { token, tokem: "x" }, "tokem"],
    ["what is no duration", { token, pollInterval: "soon" }, "not a valid duration"],
    ["an unknown way to poll", { token, pollFunction: "random" }, "poll_function"],
  ])("refuses %s", async (_case, config, reason) => {
    expect((await plugin.configure(config)).join()).toContain(reason);
  });

  test("needs a token and the address of a double", async () => {
    await expect(plugin.configure({ endpoint: api.endpoint })).rejects.toThrow(
      "Missing Hetzner Cloud API token",
    );
    await expect(plugin.configure({ token })).rejects.toThrow(
      "needs the http:// address of a test double",
    );
    await expect(
      plugin.configure({ token, endpoint: "https://api.hetzner.cloud/v1" }),
    ).rejects.toThrow("test double");
  });

  test("takes from the environment what the program leaves out", async () => {
    process.env["HCLOUD_TOKEN"] = token;
    process.env["HCLOUD_ENDPOINT"] = api.endpoint;
    try {
      await plugin.configure({});
      await newServer();
    } finally {
      delete process.env["HCLOUD_TOKEN"];
      delete process.env["HCLOUD_ENDPOINT"];
    }
  });
});

describe("inputs", () => {
  test.each<[keyof typeof types, Values, string]>([
    ["server", { serverTypo: "x" }, "serverTypo"],
    ["server", { ...serverInputs, iso: "x" }, "not to this stand-in"],
    ["server", { ...serverInputs, datacenter: "fsn1-dc14" }, "marked for removal"],
    ["server", { ...serverInputs, labels: { a: "-" } }, "label value '-'"],
    ["server", { ...serverInputs, firewallIds: ["one"] }, "firewallIds[0]"],
    [
      "server",
      { ...serverInputs, networks: [{ ip: "10.0.0.2" }] },
      "either network_id or subnet_id",
    ],
    [
      "server",
      { ...serverInputs, networks: [{ networkId: 1 }, { networkId: 1 }] },
      "each network once: 1",
    ],
    ["primaryIp", { type: "ipv4" }, "Exactly one of these"],
    [
      "primaryIp",
      { type: "ipv4", location: "fsn1", assigneeId: 1, assigneeType: "server" },
      "Exactly one of these",
    ],
    ["primaryIp", { type: "ipv4", assigneeId: 1 }, "must be configured together"],
    ["serverNetwork", { serverId: 1 }, "Exactly one of these"],
    ["network", { ipRange: "ten" }, "invalid CIDR address: ten"],
    [
      "networkSubnet",
      { networkId: 1, type: "lan", networkZone: "eu-central", ipRange: "10.0.1.0/24" },
      "got lan",
    ],
    ["firewall", { rules: [{ direction: "up", protocol: "tcp" }] }, "up is not a valid direction"],
    [
      "firewall",
      { rules: [{ direction: "in", protocol: "sctp" }] },
      "sctp is not a valid protocol",
    ],
    [
      "firewall",
      { rules: [{ direction: "in", protocol: "icmp", sourceIps: ["10.0.0.1/8"] }] },
      "10.0.0.1/8 is not the start",
    ],
  ])("of a %s: %j is refused", async (name, given, reason) => {
    await expect(plugin.check(types[name], given)).rejects.toThrow(reason);
  });

  test("without a name get one", async () => {
    const { name: _name, ...rest } = serverInputs;
    expect((await plugin.create(types.server, rest)).state["name"]).toMatch(/^it-[0-9a-f]{7}$/);
  });
});

describe("a server", () => {
  test("is made of what it names", async () => {
    const key = await plugin.create(types.sshKey, { name: "key", publicKey: keyLine });
    const wall = await plugin.create(types.firewall, { name: "wall" });
    const ip = await plugin.create(types.primaryIp, { name: "ip", type: "ipv4", location: "fsn1" });
    const { state } = await newServer({
      sshKeys: [key.id],
      firewallIds: [Number(wall.id)],
      publicNets: [{ ipv4: Number(ip.id), ipv6Enabled: false }],
    });
    expect(state).toMatchObject({
      ipv4Address: ip.state["ipAddress"],
      firewallIds: [Number(wall.id)],
    });
    expect(state).not.toHaveProperty("ipv6Address");
    const made = api.requests.find(({ method, path }) => method === "POST" && path === "/servers");
    expect(made?.body).toEqual({
      name: "web",
      server_type: "cx23",
      image: 310557660,
      location: "fsn1",
      labels: {},
      ssh_keys: [Number(key.id)],
      firewalls: [{ firewall: Number(wall.id) }],
      public_net: { enable_ipv4: true, enable_ipv6: false, ipv4: Number(ip.id) },
    });
  });

  test("gets the image of its architecture", async () => {
    await newServer({ serverType: "cax11", image: "debian-12" });
    expect(api.project.servers.all()[0]?.image).toMatchObject({
      name: "debian-12",
      architecture: "arm",
    });
  });

  test.each<[string, Values, string]>([
    ["an unknown type", { serverType: "cx99" }, "server type cx99 not found"],
    [
      "a type of yesterday",
      { serverType: "cx22" },
      'Server Type "cx22" is unavailable in all locations',
    ],
    ["an unknown image", { image: "plan9" }, "image plan9 for architecture x86 not found"],
    ["an unknown key", { sshKeys: ["none"] }, "SSH key not found: none"],
  ])("of %s is refused before it is asked for", async (_case, more, reason) => {
    await expect(newServer(more)).rejects.toThrow(reason);
    expect(orders()).toEqual([]);
  });

  test("is switched off for another type, and on by Hetzner", async () => {
    const kept = await newServer();
    api.requests.length = 0;
    const { state } = await plugin.update(types.server, kept, {
      ...serverInputs,
      serverType: "cx33",
    });
    expect(state).toMatchObject({ serverType: "cx33", status: "running", primaryDiskSize: 80 });
    expect(orders()).toEqual([
      `POST /servers/${kept.id}/actions/poweroff`,
      `POST /servers/${kept.id}/actions/change_type`,
    ]);
  });

  test("keeps its disk where the program says so", async () => {
    const kept = await newServer();
    const wanted = { ...serverInputs, serverType: "cx33", keepDisk: true };
    expect((await plugin.update(types.server, kept, wanted)).state["primaryDiskSize"]).toBe(40);
  });

  test("changes its firewalls", async () => {
    const [one, two] = [
      await plugin.create(types.firewall, { name: "one" }),
      await plugin.create(types.firewall, { name: "two" }),
    ];
    const kept = await newServer({ firewallIds: [Number(one.id)] });
    const wanted = { ...serverInputs, firewallIds: [Number(two.id)] };
    const changed = await plugin.update(types.server, kept, wanted);
    expect(changed.state["firewallIds"]).toEqual([Number(two.id)]);
  });

  test("exchanges its addresses while it is off", async () => {
    const ip = await plugin.create(types.primaryIp, { name: "ip", type: "ipv4", location: "fsn1" });
    const kept = await newServer();
    const wanted = { ...serverInputs, publicNets: [{ ipv4: Number(ip.id) }] };
    expect(await plugin.diff(types.server, kept, wanted)).toMatchObject({
      changes: true,
      replaces: [],
    });
    const changed = await plugin.update(types.server, kept, wanted);
    expect(changed.state).toMatchObject({ ipv4Address: ip.state["ipAddress"], status: "running" });
    const without = await plugin.update(types.server, changed, {
      ...serverInputs,
      publicNets: [{ ipv4Enabled: false }],
    });
    expect(without.state).not.toHaveProperty("ipv4Address");
    expect(api.project.primaryIps.get(Number(ip.id)).assignee).toBeNull();
  });

  test("lives in a network of its own block", async () => {
    const subnet = await plugin.create(types.networkSubnet, await lives.networkSubnet.inputs());
    const networkId = Number(subnet.state["networkId"]);
    const block = { networkId, ip: "10.0.1.5", aliasIps: [] };
    const inputs = {
      ...serverInputs,
      networks: [block],
      publicNets: [{ ipv4Enabled: false, ipv6Enabled: false }],
    };
    const kept = await plugin.create(types.server, inputs);
    expect(kept.state["status"]).toBe("running");
    const refreshed = await plugin.read(types.server, kept);
    expect(refreshed.state["networks"]).toMatchObject([{ networkId, ip: "10.0.1.5" }]);
    expect(await plugin.diff(types.server, refreshed, inputs)).toMatchObject({ changes: false });
    const moved = { ...inputs, networks: [{ ...block, ip: "10.0.1.6" }] };
    await plugin.update(types.server, refreshed, moved);
    expect(api.project.servers.get(Number(kept.id)).privateNets).toMatchObject([
      { ip: "10.0.1.6" },
    ]);
  });

  test("that is protected is not deleted", async () => {
    const kept = await newServer({ deleteProtection: true, rebuildProtection: true });
    await expect(plugin.delete(types.server, kept)).rejects.toThrow(
      "server deletion is protected (protected, ",
    );
    expect(api.project.servers.all()).toHaveLength(1);
  });

  test("is asked to shut down first where the program says so", async () => {
    const kept = await newServer({ shutdownBeforeDeletion: true });
    api.requests.length = 0;
    await plugin.delete(types.server, kept);
    expect(orders()).toEqual([
      `POST /servers/${kept.id}/actions/shutdown`,
      `DELETE /servers/${kept.id}`,
    ]);
  });

  test("whose machine fails is left in the state, to be replaced", async () => {
    machines.boot = () => Promise.reject(new Error("no power"));
    const error: unknown = await newServer().catch((each: unknown) => each);
    expect(String(error)).toMatch(/no power \(action_failed, \d+\)/);
    expect(leftBehind(error)).toBe(String(api.project.servers.all()[0]?.id));
  });

  test("outlives its addresses and volumes, or they it", async () => {
    const ip = await plugin.create(types.primaryIp, { name: "ip", type: "ipv4", location: "fsn1" });
    const kept = await newServer({ publicNets: [{ ipv4: Number(ip.id) }] });
    const refreshed = await plugin.read(types.primaryIp, ip);
    expect(refreshed.state["assigneeId"]).toBe(Number(kept.id));
    await plugin.delete(types.primaryIp, refreshed);
    expect(api.project.servers.all()[0]?.status).toBe("running");
    await plugin.delete(types.server, kept);
  });
});

describe("others", () => {
  test("a key that is given with a line end is replaced for ever, since the API trims it", async () => {
    const inputs = { name: "key", publicKey: `${keyLine}\n` };
    const kept = await plugin.create(types.sshKey, inputs);
    expect(kept.state["publicKey"]).toBe(keyLine);
    expect((await plugin.diff(types.sshKey, kept, inputs)).replaces).toEqual(["publicKey"]);
  });

  test("protected volumes, networks and addresses are not deleted", async () => {
    for (const [name, reason] of [
      ["volume", "volume deletion is protected"],
      ["network", "network deletion is protected"],
      ["primaryIp", "Primary IP deletion is protected"],
    ] as const) {
      const kept = await plugin.create(types[name], {
        ...(await lives[name].inputs()),
        deleteProtection: true,
      });
      api.requests.length = 0;
      await expect(plugin.delete(types[name], kept)).rejects.toThrow(reason);
      // The original tries the deletion of a volume again whatever the reason, and of the others once.
      expect(orders()).toHaveLength(name === "volume" ? 5 : 1);
    }
  });

  test("a volume goes to its server, from one to another, and away", async () => {
    const [one, two] = [await newServer(), await newServer({ name: "two" })];
    const inputs = { name: "data", size: 10 };
    const kept = await plugin.create(types.volume, { ...inputs, serverId: Number(one.id) });
    expect(kept.state).toMatchObject({ serverId: Number(one.id), location: "fsn1" });
    const moved = await plugin.update(types.volume, kept, { ...inputs, serverId: Number(two.id) });
    expect(moved.state["serverId"]).toBe(Number(two.id));
    await plugin.delete(types.volume, moved);
    expect(api.project.volumes.all()).toEqual([]);
  });

  test("an attachment is gone when its volume is attached no more", async () => {
    const { type, inputs } = lives.volumeAttachment;
    const kept = await plugin.create(type, await inputs());
    api.project.volumes.get(Number(kept.id)).server = null;
    expect((await plugin.read(type, kept)).id).toBe("");
  });

  test("rules that are taken away altogether stay in force, as with the original", async () => {
    const kept = await plugin.create(types.firewall, await lives.firewall.inputs());
    const changed = await plugin.update(types.firewall, kept, { name: "wall" });
    expect(api.project.firewalls.get(Number(kept.id)).rules).toHaveLength(1);
    expect(await plugin.diff(types.firewall, changed, { name: "wall" })).toMatchObject({
      changes: true,
    });
  });

  test("a firewall leaves its servers before it goes", async () => {
    const wall = await plugin.create(types.firewall, { name: "wall" });
    const kept = await newServer({ firewallIds: [Number(wall.id)] });
    await plugin.delete(types.firewall, wall);
    expect(api.project.servers.get(Number(kept.id)).firewalls).toEqual([]);
  });
});

describe("faults", () => {
  test.each([
    ["a conflict", { status: 409 }],
    ["too many requests", { status: 429 }],
    ["a bad gateway", { status: 502, code: null }],
    ["a time-out", { status: 504 }],
  ])("%s is survived five times", async (_case, fault) => {
    api.failNext({ method: "POST", path: /^\/servers$/, ...fault, times: 5 });
    await newServer();
    expect(waits.filter((wait) => wait >= 1000)).toHaveLength(5);
  });

  test.each([
    ["a conflict", { status: 409 }, "made to fail (conflict, "],
    ["too many requests", { status: 429 }, "made to fail (rate_limit_exceeded, "],
    ["a bad gateway", { status: 502, code: null }, "hcloud: server responded with status code 502"],
  ])("%s is told the sixth time", async (_case, fault, reason) => {
    api.failNext({ method: "POST", path: /^\/servers$/, ...fault, times: 6 });
    await expect(newServer()).rejects.toThrow(reason);
    expect(orders()).toHaveLength(6);
  });

  test.each([
    ["an internal error", { status: 500 }, "made to fail (server_error, "],
    ["an unavailable service", { status: 503 }, "made to fail (unavailable, "],
    ["a locked resource", { status: 423 }, "made to fail (locked, "],
    ["a lost answer", { status: "lost" as const, afterWork: true }, '/servers": '],
  ])("%s is told at once", async (_case, fault, reason) => {
    api.failNext({ method: "POST", path: /^\/servers$/, ...fault });
    await expect(newServer()).rejects.toThrow(reason);
    expect(orders()).toEqual(["POST /servers"]);
  });

  test("an answer that is lost on its way leaves a server that the next run stumbles over", async () => {
    api.failNext({ method: "POST", path: /^\/servers$/, status: 504, afterWork: true });
    await expect(newServer()).rejects.toThrow("server name is already used (uniqueness_error, ");
    expect(api.project.servers.all()).toHaveLength(1);
  });

  test("a wrong token is told", async () => {
    await plugin.configure({ token: "x".repeat(64), endpoint: api.endpoint });
    await expect(newServer()).rejects.toThrow("unable to authenticate (unauthorized, request-1)");
    const address = { name: "ip", type: "ipv4", location: "fsn1" };
    await expect(plugin.create(types.primaryIp, address)).rejects.toThrow(
      /API request failed: .*\n\nunable to authenticate \(unauthorized, request-2\)\n\nError code: unauthorized\nStatus code: 401/,
    );
  });

  test("nobody at the other end is told", async () => {
    await plugin.configure({ token, endpoint: "http://127.0.0.1:1/v1" });
    await expect(newServer()).rejects.toThrow(
      'Get "http://127.0.0.1:1/v1/server_types?name=cx23": connect: connection refused',
    );
  });

  test("invalid input is told field by field", async () => {
    await expect(newServer({ name: "web_1" })).rejects.toThrow(
      /invalid input in field 'name': .* \(invalid_input, request-\d+\): \[name => \[is not a valid host name\]\]/,
    );
    const address = { name: "ip", type: "ipv5", location: "fsn1" };
    await expect(plugin.create(types.primaryIp, address)).rejects.toThrow(
      /Field: type\nMessages:\n - /,
    );
  });

  test("a locked volume is tried again", async () => {
    const { type, inputs } = lives.volumeAttachment;
    const given = await inputs();
    api.failNext({ path: /actions\/attach$/, status: 423, times: 2 });
    waits.length = 0;
    await plugin.create(type, given);
    expect(waits.filter((wait) => wait >= 1000)).toEqual([1000, 2000]);
  });

  test("actions are looked at after 50 ms, and then half as often each time", async () => {
    let powered = (): void => undefined;
    const power = new Promise<void>((resolve) => (powered = resolve));
    machines.boot = () => power;
    const created = newServer();
    while (waits.length < 8 && api.requests.length < 100) await new Promise(setImmediate);
    powered();
    await created;
    expect(waits.slice(1, 6)).toEqual([50, 100, 200, 400, 800]);
  });
});

test("waiting doubles up to a minute, and before a request by chance up to that", () => {
  expect([0, 1, 5, 6, 60].map(exponential(1000))).toEqual([1000, 2000, 32_000, 60_000, 60_000]);
  expect(requestDelay(0)).toBe(1000);
  for (const retries of [1, 2, 3, 4]) {
    expect(requestDelay(retries)).toBeGreaterThanOrEqual(1000);
    expect(requestDelay(retries)).toBeLessThanOrEqual(1000 * 2 ** retries);
  }
});
