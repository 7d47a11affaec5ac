import fc from "fast-check";
import { parse } from "yaml";
import {
  renderCloudInit,
  type CloudInitSpec,
  type CloudInitValues,
} from "../../../plan/hosts/cloudInit";
import { hostileText } from "../../support/hostileText";

const spec: CloudInitSpec = { hostname: "mastodon", user: "mastodon" };
const values: CloudInitValues = {
  hostKey: {
    // The form of a key, and none.
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${"AAAA".repeat(17)}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: "ssh-ed25519 AAAAhostkey\n",
  },
  loginKey: "ssh-ed25519 AAAAloginkey alice@example.org",
};

interface UserData {
  readonly hostname: string;
  readonly ssh_keys: Readonly<Record<string, string>>;
  readonly users: readonly { readonly ssh_authorized_keys: readonly string[] }[];
}

/** As cloud-init reads it: its YAML is the older one, in which `04:30` is a number and `no` is false. */
const read = (text: string): UserData => parse(text, { version: "1.1" }) as UserData;

const rendered = (changed: Partial<CloudInitSpec>, other: Partial<CloudInitValues> = {}) =>
  renderCloudInit({ ...spec, ...changed }, { ...values, ...other });

it("renders the same text as before", () => {
  expect(rendered({})).toMatchSnapshot();
});

it("begins with the line by which cloud-init knows it", () => {
  expect(rendered({})).toMatch(/^#cloud-config\n/);
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

it.each<[string, Partial<CloudInitSpec>, Partial<CloudInitValues>]>([
  ["hostname", { hostname: "a b" }, {}],
  ["hostname", { hostname: "-a" }, {}],
  ["hostname", { hostname: "a".repeat(64) }, {}],
  ["user", { user: "mastodon\nPermitRootLogin yes" }, {}],
  ["user", { user: "Alice" }, {}],
  ["loginKey", {}, { loginKey: "" }],
  ["loginKey", {}, { loginKey: "ssh-ed25519 AAAA\nssh-ed25519 BBBB" }],
  ["loginKey", {}, { loginKey: 'command="sh" ssh-ed25519 AAAA' }],
  ["hostKey.publicKey", {}, { hostKey: { ...values.hostKey, publicKey: "ssh-rsa AAAA" } }],
  ["hostKey.privateKey", {}, { hostKey: { ...values.hostKey, privateKey: "-----BEGIN RSA" } }],
])("refuses a bad %s by its name: %j %j", (name, badSpec, badValues) => {
  expect(() => rendered(badSpec, badValues)).toThrow(new RegExp(`^${name} `));
});

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
    fc.property(hostileText, (hostname) => {
      expectHeld(
        () => rendered({ hostname }),
        (plain) => ({ ...plain, hostname }),
      );
    }),
  );
});

it("lets no login key out of its place", () => {
  fc.assert(
    fc.property(hostileText, fc.constantFrom("", "ssh-ed25519 AAAA "), (rest, start) => {
      const key = start + rest;
      expectHeld(
        () => rendered({}, { loginKey: key }),
        (plain) => ({
          ...plain,
          users: plain.users.map((user) => ({ ...user, ssh_authorized_keys: [key.trim()] })),
        }),
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
