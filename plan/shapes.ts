import { z } from "zod";
import { hasHostBits, versionOf } from "./hosts/network";

/*
 * Named shapes of values which, when wrong, fail somewhere far from the stack file. Each message holds a good example.
 */

/** A text of one form, whose message says what that form is. */
const textLike = (pattern: RegExp, message: string) => z.string(message).regex(pattern, message);

/** A text, measured by a function that says what is wrong with it. */
const textWithout = (faultOf: (value: string) => string | undefined, message: string) =>
  z.string(message).superRefine((value, context) => {
    const fault = faultOf(value);
    if (fault !== undefined) {
      context.addIssue({ code: "custom", message: `${quoted(value)} ${fault}` });
    }
  });

/** A text of which nothing is known but that it says something. */
export const Text = z.string("must be a text").min(1, "must not be empty");

const longestLabel = 63;
const longestHost = 253;

/** Says what exactly keeps a text from being a host name, since "invalid" helps nobody. */
function hostNameFault(value: string, example: string): string | undefined {
  const bare = `write the bare host name, for example ${example}`;
  if (value === "") return `is empty: ${bare}`;
  if (value.includes("://")) return `has a scheme: ${bare}`;
  if (value.includes("/")) return `has a path: ${bare}`;
  if (value.includes("@")) return `has a user name: ${bare}`;
  if (/^\d+(\.\d+){3}$|^\[?[\da-f]*:[\da-f]*:[\da-f:.]*\]?$/i.test(value)) {
    return `is an IP address: write a name, for example ${example}`;
  }
  if (value.includes(":")) return `has a port: ${bare}`;
  if (/\s/.test(value)) return `has a blank in it: ${bare}`;
  if (/[A-Z]/.test(value)) return `has upper case letters: write ${value.toLowerCase()}`;
  if (value.includes("*")) return `has a wildcard: ${bare}`;
  if (value.includes("_")) return `has an underscore, which host names may not have: ${bare}`;
  if (/[^\x20-\x7e]/.test(value)) {
    return "has letters outside ASCII: write its xn-- form, for example xn--bcher-kva.example";
  }
  if (value.endsWith(".") && value.length > 1) {
    return `ends in a dot: write ${value.replace(/\.+$/, "")}`;
  }
  if (value.length > longestHost) {
    return `has ${value.length} characters: a host name has at most ${longestHost}`;
  }
  const labels = value.split(".");
  const long = labels.find((label) => label.length > longestLabel);
  if (long !== undefined) {
    return `has a part of ${long.length} characters: between two dots there are at most ${longestLabel}`;
  }
  const sound = labels.every((label) => /^[a-z\d]([a-z\d-]*[a-z\d])?$/.test(label));
  return sound ? undefined : `is no host name: ${bare}`;
}

/** A lower-case DNS name without scheme, port or path. */
export const HostName = textWithout(
  (value) => hostNameFault(value, "social.example.org"),
  "must be a host name, for example social.example.org",
);

/** A mail server's name: one that means the same inside a container as outside. */
export const MailServer = textWithout((value) => {
  const itself = /^(localhost|.*\.localhost|localhost\.localdomain|127\..*|0\.0\.0\.0|\[?::1\]?)$/;
  return itself.test(value)
    ? "is, inside a container, the container itself, where no mail server runs, and mail from a home address is refused as spam; use a mail service's server, for example smtp.example.org"
    : hostNameFault(value, "smtp.example.org");
}, "must be a host name, for example smtp.example.org");

