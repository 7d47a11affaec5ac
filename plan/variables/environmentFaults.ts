import type { ParsedConfig } from "../configSchema";
import type { Fault } from "../faults";
import { flavourOf } from "../flavours/flavourOf";
import { nearest } from "../nearest";
import { refusalOf, reservedVariables } from "../reservedVariables";
import { quoted, VariableName } from "../shapes";
import { mastodonVariables } from "./mastodonVariables";
import { secretCommand } from "./secretCommand";

/**
 * Faults of the variables that a stack file sets, each by itself: one that the program sets, a value that is not of its
 * kind, and a secret that everybody can read.
 *
 * @param secretNames the names of those that the stack file holds encrypted
 */
export function environmentFaults(
  environment: Readonly<Record<string, string>>,
  secretNames: readonly string[] = [],
): Fault[] {
  return [
    ...faultsOf("environment", Object.keys(environment), (name) =>
      plainFault(name, environment[name] ?? ""),
    ),
    ...faultsOf("secretEnvironment", secretNames, (name) => secretFault(name, environment)),
  ];
}

const faultsOf = (
  key: string,
  names: readonly string[],
  messageOf: (name: string) => string | undefined,
): Fault[] =>
  names.flatMap((name) => {
    const message = messageOf(name);
    return message === undefined ? [] : [{ path: `${key}.${name}`, message }];
  });

const isSecret = (name: string): string =>
  `is a secret: remove it here, and set it with ${secretCommand(name)}`;

/** What is wrong with a value in clear. One that should not be is never repeated. */
function plainFault(name: string, value: string): string | undefined {
  const variable = mastodonVariables.get(name);
  const refusal = refusalOf(name);
  if (refusal !== undefined) return refusal;
  if (variable?.secret === true) return isSecret(name);
  if (/^\w+:\/\/[^/@]*:[^/@]*@/.test(value)) {
    return `holds a password: remove it here, and set it with ${secretCommand(name)}`;
  }
  if (variable === undefined || variable.takes.accepts(value)) return undefined;
  return `${quoted(value)} is not allowed: it must be ${variable.takes.must}`;
}

/** Read by the program itself, which never sees what is encrypted. */
const readHere = ["ALTERNATE_DOMAINS"];

function secretFault(
  name: string,
  environment: Readonly<Record<string, string>>,
): string | undefined {
  if (!VariableName.safeParse(name).success) {
    return `${quoted(name)} is not allowed: it must be the name of an environment variable, for example LDAP_PASSWORD`;
  }
  if (Object.hasOwn(environment, name)) return "is in environment as well: remove one of them";
  if (readHere.includes(name)) {
    return "is no secret, and is read by the program itself: remove it here, and set it in environment";
  }
  return refusalOf(name);
}

type Choice = Pick<ParsedConfig, "environment" | "image" | "images">;

/** Variables of libraries and of the runtime, which Mastodon never reads itself and of which nobody keeps a list. */
const openFamilies =
  /^(OTEL_|RUBY_|MALLOC_|VIPS_|LC_[A-Z]+$)|^((https?|no|all)_proxy|RUBYOPT|LANG)$/;

/** Known to glitch-soc, the fork that most others are made from, and so to be found in many a guide. */
const ofForks =
  /^(MAX_(TOOT|BIO|DISPLAY_NAME|POLL_OPTION)_CHARS|MAX_(POLL_OPTIONS|PROFILE_FIELDS|PINNED_TOOTS|SEARCH_RESULTS)|MAX_(EMOJI|REMOTE_EMOJI|IMAGE|VIDEO)_SIZE|EXTRA_DATA_HOSTS)$/;

const looksSecret = /(PASS|PASSWORD|SECRET|TOKEN|API_KEY|PRIVATE_KEY)$/;

/**
 * Faults of the names that Mastodon does not know.
 *
 * A fork may know more. So such a name is let through where the image is built from a repository, or is another one than
 * the flavour's own.
 *
 * @param secretNames the names of those that the stack file holds encrypted
 */
export function unknownVariableFaults(
  config: Choice,
  secretNames: readonly string[] = [],
): Fault[] {
  const { variables: ofImage } = flavourOf(config.image);
  const isKnown = (name: string): boolean =>
    mastodonVariables.has(name) || refusalOf(name) !== undefined;
  const nameFault = (name: string): string | undefined =>
    openFamilies.test(name) || mayBeFork(config) ? undefined : unknownMessage(name);
  const plain = Object.keys(config.environment).filter(
    (name) => !isKnown(name) && ofImage?.test(name) !== true,
  );
  const secret = secretNames.filter(
    (name) => !isKnown(name) && VariableName.safeParse(name).success,
  );
  return [
    ...faultsOf("environment", plain, (name) => {
      const fault = nameFault(name);
      return fault === undefined && looksSecret.test(name) ? isSecret(name) : fault;
    }),
    ...faultsOf("secretEnvironment", secret, (name) =>
      ofImage?.test(name) === true
        ? "is of the image's own init, and no secret: remove it here, and set it in environment"
        : nameFault(name),
    ),
  ];
}

function unknownMessage(name: string): string {
  if (ofForks.test(name)) {
    return "exists only in forks of Mastodon; remove it, or run such a fork with image.flavour: source";
  }
  const match = nearest(name, [...mastodonVariables.keys(), ...reservedVariables]);
  return match === undefined
    ? "is no variable of Mastodon 4.7; remove it, or run a fork that knows it with image.flavour: source"
    : `is no variable of Mastodon 4.7; did you mean \`${match}\`?`;
}

/** Whether what runs need not be Mastodon as its own project publishes it. */
function mayBeFork({ image, images }: Choice): boolean {
  const repositoryOf = (reference: string): string => reference.replace(/(:[^/]*)?(@.*)?$/, "");
  return (
    image.flavour === "source" ||
    (images.mastodon !== undefined &&
      repositoryOf(images.mastodon) !== repositoryOf(flavourOf(image).images.mastodon))
  );
}
