import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/commands";
import { HetznerApi } from "../support/hetzner/api";
import { type Machines, noMachines } from "../support/hetzner/machines";

const token = "t".repeat(64);

/** What the tests read of answers; the double itself checks them by their schemas. */
interface Body {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: { readonly fields: readonly { readonly name: string }[] };
  };
  readonly server: { readonly id: number; readonly private_net: unknown };
  readonly next_actions: readonly { readonly id: number }[];
  readonly action: object;
  readonly actions: readonly { readonly status: string; readonly progress: number }[];
  readonly volume: { readonly id: number };
  readonly primary_ip: { readonly id: number };
  readonly primary_ips: unknown;
  readonly network: { readonly id: number };
  readonly firewall: {
    readonly id: number;
    readonly rules: readonly { readonly source_ips: unknown }[];
    readonly applied_to: unknown;
  };
  readonly ssh_key: { readonly public_key: string; readonly fingerprint: string };
  readonly server_types: readonly { readonly name: string }[];
  readonly images: unknown;
  readonly meta: { readonly pagination: unknown };
}

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

let api: HetznerApi;
let machines: Machines & { readonly log: string[] };
/** What the machines do before they are done, by the name of their method. */
let before: Record<string, () => Promise<void>>;
/** Lets go what `held` holds. */
let release: () => void;
let held: Promise<void>;

beforeEach(async () => {
  before = {};
  held = new Promise((resolve) => (release = resolve));
  const log: string[] = [];
  const logged = new Proxy(noMachines, {
    get: (_target, name: string) =>
      name === "log"
        ? log
        : async (
            first: number | { readonly id: number },
            ...more: (string | number | undefined)[]
          ): Promise<void> => {
            const id = typeof first === "number" ? first : first.id;
            log.push([name, id, ...more].filter((part) => part !== undefined).join(" "));
            await before[name]?.();
          },
  });
  machines = logged as typeof machines;
  api = await HetznerApi.start({ token, machines });
});

afterEach(async () => {
  release();
  await api.close();
});

