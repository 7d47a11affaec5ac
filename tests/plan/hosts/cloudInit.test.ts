import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { parse } from "yaml";
import {
  dockerEngineVersion,
  renderCloudInit,
  type CloudInitSpec,
  type CloudInitValues,
} from "../../../plan/hosts/cloudInit";
import { hostScript } from "../../../plan/hosts/hostScript";

const spec: CloudInitSpec = {
  hostname: "mastodon",
  user: "mastodon",
  swapMb: 2048,
  docker: { version: dockerEngineVersion },
  rebootTime: "04:30",
};
const values: CloudInitValues = {
  hostKey: {
    // The form of a key, and none.
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${"AAAA".repeat(17)}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: "ssh-ed25519 AAAAhostkey\n",
  },
  loginKeys: ["ssh-ed25519 AAAAloginkey alice@example.org"],
  dataVolumeId: "4711",
};

interface UserData {
  readonly hostname: string;
  readonly ssh_keys: Readonly<Record<string, string>>;
  readonly users: readonly { readonly ssh_authorized_keys: readonly string[] }[];
  readonly write_files: readonly {
    readonly path: string;
    readonly permissions: string;
    readonly content: string;
  }[];
  readonly runcmd: readonly (readonly string[])[];
}

/** As cloud-init reads it: its YAML is the older one, in which `04:30` is a number and `no` is false. */
const read = (text: string): UserData => parse(text, { version: "1.1" }) as UserData;

const rendered = (changed: Partial<CloudInitSpec>, other: Partial<CloudInitValues> = {}) =>
  renderCloudInit({ ...spec, ...changed }, { ...values, ...other });

const fileAt = (path: string): string =>
  read(rendered({})).write_files.find((file) => file.path === path)?.content ?? "";

it("renders the same text as before", () => {
  expect(rendered({})).toMatchSnapshot();
});

