import { callToolchain } from "../support/toolchain";

const labels = (instance: string) => [
  { label: "org.joinmastodon.part", value: "web" },
  { label: "org.joinmastodon.instance", value: instance },
];
const provider = {
  urn: "p",
  type: "pulumi:providers:docker",
  id: "p1",
  inputs: { host: "unix:///d.sock" },
};
const network = {
  urn: "n",
  type: "docker:index/network:Network",
  id: "n1",
  inputs: { labels: labels("a") },
};
const web = {
  urn: "w",
  type: "docker:index/container:Container",
  id: "c1",
  inputs: { labels: labels("a") },
};
const begun = {
  type: "creating",
  resource: { ...web, urn: "s", id: "", inputs: { labels: labels("b") } },
};
const deployment = { resources: [provider, network, web], pending_operations: [begun] };

const call = (name: string, ...args: unknown[]) => callToolchain("leftovers", name, args);

test("the instances are those of all labels, also of what was only begun", () => {
  expect(call("instancesIn", deployment)).toEqual(["a", "b"]);
  expect(call("instancesIn", {})).toEqual([]);
});

test("the engines are those of the Docker providers", () => {
  expect(call("enginesIn", deployment)).toEqual(["unix:///d.sock"]);
});

test("what the state knows stays, and what it does not know goes, containers first", () => {
  const found = [
    { kind: "container", id: "c1", name: "web" },
    { kind: "container", id: "c2", name: "web-begun" },
    { kind: "network", id: "n1", name: "internal" },
    { kind: "network", id: "n2", name: "egress" },
  ];
  expect(call("findOrphans", deployment, found)).toEqual([found[1], found[3]]);
});

test("a container that is about to be replaced is still known", () => {
  const old = { ...web, id: "c0", delete: true };
  const found = [{ kind: "container", id: "c0", name: "web-old" }];
  expect(call("findOrphans", { resources: [web, old] }, found)).toEqual([]);
});

test("pending operations are seen, and cleared without touching anything else", () => {
  expect(call("hasPending", deployment)).toBe(true);
  expect(call("hasPending", { resources: [web], pending_operations: [] })).toBe(false);
  expect(call("hasPending", {})).toBe(false);
  expect(call("withoutPending", deployment)).toEqual({ resources: deployment.resources });
});

describe("processes that outlived their engine", () => {
  const folders = ["/c/bin/3.259.0", "/c/pulumi-home/plugins"];
  const orphaned = (table: string) => callToolchain("recover", "orphanedPlugins", [table, folders]);

  test("are those of our folders without an engine above them", () => {
    const table = [
      "    1     0 /sbin/init",
      "  100     1 /c/bin/3.259.0/pulumi-language-nodejs 127.0.0.1:1",
      "  101   100 /usr/bin/node /p/node_modules/@pulumi/pulumi/cmd/run/index.js",
      "  102     1 /usr/bin/node /c/pulumi-home/plugins/resource-docker-v5.2.0/pulumi-resource-docker 127.0.0.1:1",
      "  200     7 pulumi up --yes",
      "  201   200 /c/bin/3.259.0/pulumi-language-nodejs 127.0.0.1:2",
      "  202   200 /c/pulumi-home/plugins/resource-random-v4.21.2/pulumi-resource-random 127.0.0.1:2",
      "  212   210 /c/pulumi-home/plugins/resource-random-v4.21.2/pulumi-resource-random 127.0.0.1:4",
      "  300     1 /home/x/.pulumi/plugins/resource-aws-v7.0.0/pulumi-resource-aws 127.0.0.1:3",
    ].join("\n");
    expect(orphaned(table)).toEqual([
      { pid: 100, name: "pulumi-language-nodejs" },
      { pid: 102, name: "pulumi-resource-docker" },
    ]);
  });

  test("are none in an empty table", () => {
    expect(orphaned("")).toEqual([]);
  });
});

describe("what a stack of its own server leaves", () => {
  const volume = { urn: "u", type: "docker:index/volume:Volume", id: "mastodon-x-media" };
  const disk = { urn: "d", type: "hcloud:index/volume:Volume", id: "7", protect: true };
  const server = { urn: "s", type: "hcloud:index/server:Server", id: "9" };

  it("is told from its volumes and disks", () => {
    const kept = callToolchain("leftovers", "dataIn", [{ resources: [volume, disk, server] }]);
    expect(kept).toEqual([volume, disk]);
  });

  it("are as many secrets as there are protected passwords", () => {
    const secret = { urn: "r", type: "random:index/randomPassword:RandomPassword", protect: true };
    const others = [
      disk,
      { ...secret, protect: false },
      { ...secret, type: "random:index/randomUuid:RandomUuid" },
      { urn: "c", type: "command:local:Command", protect: true },
    ];
    expect(call("secretsIn", { resources: [...others, secret] })).toEqual([secret]);
  });

  it("goes with the server where the program made that", () => {
    expect(callToolchain("leftovers", "ownsServer", [{ resources: [disk, server] }])).toBe(true);
    expect(callToolchain("leftovers", "ownsServer", [{ resources: [volume] }])).toBe(false);
  });
});