/** Where an SSH server is: a host name, an IP address, or an alias of the person's own SSH configuration. */
export const SshAddress = textLike(
  // Never beginning with a hyphen, which ssh would take for an option.
  /^([a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)$/,
  "must be a host name or an IP address without user and port, for example pi.local or 192.168.1.20",
);

/** An account on a Unix system. */
export const SshUser = textLike(
  /^[a-z_][a-z0-9_-]{0,31}$/,
  "must be the name of an account on the host, for example pi",
);

/** An address or a network from which an administrator comes. */
export const AdminNetwork = textWithout(
  adminNetworkFault,
  "must be an IP address or a network, for example 198.51.100.7 or 198.51.100.0/24",
);

function adminNetworkFault(value: string): string | undefined {
  const example = "write an IP address or a network, for example 198.51.100.7 or 198.51.100.0/24";
  const [address = "", prefix, ...rest] = value.split("/");
  const version = versionOf(address);
  if (version === undefined || rest.length > 0) return `is no IP address: ${example}`;
  if (prefix === undefined) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
    return `has a prefix that is none: it must be from 0 to ${bits}`;
  return hasHostBits(address, Number(prefix))
    ? `names a host in a network: write ${address} alone, or the network's own address`
    : undefined;
}

/** A single address of IP version 4 or 6. */
export const IpAddress = textWithout(
  (value) =>
    versionOf(value) === undefined
      ? "is no IP address: write one, for example 198.51.100.7 or 2001:db8::7"
      : undefined,
  "must be an IP address, for example 198.51.100.7 or 2001:db8::7",
);

/** The id of an account at Cloudflare, as its dashboard shows it. */
export const CloudflareId = textLike(
  /^[0-9a-f]{32}$/,
  "must be the 32 digits that the dashboard shows as the account's id, for example 0123456789abcdef0123456789abcdef",
);

/** Says what keeps a text from being the address of a server. */
function urlFault(value: string, schemes: readonly string[], example: string): string | undefined {
  const whole = `write a whole address, for example ${example}`;
  if (!URL.canParse(value)) return `is no address: ${whole}`;
  const { protocol, username, password, search, hash } = new URL(value);
  if (!schemes.includes(protocol)) {
    return `begins with ${protocol}//, which is not possible here: ${whole}`;
  }
  if (username !== "" || password !== "") return `holds credentials: ${whole}`;
  return search === "" && hash === "" ? undefined : `has a query or a fragment: ${whole}`;
}

/** The address of something that is only spoken to encrypted. */
export const HttpsUrl = textWithout(
  (value) => urlFault(value, ["https:"], "https://acme.zerossl.com/v2/DV90"),
  "must be an address, for example https://acme.zerossl.com/v2/DV90",
);

/** Where a server's API is: without a path, since whoever uses it appends its own. */
export const Endpoint = textWithout((value) => {
  const example = "https://fsn1.your-objectstorage.com";
  const fault = urlFault(value, ["https:", "http:"], example);
  if (fault !== undefined) return fault;
  const { pathname } = new URL(value);
  return pathname === "/"
    ? undefined
    : `has a path: leave it out, write for example ${example}; a bucket has a key of its own`;
}, "must be the address of a server, for example https://fsn1.your-objectstorage.com");

/** A bucket's name, by the rules that all S3-compatible services share. */
export const Bucket = textLike(
  /^(?!.*\.\.)(?!\d+(\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  "must be the name of a bucket: 3 to 63 of a-z, 0-9, - and ., for example social-media",
);

/** One or more certificates in PEM. */
export const Certificates = textLike(
  /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
  "must be one or more certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
);

/** A TCP port. @param example one that is likely at that place, for the message */
export const port = (example: number) =>
  z
    .int(`must be a whole number from 1 to 65535, for example ${example}`)
    .min(1, `must be from 1 to 65535, for example ${example}`)
    .max(65535, `must be from 1 to 65535, for example ${example}`);

/** An address that mail can be sent to; `localhost` is good enough as its host on a machine of one's own. */
export const EmailAddress = textLike(
  /^[^@\s<>,;]+@[^@\s<>,;]+$/,
  "must be an address like owner@example.org",
);

/** A sender: an address, or a name with the address in angle brackets. */
export const MailSender = textLike(
  /^([^@\s<>,;]+@[^@\s<>,;]+|[^<>\r\n]+ <[^@\s<>,;]+@[^@\s<>,;]+>)$/,
  'must be an address like notifications@example.org or "Example <notifications@example.org>"',
);

/** A Mastodon user name: https://docs.joinmastodon.org/spec/ allows letters, digits and underscores, 30 at most. */
export const Username = textLike(
  /^[a-z0-9_]{1,30}$/,
  "must be 1 to 30 of a-z, 0-9 and _, for example alice",
);

/** A version of Mastodon as its images are tagged, without the leading v. */
export const Version = textLike(
  /^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$/,
  'must be a whole version in quotes and without the v, for example "4.7.2": `latest` and 4.7 move by themselves, which a database does not survive',
);

/** A version of Mastodon as LinuxServer tags its images, without a leading v; with the number of one build of it or not. */
export const LinuxserverVersion = textLike(
  /^\d+\.\d+\.\d+(-ls\d+)?$/,
  'must be a whole version in quotes and without the v, for example "4.7.2", or one build of it, for example "4.7.2-ls210"',
);

/** Where git fetches from: an address, `user@host:path`, or a folder of this machine by its whole path. */
export const Repository = textLike(
  /^((https?|ssh|git|file):\/\/|\/|[\w.-]+@[\w.-]+:)[^\s]+$/,
  "must be the address of a git repository, for example https://github.com/glitch-soc/mastodon.git, or the whole path of a folder",
);

/** A branch, tag or whole commit; no options, and nothing that git itself would refuse as a name. */
export const GitRef = textLike(
  /^(?!.*(\.\.|\/\/|\.lock$|\/$|\.$))[A-Za-z0-9_][\w./+-]*$/,
  "must be a branch, a tag or the 40 digits of a commit, for example main",
);

/** An image reference with a full tag and, optionally, a digest. */
export const ImageReference = textWithout(
  imageReferenceFault,
  "must be an image reference, for example postgres:17.11-bookworm@sha256:…",
);

/** A registry's host, then parts in lower case (https://pkg.go.dev/github.com/distribution/reference), then the tag. */
const referenceName =
  /^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*:\w[\w.-]{0,127}$/;

function imageReferenceFault(value: string): string | undefined {
  const example = "write name:tag@sha256:…, for example postgres:17.11-bookworm@sha256:…";
  if (value === "") return `is empty: ${example}`;
  const [name, digest, ...rest] = value.split("@");
  if (name === undefined || rest.length > 0 || /\s/.test(value))
    return `is no image reference: ${example}`;
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    return "has a malformed digest: write sha256: and 64 of 0-9 and a-f, or leave it out";
  }
  const tag = /:([\w][\w.-]*)$/.exec(name)?.[1];
  if (tag === undefined || name.lastIndexOf(":") < name.lastIndexOf("/"))
    return `has no tag: ${example}`;
  if (tag === "latest") return `is tagged latest, which changes without notice: ${example}`;
  return referenceName.test(name) ? undefined : `is no image reference: ${example}`;
}

/** A time zone by its IANA name. */
export const TimeZone = z
  .string("must be an IANA time zone, for example UTC or Europe/Berlin")
  .refine(isTimeZone, "must be an IANA time zone, for example UTC or Europe/Berlin");

function isTimeZone(value: string): boolean {
  // JavaScript is lenient about case and takes offsets like +01:00, which in a container's TZ mean the opposite.
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/.test(value)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

/** A language by its ISO code, as Mastodon's locales are named. */
export const Language = textLike(
  /^[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?$/,
  "must be a language code like en, de or pt-BR",
);

/** The name of an environment variable. */
export const VariableName = textLike(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "must be the name of an environment variable, for example MAX_SESSION_ACTIVATIONS",
);

/** The value of an environment variable. */
export const VariableValue = textLike(
  /^[^\0]*$/,
  "must be a text without NUL, in quotes where it would be a number, true or false",
);

const longestQuote = 200;

/** A value as it is written, without the password of an address, and cut where it is too long to be read. */
export function quoted(value: unknown): string {
  const text = written(value).replaceAll(/(:\/\/[^/@:\s"]*):[^/@\s"]+@/g, "$1:…@");
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
}

function written(value: unknown): string {
  if (typeof value === "number") return String(value);
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === "string" ? text : String(value);
  } catch {
    return "a value that cannot be written down";
  }
}

/** A choice in words: `local, ssh or hetzner`. */
export function oneOf(values: readonly unknown[]): string {
  const words = values.map(String);
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}