it("begins with the line by which cloud-init knows it, and fits into what Hetzner takes", () => {
  const text = rendered({}, { loginKeys: Array<string>(20).fill(`ssh-rsa ${"A".repeat(540)}`) });
  expect(text).toMatch(/^#cloud-config\n/);
  expect(text.length).toBeLessThan(32 * 1024);
});

it("refuses more login keys than fit", () => {
  const loginKeys = Array<string>(40).fill(`ssh-rsa ${"A".repeat(540)}`);
  expect(() => rendered({}, { loginKeys })).toThrow(/user data has \d+ bytes.*fewer login keys/);
});

it("hands over the host key, and lets no other be made", () => {
  expect(read(rendered({}))).toMatchObject({
    ssh_deletekeys: true,
    ssh_genkeytypes: ["ed25519"],
    ssh_keys: {
      ed25519_private: values.hostKey.privateKey,
      ed25519_public: values.hostKey.publicKey.trim(),
    },
  });
});

it("holds the private key once, and in its own place", () => {
  expect(rendered({}).split("BEGIN OPENSSH PRIVATE KEY")).toHaveLength(2);
});

it("quotes everything that YAML 1.1 would read as something else than a text", () => {
  const { write_files, runcmd } = read(rendered({}, { dataVolumeId: "123" }));
  const words = [...write_files.map(({ permissions }) => permissions), ...(runcmd[0] ?? [])];
  expect(words.map((word) => typeof word)).toEqual(words.map(() => "string"));
  expect(runcmd).toEqual([
    ["/usr/local/sbin/mastodon-host", "123", dockerEngineVersion, String(spec.swapMb)],
  ]);
});

it("gives the script no text of a configuration, but arguments alone", () => {
  const [one, other] = [
    rendered({}),
    rendered({ hostname: "a", user: "b", swapMb: 0, rebootTime: "00:00" }, { dataVolumeId: "1" }),
  ].map((text) => read(text).write_files.find(({ path }) => path.endsWith("mastodon-host")));
  expect(other).toEqual(one);
  expect(one?.content).toBe(hostScript());
});

it("writes a script that the shell understands", () => {
  expect(() => execFileSync("sh", ["-n"], { input: hostScript(), timeout: 10_000 })).not.toThrow();
});

it("writes a configuration of the engine that is JSON", () => {
  expect(JSON.parse(fileAt("/etc/docker/daemon.json"))).toMatchObject({
    "data-root": "/mnt/data/docker",
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

it.each<[string, Partial<CloudInitSpec>, Partial<CloudInitValues>]>([
  ["hostname", { hostname: "a b" }, {}],
  ["hostname", { hostname: "-a" }, {}],
  ["hostname", { hostname: "a".repeat(64) }, {}],
  ["user", { user: "mastodon\nPermitRootLogin yes" }, {}],
  ["user", { user: "Alice" }, {}],
  ["swapMb", { swapMb: 0.5 }, {}],
  ["swapMb", { swapMb: -1 }, {}],
  ["docker.version", { docker: { version: "latest" } }, {}],
  ["rebootTime", { rebootTime: "24:00" }, {}],
  ["rebootTime", { rebootTime: '04:30"; };' }, {}],
  ["dataVolumeId", {}, { dataVolumeId: "" }],
  ["dataVolumeId", {}, { dataVolumeId: "1; reboot" }],
  ["loginKeys", {}, { loginKeys: [] }],
  ["loginKeys", {}, { loginKeys: ["ssh-ed25519 AAAA\nssh-ed25519 BBBB"] }],
  ["loginKeys", {}, { loginKeys: ['command="sh" ssh-ed25519 AAAA'] }],
  ["hostKey.publicKey", {}, { hostKey: { ...values.hostKey, publicKey: "ssh-rsa AAAA" } }],
  ["hostKey.privateKey", {}, { hostKey: { ...values.hostKey, privateKey: "-----BEGIN RSA" } }],
])("refuses a bad %s by its name: %j %j", (name, badSpec, badValues) => {
  expect(() => rendered(badSpec, badValues)).toThrow(new RegExp(`^${name} `));
});

/** Texts that anything between here and the server might take for more than a text. */
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        ...[
          "a",
          "Z",
          "0",
          ".",
          "-",
          "_",
          "'",
          '"',
          "\\",
          "$",
          "`",
          ";",
          "&",
          "|",
          "<",
          ">",
          "(",
          ")",
        ],
        ...["{", "}", "[", "]", "#", ":", "*", "!", "%", "@", ",", "?", "=", "~", " ", "\t", "\n"],
        ...[
          "\r",
          "\0",
          "\u0085",
          "\u2028",
          "\n- ",
          "$(id)",
          "${HOME}",
          "`id`",
          "\n#cloud-config\n",
        ],
        ...["{{ v }}", "---\n", "\nssh-rsa AA"],
      ),
    )
    .map((parts) => parts.join("")),
);

/** Where a text got through, it must be where it belongs, and all else as it was without it. */
function expectHeld(render: () => string, expected: (plain: UserData) => UserData): void {
  let text: string;
  try {
    text = render();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return;
  }
  expect(read(text)).toEqual(expected(read(rendered({}))));
}

it("lets no host name out of its place", () => {
  fc.assert(
    fc.property(hostile, (hostname) => {
      expectHeld(
        () => rendered({ hostname }),
        (plain) => ({ ...plain, hostname }),
      );
    }),
  );
});

it("lets no login key out of its place", () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom("", "ssh-ed25519 AAAA "), (rest, start) => {
      const key = start + rest;
      expectHeld(
        () => rendered({}, { loginKeys: [key] }),
        (plain) => ({
          ...plain,
          users: plain.users.map((user) => ({ ...user, ssh_authorized_keys: [key.trim()] })),
        }),
      );
    }),
  );
});

it("lets no number of a volume out of its place", () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom("", "47"), (rest, start) => {
      const dataVolumeId = start + rest;
      expectHeld(
        () => rendered({}, { dataVolumeId }),
        (plain) => JSON.parse(JSON.stringify(plain).replaceAll("4711", dataVolumeId)) as UserData,
      );
    }),
  );
});

it.each(["no", "yes", "null", "123", "0x1f", "1e3", "0o17", "017", "2026-01-01"])(
  "leaves the host name %s a text",
  (hostname) => {
    expect(read(rendered({ hostname })).hostname).toBe(hostname);
  },
);
