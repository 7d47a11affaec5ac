import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

const tokenFunction =
  "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken";

/** A test double of the engine: it gives each resource an id, and what the real providers would compute. */
export class MockEngine implements pulumi.runtime.Mocks {
  readonly registered: pulumi.runtime.MockResourceArgs[] = [];
  /** Value → the logical name of the resource that made it. */
  readonly secrets = new Map<string, string>();

  constructor(private readonly preview: boolean) {}

  newResource(args: pulumi.runtime.MockResourceArgs): {
    id: string | undefined;
    state: Record<string, unknown>;
  } {
    this.registered.push(args);
    if (this.preview) return { id: undefined, state: args.inputs as Record<string, unknown> };
    return {
      // Hetzner numbers what it makes.
      id: args.type.startsWith("hcloud:") ? String(this.registered.length) : `${args.name}-id`,
      state: { ...(args.inputs as Record<string, unknown>), ...this.computed(args) },
    };
  }

  call({ token, inputs }: pulumi.runtime.MockCallArgs): Record<string, unknown> {
    if (token !== tokenFunction)
      throw new Error(
        `${token} was called: the program asks its providers for nothing but a token`,
      );
    const { accountId, tunnelId } = inputs as { accountId: string; tunnelId: string };
    const value = Buffer.from(`${accountId} ${tunnelId}`).toString("base64");
    return { accountId, tunnelId, token: this.secret("mastodon-tunnel-tunnelToken", value) };
  }

  private computed({
    type,
    name,
    inputs,
  }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    switch (type) {
      case "random:index/randomPassword:RandomPassword":
        return { result: this.secret(name, password(name, inputs as Password)) };
      case "tls:index/privateKey:PrivateKey":
        return {
          privateKeyOpenssh: this.secret(name, privateKey(name)),
          publicKeyOpenssh: `${publicKey(name)}\n`,
        };
      case "hcloud:index/primaryIp:PrimaryIp":
        return { ipAddress: name.endsWith("ipv4") ? "203.0.113.10" : "2001:db8::" };
      case "hcloud:index/server:Server":
        return { ipv6Address: "2001:db8::1" };
      case "command:local:Command":
        return { stdout: "" };
      case "docker:index/remoteImage:RemoteImage":
        return { imageId: `sha256:${name}` };
      default:
        return {};
    }
  }

  // The provider marks these as secrets in its schema, which mocks do not know.
  private secret(name: string, value: string): pulumi.Output<string> {
    this.secrets.set(value, name);
    return pulumi.secret(value);
  }
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Keys in OpenSSH's form, of values that are none. */
const publicKey = (name: string): string => `ssh-ed25519 ${base64(name)}`;
const privateKey = (name: string): string =>
  [
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    base64(name),
    "-----END OPENSSH PRIVATE KEY-----",
    "",
  ].join("\n");

interface Password {
  readonly length: number;
  readonly special?: boolean;
  readonly overrideSpecial?: string;
  readonly lower?: boolean;
  readonly upper?: boolean;
  readonly numeric?: boolean;
}

/** A password of the characters that are asked for, the same for the same name: nothing here is random. */
function password(name: string, { length, lower, upper, numeric, ...asked }: Password): string {
  const characters = [
    lower === false ? "" : "abcdefghijklmnopqrstuvwxyz",
    upper === false ? "" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    numeric === false ? "" : "0123456789",
    asked.special === false ? "" : (asked.overrideSpecial ?? "!@#$%&*()-_=+[]{}<>:?"),
  ].join("");
  const bytes = createHash("shake256", { outputLength: length }).update(name).digest();
  return [...bytes].map((byte) => characters.charAt(byte % characters.length)).join("");
}