describe("what a destroy leaves where it is", () => {
  const protect = true;
  const secret = { urn: "r", type: "random:index/randomPassword:RandomPassword", protect };
  const volume = {
    urn: "v",
    type: "docker:index/volume:Volume",
    protect,
    retainOnDelete: true,
  };
  const disk = { urn: "d", type: "hcloud:index/volume:Volume", protect };
  const server = { urn: "s", type: "hcloud:index/server:Server" };
  const lifting = { urn: "l", type: "command:local:Command", protect };
  const scratch = { urn: "u", type: "docker:index/volume:Volume" };
  const keeping = (...resources: object[]): unknown => call("keeping", { resources });
  const allProtected = ["--exclude-protected"];

  it("is all that is protected, as Pulumi finds it", () => {
    expect(keeping(secret, provider, volume, web)).toEqual(allProtected);
    expect(call("keeping", {})).toEqual(allProtected);
  });

  it("is the disk with all else that is protected, but not the volumes on it, which would keep the server", () => {
    expect(keeping(secret, disk, lifting, server, provider, volume, scratch)).toEqual(
      ["--ignore-protect", "r", "d", "l"].flatMap((each, index) =>
        index === 0 ? each : ["--exclude", each],
      ),
    );
  });

  it.each<[string, object[]]>([
    ["no disk stays that would have its data", [secret, { ...disk, protect: false }, volume]],
    ["Docker would be told to remove it", [secret, disk, { ...volume, retainOnDelete: false }]],
    ["there is none any more", [secret, disk, lifting]],
  ])("is each volume too where %s", (_why, resources) => {
    expect(keeping(...resources, server)).toEqual(allProtected);
  });
});

describe("what a killed run may have left at Cloudflare", () => {
  const account = {
    urn: "a",
    type: "pulumi:providers:cloudflare",
    id: "p2",
    inputs: { apiToken: { plaintext: '"secret-token"' }, baseUrl: "http://127.0.0.1:1" },
  };
  const provider = "a::p2";
  const tunnel = {
    urn: "t",
    type: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
    provider,
    inputs: { accountId: "1a", name: "mastodon-a-tunnel", configSrc: "cloudflare" },
  };
  const record = {
    urn: "r",
    type: "cloudflare:index/dnsRecord:DnsRecord",
    provider,
    inputs: { zoneId: "1z", name: "a.example.org", type: "A", comment: "Pulumi: a" },
  };
  const creating = (...made: object[]) =>
    made.map((resource) => ({ type: "creating", resource: { id: "", ...resource } }));
  const cut = {
    resources: [account],
    pending_operations: creating(begun.resource, tunnel, record),
  };
  const [begunTunnel, begunRecord] = call("begunAtCloudflare", cut) as object[];

  it("is told from what was being made, and where it would be found", () => {
    expect([begunTunnel, begunRecord]).toEqual([
      {
        what: "tunnel mastodon-a-tunnel",
        name: "mastodon-a-tunnel",
        folder: "/accounts/1a/cfd_tunnel",
        query: { name: "mastodon-a-tunnel", is_deleted: "false" },
        page: "Networks, Connectors",
        provider,
      },
      {
        what: "record A a.example.org",
        name: "a.example.org",
        comment: "Pulumi: a",
        folder: "/zones/1z/dns_records",
        query: { name: "a.example.org", type: "A" },
        page: "DNS, Records",
        provider,
      },
    ]);
  });

  it("is nothing where it was only being changed or removed, or is in the state", () => {
    const pending_operations = ["updating", "deleting"].map((type) => ({ type, resource: tunnel }));
    expect(call("begunAtCloudflare", { resources: [tunnel], pending_operations })).toEqual([]);
  });

  it("is a record with the very comment of this instance that the state does not know", () => {
    const found = [
      { id: "r1", name: "a.example.org", comment: "Pulumi: a" },
      { id: "r2", name: "a.example.org", comment: "Pulumi: a" },
      { id: "r3", name: "a.example.org", comment: "Pulumi: ab" },
      { id: "r4", name: "a.example.org", comment: null },
      { id: "r5", name: "b.example.org", comment: "Pulumi: a" },
    ];
    const known = { resources: [account, { ...record, id: "r1" }] };
    expect(call("leftAtCloudflare", known, begunRecord, found)).toEqual([
      { id: "r2", used: false },
    ]);
  });

  it("is a tunnel of the very name that the state does not know, and was never opened", () => {
    const found = [
      { id: "t1", name: "mastodon-a-tunnel", status: "healthy" },
      { id: "t2", name: "mastodon-a-tunnel", status: "inactive" },
      { id: "t3", name: "mastodon-a-tunnel", status: "down" },
      { id: "t4", name: "mastodon-a-tunnel-2", status: "inactive" },
    ];
    const known = { resources: [account, { ...tunnel, id: "t1" }] };
    expect(call("leftAtCloudflare", known, begunTunnel, found)).toEqual([
      { id: "t2", used: false },
      { id: "t3", used: true },
    ]);
  });

  it("is asked for with what its provider was given, secret or not", () => {
    expect(call("accessTo", cut, begunTunnel)).toEqual({
      token: "secret-token",
      baseUrl: "http://127.0.0.1:1",
    });
    const bare = { resources: [{ ...account, inputs: {} }] };
    expect(call("accessTo", bare, begunTunnel)).toEqual({ token: "", baseUrl: "" });
    expect(call("accessTo", {}, begunTunnel)).toEqual({ token: "", baseUrl: "" });
  });
});

