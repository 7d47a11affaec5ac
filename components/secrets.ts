import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  deriveVapidKeys,
  fingerprint,
  fingerprinted,
  type Environment,
  type GeneratedSecret,
  type SecretReference,
  type SecretSpec,
} from "../plan";
import type { ProvidedSecrets } from "./readConfig";

export interface SecretsArgs {
  /** What to generate. */
  readonly specs: readonly SecretSpec[];
  /** Secrets that the stack file holds. */
  readonly provided: ProvidedSecrets;
  /** What Cloudflare gives to whoever holds its tunnel open. */
  readonly tunnelToken?: pulumi.Output<string> | undefined;
}

/** All secrets of an instance: made once, encrypted in the state, protected from then on. */
export class Secrets extends pulumi.ComponentResource {
  private readonly values: Readonly<Partial<Record<SecretReference, pulumi.Output<string>>>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Secrets", name, {}, opts);
    const generated = Object.fromEntries(
      args.specs.map((spec) => [spec.name, this.generate(name, spec)]),
    ) as Record<GeneratedSecret, pulumi.Output<string>>;
    const vapid = generated.vapidScalar.apply(deriveVapidKeys);
    const {
      secretEnvironment = {},
      hcloud: _hcloud,
      cloudflare: _cloudflare,
      ...given
    } = args.provided;
    this.values = {
      ...generated,
      vapidPrivateKey: vapid.privateKey,
      vapidPublicKey: vapid.publicKey,
      keysFingerprint: pulumi.all(fingerprinted.map((key) => generated[key])).apply(fingerprint),
      ...(args.tunnelToken === undefined ? {} : { tunnelToken: args.tunnelToken }),
      ...given,
      ...Object.fromEntries(
        Object.entries(secretEnvironment).map(([key, value]) => [`environment.${key}`, value]),
      ),
    };
    this.registerOutputs();
  }

  /** The value of a secret, marked as one. */
  get(reference: SecretReference): pulumi.Output<string> {
    const value = this.values[reference];
    if (value === undefined)
      throw new Error(`the plan refers to the secret ${reference}, which nobody provides`);
    return pulumi.secret(value);
  }

  /** The environment with its secrets filled in. */
  resolve(environment: Environment): Record<string, pulumi.Input<string>> {
    return Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [
        key,
        typeof value === "string" ? value : this.get(value.secret),
      ]),
    );
  }

  /**
   * Always a RandomPassword: the id of a RandomBytes is its value, and ids are in clear in the state. Digits of another
   * base are had by replacing its special characters with them.
   */
  private generate(
    name: string,
    { name: secret, kind, length }: SecretSpec,
  ): pulumi.Output<string> {
    const alphabet =
      kind === "hex"
        ? {
            special: true,
            overrideSpecial: "0123456789abcdef",
            lower: false,
            upper: false,
            numeric: false,
          }
        : { special: false };
    const opts = { parent: this, protect: true };
    return new random.RandomPassword(`${name}-${secret}`, { length, ...alphabet }, opts).result;
  }
}