async function send(method: string, path: string, body?: object, bearer = token): Promise<Answer> {
  const response = await fetch(`${api.endpoint}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  const json = (text.startsWith("{") ? JSON.parse(text) : undefined) as Body;
  return { status: response.status, body: json, headers: response.headers };
}

/** Sends, expects success, and waits for the actions. */
async function done(method: string, path: string, body?: object): Promise<Body> {
  const answer = await send(method, path, body);
  expect(answer.status).toBeLessThan(300);
  await api.project.settled();
  return answer.body;
}

async function refusal(method: string, path: string, body?: object): Promise<string> {
  const answer = await send(method, path, body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  return `${answer.status} ${answer.body.error.code}`;
}

const server = { name: "web", server_type: "cx23", image: "debian-13", location: "fsn1" };

async function newServer(more: object = {}): Promise<number> {
  return (await done("POST", "/servers", { ...server, ...more })).server.id;
}

async function newVolume(more: object = {}): Promise<number> {
  const body = { name: "data", size: 10, location: "fsn1", ...more };
  return (await done("POST", "/volumes", body)).volume.id;
}

async function newIp(more: object = {}): Promise<number> {
  const body = { name: "ip", type: "ipv4", location: "fsn1", ...more };
  return (await done("POST", "/primary_ips", body)).primary_ip.id;
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAVBjM0eeOlFy9rJzM6g/xzpt9+4CWsRxAYZHuvh9PcP";

describe("a request", () => {
  test("without the right token is turned away", async () => {
    const { status, body } = await send("GET", "/servers", undefined, "x".repeat(64));
    expect([status, body.error.code]).toEqual([401, "unauthorized"]);
  });

  test("with a property that the API does not know names it", async () => {
    const { status, body } = await send("POST", "/servers", { ...server, datacenter: "fsn1-dc14" });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({
      code: "invalid_input",
      details: { fields: [{ name: "datacenter" }] },
    });
  });

  test.each([
    ["POST", "/servers", { server_type: "cx23", image: "debian-13" }, "name"],
    ["POST", "/volumes", { name: "v", size: "10", location: "fsn1" }, "size"],
    [
      "POST",
      "/firewalls",
      { name: "f", rules: [{ direction: "up", protocol: "tcp" }] },
      "rules.0.direction",
    ],
  ])("%s %s of %j blames %s", async (method, path, body, field) => {
    const answer = await send(method, path, body);
    expect(answer.body.error.details.fields[0]?.name).toBe(field);
  });

  test("for nothing known is not found, by another method not allowed", async () => {
    expect(await refusal("GET", "/pricing")).toBe("404 not_found");
    expect(await refusal("GET", "/servers/1")).toBe("404 not_found");
    expect(await refusal("PATCH", "/servers/1")).toBe("405 method_not_allowed");
  });

  test("is noted", async () => {
    await send("GET", "/servers?name=web");
    expect(api.requests).toEqual([
      { method: "GET", path: "/servers", query: "name=web", body: undefined, status: 200 },
    ]);
  });

  test("with a body that is no JSON is turned away", async () => {
    const response = await fetch(`${api.endpoint}/servers`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: "{",
      signal: AbortSignal.timeout(10_000),
    });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: "json_error" } },
    ]);
  });
});

describe("a fault on demand", () => {
  test("hits what it names, as often as it says, and then no more", async () => {
    api.failNext({
      method: "GET",
      path: /^\/servers$/,
      status: 429,
      times: 2,
      headers: { "retry-after": "1" },
    });
    expect((await send("GET", "/volumes")).status).toBe(200);
    const first = await send("GET", "/servers");
    expect(first.body.error.code).toBe("rate_limit_exceeded");
    expect(first.headers.get("retry-after")).toBe("1");
    expect((await send("GET", "/servers")).status).toBe(429);
    expect((await send("GET", "/servers")).status).toBe(200);
  });

  test("comes before the work, or after it", async () => {
    api.failNext({ status: 502, code: null });
    expect((await send("POST", "/ssh_keys", { name: "k", public_key: key })).body).toBeUndefined();
    expect(api.project.sshKeys.all()).toHaveLength(0);
    api.failNext({ status: "lost", afterWork: true });
    await expect(send("POST", "/ssh_keys", { name: "k", public_key: key })).rejects.toThrow();
    expect(api.project.sshKeys.all()).toHaveLength(1);
    expect(api.requests.map(({ status }) => status)).toEqual([502, 0]);
  });

  test("can be an answer that is held back", async () => {
    api.failNext({ status: "held", afterWork: true });
    const asked = send("POST", "/ssh_keys", { name: "k", public_key: key }).then(() => "answered");
    asked.catch(() => undefined);
    await until("it is made", 5000, () => Promise.resolve(api.project.sshKeys.all().length === 1));
    await expect(Promise.race([asked, sleep(100, "held back")])).resolves.toBe("held back");
  });
});

describe("a server", () => {
  test("is made, started and described", async () => {
    const answer = await send("POST", "/servers", {
      ...server,
      user_data: "#cloud-config",
      labels: { a: "b" },
    });
    expect(answer.body).toMatchObject({
      server: { status: "initializing", locked: true, labels: { a: "b" } },
      action: { command: "create_server", status: "running", progress: 0 },
      next_actions: [{ command: "start_server", status: "running" }],
    });
    await api.project.settled();
    const { id } = answer.body.server;
    expect((await send("GET", `/servers/${id}`)).body.server).toMatchObject({
      status: "running",
      locked: false,
      location: { name: "fsn1" },
      server_type: { name: "cx23" },
      image: { name: "debian-13", architecture: "x86" },
      public_net: { ipv4: { ip: "203.0.113.10" }, ipv6: { ip: "2001:db8:0:1::/64" } },
    });
    expect(machines.log).toEqual([`boot ${id}`]);
  });

  test("takes as long as its machine does, and is locked meanwhile", async () => {
    before["boot"] = () => held;
    const { server: made, next_actions } = (await send("POST", "/servers", server)).body;
    const start = next_actions[0]?.id;
    const progress = async (): Promise<[string, number]> => {
      const [action] = (await send("GET", `/actions?id=${start}`)).body.actions;
      return [action?.status ?? "", action?.progress ?? 0];
    };
    const [first, second] = [await progress(), await progress()];
    expect([first[0], second[0]]).toEqual(["running", "running"]);
    expect(second[1]).toBeGreaterThan(first[1]);
    expect(await refusal("POST", `/servers/${made.id}/actions/poweroff`)).toBe("423 locked");
    release();
    await api.project.settled();
    expect(await progress()).toEqual(["success", 100]);
  });

  test("whose machine fails leaves a failed action", async () => {
    before["boot"] = () => Promise.reject(new Error("no power"));
    const { next_actions } = (await send("POST", "/servers", server)).body;
    await api.project.settled();
    expect((await send("GET", `/actions/${next_actions[0]?.id}`)).body.action).toMatchObject({
      status: "error",
      error: { code: "action_failed", message: "no power" },
    });
  });

  test.each([
    ["a name that is no host name", { name: "web_1" }, "422 invalid_input"],
    ["user data that is too long", { user_data: "x".repeat(32_769) }, "422 invalid_input"],
    ["an unknown type", { server_type: "cx99" }, "422 invalid_input"],
    ["a type that is no longer offered", { server_type: "cx22" }, "422 invalid_server_type"],
    ["an unknown image", { image: "debian-1" }, "422 invalid_input"],
    [
      "an image of another architecture",
      { server_type: "cax11", image: 114690387 },
      "422 invalid_input",
    ],
    ["an unknown location", { location: "mars1" }, "422 invalid_input"],
    ["an unknown key", { ssh_keys: ["none"] }, "422 invalid_input"],
    ["an unknown firewall", { firewalls: [{ firewall: 7 }] }, "404 not_found"],
    ["a wrong label", { labels: { "-": "" } }, "422 invalid_input"],
    ["no network", { public_net: { enable_ipv4: false, enable_ipv6: false } }, "422 invalid_input"],
  ])("is refused with %s", async (_case, more, expected) => {
    expect(await refusal("POST", "/servers", { ...server, ...more })).toBe(expected);
    expect(api.project.servers.all()).toHaveLength(0);
  });

  test("has a name of its own, and takes 32 KiB of user data", async () => {
    await newServer({ user_data: "x".repeat(32_768) });
    expect(await refusal("POST", "/servers", server)).toBe("409 uniqueness_error");
  });

  test("changes its type only when it is off, to one that fits, and is on afterwards", async () => {
    const id = await newServer();
    const change = (server_type: string, upgrade_disk = true): [string, string, object] => [
      "POST",
      `/servers/${id}/actions/change_type`,
      { server_type, upgrade_disk },
    ];
    expect(await refusal(...change("cx33"))).toBe("422 server_not_stopped");
    await done("POST", `/servers/${id}/actions/poweroff`);
    expect(await refusal(...change("cax21"))).toBe("422 invalid_server_type");
    await done(...change("cx33"));
    expect(api.project.servers.get(id)).toMatchObject({ status: "running", diskSize: 80 });
    await done("POST", `/servers/${id}/actions/poweroff`);
    expect(await refusal(...change("cx23"))).toBe("422 invalid_server_type");
    expect(machines.log).toEqual([
      `boot ${id}`,
      `powerOff ${id}`,
      `changeType ${id} 8192 4`,
      `powerOn ${id}`,
      `powerOff ${id}`,
    ]);
  });

  test("can go back to a smaller type when its disk was kept", async () => {
    const id = await newServer();
    for (const server_type of ["cx33", "cx23"]) {
      await done("POST", `/servers/${id}/actions/poweroff`);
      await done("POST", `/servers/${id}/actions/change_type`, {
        server_type,
        upgrade_disk: false,
      });
    }
    expect(api.project.servers.get(id).type.name).toBe("cx23");
  });

  test("is protected against its deletion, and only together with its rebuild", async () => {
    const id = await newServer();
    const protect = `/servers/${id}/actions/change_protection`;
    expect(await refusal("POST", protect, { delete: true })).toBe("422 invalid_input");
    await done("POST", protect, { delete: true, rebuild: true });
    expect(await refusal("DELETE", `/servers/${id}`)).toBe("423 protected");
    await done("POST", protect, { delete: false, rebuild: false });
    await done("DELETE", `/servers/${id}`);
    expect(await refusal("GET", `/servers/${id}`)).toBe("404 not_found");
  });

  test("takes with it what is its own, and leaves the rest", async () => {
    const ip = await newIp();
    const id = await newServer({ public_net: { ipv4: ip } });
    const volume = await newVolume({ location: undefined, server: id });
    expect(api.project.primaryIps.all()).toHaveLength(2);
    await done("DELETE", `/servers/${id}`);
    expect(api.project.primaryIps.all()).toMatchObject([{ id: ip, assignee: null }]);
    expect(api.project.volumes.get(volume).server).toBeNull();
    expect(machines.log.slice(-2)).toEqual([`detach ${volume}`, `remove ${id}`]);
  });
});

describe("a Primary IP", () => {
  test("goes to one server, of its kind and location", async () => {
    const ip = await newIp();
    const other = await newIp({ name: "other", location: "nbg1" });
    const id = await newServer({ public_net: { ipv4: ip } });
    const next = { ...server, name: "next" };
    expect(await refusal("POST", "/servers", { ...next, public_net: { ipv4: ip } })).toBe(
      "422 primary_ip_assigned",
    );
    expect(await refusal("POST", "/servers", { ...next, public_net: { ipv4: other } })).toBe(
      "422 primary_ip_datacenter_mismatch",
    );
    expect(await refusal("POST", "/servers", { ...next, public_net: { ipv6: other } })).toBe(
      "412 primary_ip_version_mismatch",
    );
    expect(await refusal("DELETE", `/primary_ips/${ip}`)).toBe("422 must_be_unassigned");
    expect(await refusal("POST", `/primary_ips/${ip}/actions/unassign`)).toBe(
      "422 server_not_stopped",
    );
    await done("POST", `/servers/${id}/actions/poweroff`);
    await done("POST", `/primary_ips/${ip}/actions/unassign`);
    await done("DELETE", `/primary_ips/${ip}`);
  });

  test("is assigned to a server that is off and has none of its kind", async () => {
    const id = await newServer({ public_net: { enable_ipv4: false } });
    const ip = await newIp();
    const assign: [string, string, object] = [
      "POST",
      `/primary_ips/${ip}/actions/assign`,
      { assignee_id: id, assignee_type: "server" },
    ];
    expect(await refusal(...assign)).toBe("422 server_not_stopped");
    await done("POST", `/servers/${id}/actions/poweroff`);
    await done(...assign);
    expect(await refusal(...assign)).toBe("422 primary_ip_already_assigned");
    const body = { name: "more", type: "ipv4", assignee_id: id, assignee_type: "server" };
    expect(await refusal("POST", "/primary_ips", body)).toBe("422 server_has_ipv4");
  });

  test("is protected, but not when it is to be deleted with its server", async () => {
    const ip = await newIp({ auto_delete: true });
    const protect = `/primary_ips/${ip}/actions/change_protection`;
    expect(await refusal("POST", protect, { delete: true })).toBe("422 invalid_input");
    expect((await send("PUT", `/primary_ips/${ip}`, { auto_delete: false })).status).toBe(200);
    await done("POST", protect, { delete: true });
    expect(await refusal("DELETE", `/primary_ips/${ip}`)).toBe("423 protected");
  });

  test("is found by its name, wherever it is", async () => {
    await newIp();
    await newIp({ name: "other", location: "nbg1" });
    const { body } = await send("GET", "/primary_ips?name=other");
    expect(body.primary_ips).toMatchObject([{ name: "other", location: { name: "nbg1" } }]);
  });

  test("needs a location or a server", async () => {
    expect(await refusal("POST", "/primary_ips", { name: "ip", type: "ipv4" })).toBe(
      "422 invalid_input",
    );
  });
});

describe("a volume", () => {
  test("is attached to one server, in its own location", async () => {
    const [id, volume] = [await newServer(), await newVolume({ format: "ext4" })];
    const far = await newVolume({ name: "far", location: "hel1" });
    const attach = (which: number): [string, string, object] => [
      "POST",
      `/volumes/${which}/actions/attach`,
      { server: id },
    ];
    expect(await refusal(...attach(far))).toBe("422 invalid_input");
    await done(...attach(volume));
    expect(await refusal(...attach(volume))).toBe("422 volume_already_attached");
    expect((await send("GET", `/volumes/${volume}`)).body.volume).toMatchObject({
      server: id,
      linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume}`,
    });
    expect(await refusal("DELETE", `/volumes/${volume}`)).toBe("422 resource_in_use");
    await done("POST", `/volumes/${volume}/actions/detach`);
    await done("DELETE", `/volumes/${volume}`);
    expect(machines.log).toEqual([
      `boot ${id}`,
      `createVolume ${volume} 10 ext4`,
      `createVolume ${far} 10`,
      `attach ${volume} ${id}`,
      `detach ${volume}`,
      `removeVolume ${volume}`,
    ]);
  });

  test("locks its server while it is attached", async () => {
    const [id, one, two] = [await newServer(), await newVolume(), await newVolume({ name: "two" })];
    before["attach"] = () => held;
    const attach = (volume: number): [string, string, object] => [
      "POST",
      `/volumes/${volume}/actions/attach`,
      { server: id },
    ];
    const running = async (volume: number): Promise<unknown> =>
      (await send("GET", `/volumes/${volume}/actions?status=running`)).body.actions;
    expect((await send(...attach(one))).status).toBe(201);
    expect(await refusal(...attach(two))).toBe("423 locked");
    expect(await refusal("DELETE", `/servers/${id}`)).toBe("423 locked");
    expect(await running(one)).toMatchObject([{ command: "attach_volume", status: "running" }]);
    expect(await running(two)).toEqual([]);
    release();
    await api.project.settled();
    expect(await running(one)).toEqual([]);
    await done(...attach(two));
  });

  test("grows and does not shrink", async () => {
    const volume = await newVolume();
    await done("POST", `/volumes/${volume}/actions/resize`, { size: 20 });
    expect(await refusal("POST", `/volumes/${volume}/actions/resize`, { size: 20 })).toBe(
      "422 invalid_input",
    );
    expect(machines.log).toContain(`resizeVolume ${volume} 20`);
  });

  test.each([
    ["too small", { size: 9 }],
    ["too large", { size: 10_241 }],
    ["with a wrong name", { name: "-data" }],
    ["in no location", { location: undefined }],
    ["with a foreign file system", { format: "btrfs" }],
    ["to be mounted nowhere", { automount: true }],
  ])("%s is refused", async (_case, more) => {
    const body = { name: "data", size: 10, location: "fsn1", ...more };
    expect(await refusal("POST", "/volumes", body)).toBe("422 invalid_input");
  });

  test("is protected", async () => {
    const volume = await newVolume();
    await done("POST", `/volumes/${volume}/actions/change_protection`, { delete: true });
    expect(await refusal("DELETE", `/volumes/${volume}`)).toBe("423 protected");
  });
});