describe("what a killed run may have left at Hetzner", () => {
  const type = "hcloud:index/server:Server";
  const label = { "org.joinmastodon.instance": "mastodon-a" };
  const provider = "urn:pulumi:prod::mastodon::x:H$pulumi:providers:hcloud::h-hcloud::p3";
  const server = {
    urn: "urn:pulumi:prod::mastodon::x:H$hcloud:index/server:Server::h-server",
    type,
    parent: "urn:pulumi:prod::mastodon::x:H::h",
    provider,
    // Official plugins note their defaults in maps too.
    inputs: { name: "mastodon-a-server", labels: { ...label, __defaults: [] } },
  };
  const of = (kind: string): object => ({ ...server, type: `hcloud:index/${kind}` });
  const creating = (...resources: object[]) => ({
    pending_operations: resources.map((resource) => ({ type: "creating", resource })),
  });
  const begunOf = (resource: object): object =>
    (call("begunAtHetzner", creating(resource)) as object[])[0] ?? {};
  const begunServer = begunOf(server);
  const found = { id: 7, name: "mastodon-a-server", labels: label };
  const left = (begun: object, ...answers: object[]): unknown =>
    call("leftAtHetzner", { resources: [] }, begun, answers);
  const nothingStays = { id: "7", isProtected: false };

  it("is told from what was being made, and where it would be found", () => {
    expect(begunServer).toEqual({
      type,
      what: "server mastodon-a-server",
      name: "mastodon-a-server",
      instance: "mastodon-a",
      kind: "servers",
      page: "Servers",
      urn: server.urn,
      parent: server.parent,
      provider,
    });
    const kinds = ["primaryIp:PrimaryIp", "firewall:Firewall", "sshKey:SshKey", "volume:Volume"];
    expect(kinds.map((kind) => begunOf(of(kind)))).toMatchObject([
      { kind: "primary_ips", what: "address mastodon-a-server" },
      { kind: "firewalls", what: "firewall mastodon-a-server" },
      { kind: "ssh_keys", what: "SSH key mastodon-a-server" },
      { kind: "volumes", what: "volume mastodon-a-server" },
    ]);
  });

  it("is nothing of another kind, nor where it was only being changed or removed", () => {
    expect(call("begunAtHetzner", creating(of("volumeAttachment:VolumeAttachment"), web))).toEqual(
      [],
    );
    const pending_operations = ["updating", "deleting"].map((of) => ({
      type: of,
      resource: server,
    }));
    expect(call("begunAtHetzner", { resources: [server], pending_operations })).toEqual([]);
  });

  it("is of the very name and instance, and unknown to the state", () => {
    const others = [
      { ...found, id: 1, name: "mastodon-a-server-2" },
      { ...found, id: 2, labels: {} },
      { ...found, id: 3, labels: { "org.joinmastodon.instance": "mastodon-ab" } },
    ];
    expect(left(begunServer, ...others, found)).toEqual([nothingStays]);
    const unlabelled = begunOf({ ...server, inputs: { name: "mastodon-a-server" } });
    expect(left(unlabelled, ...others, found)).toEqual([]);
  });

  it("is not what the state knows, by a number that another kind may have too", () => {
    const known = { resources: [{ ...server, id: "7" }] };
    expect(call("leftAtHetzner", known, begunServer, [found])).toEqual([]);
    const replaced = { resources: [{ ...server, id: "7", delete: true }] };
    expect(call("leftAtHetzner", replaced, begunServer, [found])).toEqual([]);
    const elsewhere = { resources: [{ ...of("volume:Volume"), id: "7" }] };
    expect(call("leftAtHetzner", elsewhere, begunServer, [found])).toEqual([nothingStays]);
  });

  it("may be protected already", () => {
    expect(left(begunServer, { ...found, protection: { delete: true } })).toEqual([
      { id: "7", isProtected: true },
    ]);
  });

  it.each([
    ["server:Server", { volumes: [] }, { volumes: [8] }, "has a data volume"],
    ["primaryIp:PrimaryIp", { assignee_id: null }, { assignee_id: 8 }, "is assigned to a server"],
    ["firewall:Firewall", { applied_to: [] }, { applied_to: [{}] }, "is applied to a server"],
  ])("stays where it is of use: a %s", (kind, idle, busy, use) => {
    expect(left(begunOf(of(kind)), { ...found, ...idle })).toEqual([nothingStays]);
    expect(left(begunOf(of(kind)), { ...found, ...busy })).toEqual([{ ...nothingStays, use }]);
  });

  it("always stays where it may hold data", () => {
    const volume = begunOf(of("volume:Volume"));
    expect(left(volume, { ...found, server: null, protection: { delete: false } })).toEqual([
      { ...nothingStays, use: "may hold data" },
    ]);
  });

  it("is taken over as what the run would have recorded", () => {
    expect(call("takeOver", begunServer, "7")).toBe(
      `npm run pulumi -- import ${type} h-server 7 --stack prod --generate-code=false --parent 'parent=${server.parent}' --provider 'provider=urn:pulumi:prod::mastodon::x:H$pulumi:providers:hcloud::h-hcloud'`,
    );
  });

  it("is asked for with what its provider was given, secret or not", () => {
    const inputs = { token: { plaintext: '"secret-token"' }, endpoint: "http://127.0.0.1:1/v1" };
    const urn = provider.replace("::p3", "");
    const resources = [{ urn, type: "pulumi:providers:hcloud", id: "p3", inputs }];
    expect(call("accessTo", { resources }, begunServer)).toEqual({
      token: "secret-token",
      baseUrl: "http://127.0.0.1:1/v1",
    });
  });
});

