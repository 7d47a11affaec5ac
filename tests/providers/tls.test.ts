import { createPrivateKey, createPublicKey } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PluginClient } from "../support/providers/pluginClient";
import { tls } from "../support/providers/tls/provider";
import { text, UNKNOWN, type Values } from "../support/providers/values";

const type = "tls:index/privateKey:PrivateKey";
const folder = mkdtempSync(path.join(tmpdir(), "tls-"));
let plugin: PluginClient;

beforeAll(async () => {
  plugin = await PluginClient.start(tls);
  await plugin.configure({});
});

afterAll(() => {
  plugin.close();
  rmSync(folder, { recursive: true });
});

/** What OpenSSH's own tool says of a file. */
function sshKeygen(content: string, ...args: string[]): string {
  const file = path.join(folder, "key");
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o600 });
  return execFileSync("ssh-keygen", [...args, "-f", file], { encoding: "utf8", timeout: 10_000 });
}

test.each<[string, Values, RegExp]>([
  ["Ed25519", { algorithm: "ED25519" }, /^-----BEGIN PRIVATE KEY-----/],
  ["RSA", { algorithm: "RSA" }, /^-----BEGIN RSA PRIVATE KEY-----/],
  ["P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }, /^-----BEGIN EC PRIVATE KEY-----/],
  ["P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }, /^-----BEGIN EC PRIVATE KEY-----/],
  ["P-521", { algorithm: "ECDSA", ecdsaCurve: "P521" }, /^-----BEGIN EC PRIVATE KEY-----/],
])(
  "OpenSSH reads a key of type %s, and all forms are of the same key",
  async (_name, given, label) => {
    const { id, state } = await plugin.create(type, given);
    const line = text(state["publicKeyOpenssh"]);
    expect(line).toMatch(/^\S+ \S+\n$/);
    expect(sshKeygen(text(state["privateKeyOpenssh"]), "-y").trim()).toBe(line.trim());
    expect(sshKeygen(line, "-l")).toContain(` ${text(state["publicKeyFingerprintSha256"])} `);
    expect(sshKeygen(line, "-l", "-E", "md5")).toContain(
      ` MD5:${text(state["publicKeyFingerprintMd5"])} `,
    );
    expect(state["privateKeyPem"]).toMatch(label);
    expect(state["privateKeyPemPkcs8"]).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const publicKey = createPublicKey(createPrivateKey(text(state["privateKeyPemPkcs8"])));
    expect(publicKey.export({ format: "pem", type: "spki" })).toBe(state["publicKeyPem"]);
    expect(id).toMatch(/^[0-9a-f]{40}$/);
  },
);

test("a key on the default curve, which OpenSSH does not know, has no form for it", async () => {
  const { state } = await plugin.create(type, { algorithm: "ECDSA" });
  expect(state).toMatchObject({
    ecdsaCurve: "P224",
    privateKeyOpenssh: "",
    publicKeyOpenssh: "",
    publicKeyFingerprintMd5: "",
    publicKeyFingerprintSha256: "",
  });
});

test("two keys differ", async () => {
  const [one, other] = [
    await plugin.create(type, { algorithm: "ED25519" }),
    await plugin.create(type, { algorithm: "ED25519" }),
  ];
  expect(one.id).not.toBe(other.id);
});

test("a preview knows the inputs and their defaults, but no key", async () => {
  expect(await plugin.preview(type, { algorithm: "ED25519" })).toMatchObject({
    algorithm: "ED25519",
    ecdsaCurve: "P224",
    rsaBits: 2048,
    privateKeyOpenssh: UNKNOWN,
    publicKeyOpenssh: UNKNOWN,
  });
});

test("nothing changes by itself, and every change replaces", async () => {
  const kept = await plugin.create(type, { algorithm: "ED25519" });
  expect(await plugin.diff(type, kept, { algorithm: "ED25519" })).toMatchObject({ changes: false });
  const changed = { algorithm: "RSA", rsaBits: 3072, ecdsaCurve: "P256" };
  const { replaces } = await plugin.diff(type, kept, changed);
  expect(replaces).toEqual(["algorithm", "ecdsaCurve", "rsaBits"]);
  await plugin.delete(type, kept);
});

test("a refresh keeps the key", async () => {
  const kept = await plugin.create(type, { algorithm: "ED25519" });
  expect(await plugin.read(type, kept)).toEqual(kept);
});

test.each<[string, Values, string]>([
  ["no algorithm", {}, "algorithm: Missing required argument"],
  ["an unknown algorithm", { algorithm: "DSA" }, 'got: "DSA"'],
  ["an unknown curve", { algorithm: "ECDSA", ecdsaCurve: "P192" }, 'got: "P192"'],
  ["an unknown property", { algorithm: "RSA", bits: 1 }, "bits"],
  ["an output", { algorithm: "RSA", privateKeyPem: "x" }, "privateKeyPem"],
])("refuses %s", async (_name, given, sentence) => {
  await expect(plugin.check(type, given)).rejects.toThrow(sentence);
});