describe("a network", () => {
  const subnet = { type: "cloud", network_zone: "eu-central", ip_range: "10.0.1.0/24" };

  async function newNetwork(): Promise<number> {
    const { network } = await done("POST", "/networks", { name: "net", ip_range: "10.0.0.0/16" });
    await done("POST", `/networks/${network.id}/actions/add_subnet`, subnet);
    return network.id;
  }

  test("gives servers addresses of its subnets", async () => {
    const [network, id] = [await newNetwork(), await newServer()];
    const attach = (body: object): [string, string, object] => [
      "POST",
      `/servers/${id}/actions/attach_to_network`,
      { network, ...body },
    ];
    expect(await refusal(...attach({ ip: "10.0.2.1" }))).toBe("422 ip_not_available");
    expect(await refusal(...attach({ ip_range: "10.0.3.0/24" }))).toBe("422 no_subnet_available");
    await done(...attach({ ip: "10.0.1.7" }));
    expect(await refusal(...attach({}))).toBe("422 server_already_attached");
    expect((await send("GET", `/servers/${id}`)).body.server.private_net).toMatchObject([
      { network, ip: "10.0.1.7", alias_ips: [] },
    ]);
    expect(
      await refusal("POST", `/networks/${network}/actions/delete_subnet`, {
        ip_range: subnet.ip_range,
      }),
    ).toBe("422 service_error");
    await done("POST", `/servers/${id}/actions/detach_from_network`, { network });
    expect(await refusal("POST", `/servers/${id}/actions/detach_from_network`, { network })).toBe(
      "404 not_found",
    );
    await done("POST", `/networks/${network}/actions/delete_subnet`, { ip_range: subnet.ip_range });
    await done("DELETE", `/networks/${network}`);
  });

  test.each(["10.0.0.0/25", "10.0.0.1/16", "8.8.8.0/24", "fd00::/16", "ten"])(
    "of %s is refused",
    async (ip_range) => {
      expect(await refusal("POST", "/networks", { name: "net", ip_range })).toBe(
        "422 invalid_input",
      );
    },
  );

  test.each([
    ["outside", { ip_range: "10.1.0.0/24" }],
    ["over another", { ip_range: "10.0.1.128/25" }],
    ["elsewhere", { ip_range: "10.0.2.0/24", network_zone: "us-east" }],
    ["that is too small", { ip_range: "10.0.2.0/31" }],
  ])("has no subnet %s", async (_case, more) => {
    const network = await newNetwork();
    const body = { ...subnet, ...more };
    expect(await refusal("POST", `/networks/${network}/actions/add_subnet`, body)).toBe(
      "422 invalid_input",
    );
  });
});

