import { versionOf } from "../hosts/network";
import { oneOf } from "../shapes";

/*
 * What the value of a variable must be. Mastodon reads most of them without a word: what is no number counts as 0, and
 * what is no "true" as false.
 */

/** A kind of value, always a text. */
export interface Kind {
  /** What a value must be, with an example: it follows the words "it must be". */
  readonly must: string;
  readonly accepts: (value: string) => boolean;
}

const like = (pattern: RegExp, must: string): Kind => ({
  must,
  accepts: (value) => pattern.test(value),
});

/** @param otherwise a value for which it stands that the variable is read at all */
const orEmpty = (kind: Kind, otherwise: string): Kind => ({
  must: `${kind.must}, or empty, ${otherwise}`,
  accepts: (value) => value === "" || kind.accepts(value),
});

const listOf = (separator: RegExp, must: string, isItem: (item: string) => boolean): Kind => ({
  must,
  accepts: (value) => value.split(separator).every(isItem),
});

export const boolean: Kind = like(
  /^(true|false)$/,
  '"true" or "false": Mastodon compares it with the word "true", and takes anything else for false',
);

/** Anything that says something. */
export const text: Kind = like(/\S/, "a text that is not empty");

export const words = (...choices: readonly string[]): Kind => ({
  must: oneOf(choices.map((word) => JSON.stringify(word))),
  accepts: (value) => choices.includes(value),
});

/** A whole number. @param unit what it counts, in plural */
export const whole = (least: number, unit: string): Kind => ({
  must: `a whole number of ${unit}, at least ${least}`,
  accepts: (value) => /^\d{1,15}$/.test(value) && Number(value) >= least,
});

export const decimal: Kind = like(/^\d{1,9}(\.\d{1,9})?$/, "a number, for example 1.1");

export const port: Kind = {
  must: "a port, from 1 to 65535",
  accepts: (value) => /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535,
};

/** A time as Elasticsearch writes it. */
export const duration: Kind = like(/^[1-9]\d*(ms|s|m)$/, 'a time with its unit, for example "10s"');

const isHost = (value: string): boolean =>
  value.length <= 253 &&
  /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i.test(value);

const isHostWithPort = (value: string): boolean => isHost(value.replace(/:\d{1,5}$/, ""));

export const host: Kind = {
  must: "a host name or an IP address, without scheme and port, for example ldap.example.org",
  accepts: (value) => isHost(value) || versionOf(value) !== undefined,
};

export const hosts: Kind = listOf(
  /\s*,\s*/,
  "host names with commas between them, for example example.net,example.com",
  isHostWithPort,
);

/** As Mastodon makes a pattern of them, in which `|` means "or". */
export const mailDomains: Kind = listOf(
  /\|/,
  "domains with | between them, for example example.org|example.com",
  isHost,
);

function isNetwork(value: string): boolean {
  const [address = "", prefix, ...rest] = value.split("/");
  const version = versionOf(address);
  if (version === undefined || rest.length > 0) return false;
  if (prefix === undefined) return true;
  const bits = version === 4 ? 32 : 128;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

/** Mastodon does not start with one that is none. */
export const networks: Kind = listOf(
  /\s*,\s*|\s+/,
  "IP addresses or networks with commas between them, for example 10.0.0.7,192.168.7.0/24",
  isNetwork,
);

function isUrl(value: string, schemes: readonly string[]): boolean {
  if (/\s/.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return schemes.includes(protocol) && hostname !== "";
}

export const url: Kind = {
  must: "an address that begins with https:// or http://, for example https://id.example.org/login",
  accepts: (value) => isUrl(value, ["https:", "http:"]),
};

/** A service that is switched off by an empty text, where leaving the variable out means the usual one. */
export const urlOrNone: Kind = orEmpty(url, "which switches it off");

/** Where files are fetched from: Rails puts it before each of their paths. */
export const assetHost: Kind = {
  must: "a host name or an address without a path, for example https://assets.example.org",
  accepts: (value) =>
    isHostWithPort(value) ||
    (isUrl(value, ["https:", "http:"]) && new URL(value).pathname === "/" && !value.endsWith("/")),
};

/** Sources of a content security policy. */
export const mediaHosts: Kind = listOf(
  /\s*,\s*|\s+/,
  "addresses with commas between them, for example https://media.example.org,https://old.example.org",
  (item) => isUrl(item, ["https:", "http:"]),
);

/** A file of the image: the program brings no files of its own into Mastodon's containers. */
export const path: Kind = like(
  /^\/\S+$/,
  "the whole path of a file in the image, for example /etc/ssl/certs/ca-certificates.crt",
);

export const names: Kind = listOf(
  /\s*,\s*/,
  "names with commas between them, for example openid,profile,email",
  (item) => /^[\w.:/-]+$/.test(item),
);

/** The name of a header of HTTP. */
export const header: Kind = like(/^[A-Za-z0-9-]+$/, "the name of a header, for example X-Secret");