describe("a data volume that a killed run may have left attached", () => {
  const inputs = { volumeId: 7, serverId: 9, automount: false };
  const attachment = {
    urn: "a",
    type: "hcloud:index/volumeAttachment:VolumeAttachment",
    provider: "h::p",
    inputs,
  };
  const disk = {
    urn: "d",
    type: "hcloud:index/volume:Volume",
    id: "7",
    inputs: { name: "mastodon-a-data" },
  };
  const server = { urn: "s", type: "hcloud:index/server:Server", id: "9" };
  const begun = (resources: object[], resource: object = attachment, type = "creating"): unknown =>
    call("begunAttachments", { resources, pending_operations: [{ type, resource }] });

  it("is told from what was being attached, and to what", () => {
    expect(begun([disk, server])).toEqual([
      { what: "volume mastodon-a-data", volume: 7, server: 9, provider: "h::p" },
    ]);
  });

  it("is told where the volume was attached to an earlier server", () => {
    const earlier = { ...attachment, id: "7", inputs: { ...inputs, serverId: 8 } };
    expect(begun([disk, server, earlier])).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ["was only being detached", begun([disk, server], attachment, "deleting")],
    ["is of another kind", begun([disk, server], { ...server, inputs })],
    ["says of no server", begun([disk, server], { ...attachment, inputs: { volumeId: 7 } })],
    ["is of a volume that the state does not know", begun([server, { ...disk, id: "70" }])],
    ["is of a server that the state does not know", begun([disk, { ...server, id: "7" }])],
    ["is in the state all the same", begun([disk, server, { ...attachment, id: "7" }])],
  ])("is none where it %s", (_what, found) => {
    expect(found).toEqual([]);
  });
});

it("an engine is cut short by what was being done to it, and not by what else was", () => {
  expect(call("isCutOnEngine", { pending_operations: [begun] })).toBe(true);
  const server = { type: "creating", resource: { urn: "s", type: "hcloud:index/server:Server" } };
  expect(call("isCutOnEngine", { pending_operations: [server] })).toBe(false);
  expect(call("isCutOnEngine", {})).toBe(false);
});