describe("a firewall", () => {
  const ssh = {
    direction: "in",
    protocol: "tcp",
    port: "22",
    source_ips: ["198.51.100.7/32", "2001:DB8::/32"],
  };

  test("is applied to servers, and cannot go before it is removed from them", async () => {
    const made = await done("POST", "/firewalls", { name: "wall", rules: [ssh] });
    expect(made.firewall.rules[0]?.source_ips).toEqual(["198.51.100.7/32", "2001:db8::/32"]);
    const { id } = made.firewall;
    const web = await newServer({ firewalls: [{ firewall: id }] });
    const resource = { type: "server", server: { id: web } };
    expect((await send("GET", `/firewalls/${id}`)).body.firewall.applied_to).toEqual([resource]);
    expect(await refusal("DELETE", `/firewalls/${id}`)).toBe("422 resource_in_use");
    expect(
      await refusal("POST", `/firewalls/${id}/actions/apply_to_resources`, {
        apply_to: [resource],
      }),
    ).toBe("422 firewall_already_applied");
    await done("POST", `/firewalls/${id}/actions/remove_from_resources`, {
      remove_from: [resource],
    });
    await done("DELETE", `/firewalls/${id}`);
  });

  test.each([
    ["no source", { ...ssh, source_ips: [] }],
    ["a destination for what comes in", { ...ssh, destination_ips: ["0.0.0.0/0"] }],
    ["a source for what goes out", { ...ssh, direction: "out" }],
    ["no port", { ...ssh, port: undefined }],
    ["a port for what has none", { ...ssh, protocol: "icmp" }],
    ["port 0", { ...ssh, port: "0" }],
    ["port 65536", { ...ssh, port: "65536" }],
    ["ports the wrong way round", { ...ssh, port: "90-80" }],
    ["an address without a length", { ...ssh, source_ips: ["198.51.100.7"] }],
    ["host bits", { ...ssh, source_ips: ["198.51.100.7/24"] }],
    ["host bits in IPv6", { ...ssh, source_ips: ["2001:db8::1/64"] }],
  ])("with %s is refused", async (_case, rule) => {
    expect(await refusal("POST", "/firewalls", { name: "wall", rules: [rule] })).toBe(
      "422 invalid_input",
    );
  });

  test.each([
    ["a range of ports", { ...ssh, port: "80-90" }],
    ["any port", { ...ssh, port: "any" }],
    ["what has no ports", { direction: "out", protocol: "icmp", destination_ips: ["::/0"] }],
  ])("takes %s", async (_case, rule) => {
    await done("POST", "/firewalls", { name: "wall", rules: [rule] });
  });

  test("takes fifty rules", async () => {
    const rules = (count: number): object[] => Array.from({ length: count }, () => ssh);
    expect(await refusal("POST", "/firewalls", { name: "wall", rules: rules(51) })).toBe(
      "422 invalid_input",
    );
    await done("POST", "/firewalls", { name: "wall", rules: rules(50) });
  });
});

describe("an SSH key", () => {
  test("is trimmed, and has a name and a fingerprint of its own", async () => {
    const made = await done("POST", "/ssh_keys", { name: "k", public_key: `${key}\n` });
    expect(made.ssh_key.public_key).toBe(key);
    expect(made.ssh_key.fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    expect(await refusal("POST", "/ssh_keys", { name: "k", public_key: `${key} x` })).toBe(
      "409 uniqueness_error",
    );
    const { body } = await send("POST", "/ssh_keys", { name: "l", public_key: `${key} comment` });
    expect(body.error.message).toBe("SSH key with the same fingerprint already exists");
  });

  test.each(["", "ssh-ed25519", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAVB"])(
    "%j is none",
    async (public_key) => {
      expect(await refusal("POST", "/ssh_keys", { name: "k", public_key })).toBe(
        "422 invalid_input",
      );
    },
  );
});

test("lists are cut into pages", async () => {
  const names = (answer: Answer): string[] => answer.body.server_types.map(({ name }) => name);
  const [first, second] = [
    await send("GET", "/server_types?per_page=2"),
    await send("GET", "/server_types?per_page=2&page=2"),
  ];
  expect(names(first)).toHaveLength(2);
  expect(names(first)).not.toEqual(names(second));
  expect(first.body.meta.pagination).toMatchObject({ page: 1, next_page: 2, previous_page: null });
});

test("images are told apart by their architecture", async () => {
  const { body } = await send("GET", "/images?name=debian-12&architecture=arm");
  expect(body.images).toMatchObject([{ name: "debian-12", architecture: "arm" }]);
});

test("a double that is asked for more than it plays says so at its end", async () => {
  const strained = await HetznerApi.start({ token, machines: noMachines });
  const response = await fetch(`${strained.endpoint}/servers`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ ...server, networks: [1] }),
    signal: AbortSignal.timeout(10_000),
  });
  expect(response.status).toBe(500);
  await expect(strained.close()).rejects.toThrow("makes no servers with networks");
});
