import type { SecretKey } from "../../plan";
import type { BadConfiguration } from "./badConfigurations";

/** One that is right, but for what a case says. */
export const bucket = {
  kind: "s3",
  bucket: "social-media",
  endpoint: "https://storage.example.org",
  region: "eu-1",
} as const;

/** What every key but those of media needs. */
const others = {
  hardware: "vps",
  domain: "social.example.org",
  webDomain: "www.example.org",
  smtp: { server: "smtp.example.org", from: "notifications@example.org" },
  admin: { username: "alice", email: "alice@example.org" },
};

const bothKeys: readonly SecretKey[] = ["s3AccessKeyId", "s3SecretAccessKey"];

const bad = (
  name: string,
  media: Readonly<Record<string, unknown>>,
  ...faults: BadConfiguration["faults"]
): BadConfiguration => ({
  name,
  raw: { ...others, media: { ...bucket, ...media } },
  setSecrets: bothKeys,
  faults,
});

const badKeys = (
  name: string,
  media: unknown,
  setSecrets: readonly SecretKey[],
  ...faults: BadConfiguration["faults"]
): BadConfiguration => ({ name, raw: { ...others, media }, setSecrets, faults });

const r2 = {
  endpoint: "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
  region: "auto",
  acl: "none",
  aliasHost: "media.example.org",
} as const;

const b2 = {
  endpoint: "https://s3.us-west-004.backblazeb2.com",
  region: "us-west-004",
  acl: "none",
} as const;

/** What makes a bucket useless in a way that the stack file shows. */
export const badMedia: readonly BadConfiguration[] = [
  badKeys(
    "no id of a key",
    bucket,
    ["s3SecretAccessKey"],
    ["s3AccessKeyId", "media.kind: s3 needs it", "config set --secret mastodon:s3AccessKeyId"],
  ),
  badKeys(
    "no secret key",
    bucket,
    ["s3AccessKeyId"],
    ["s3SecretAccessKey", "config set --secret mastodon:s3SecretAccessKey"],
  ),
  badKeys(
    "neither",
    bucket,
    [],
    ["s3AccessKeyId", "is missing"],
    ["s3SecretAccessKey", "is missing"],
  ),
  badKeys(
    "keys without a bucket",
    { kind: "volume" },
    bothKeys,
    ["s3AccessKeyId", "kept on a volume", "config rm mastodon:s3AccessKeyId"],
    ["s3SecretAccessKey", "config rm mastodon:s3SecretAccessKey"],
  ),
  bad("no encryption", { endpoint: "http://storage.example.org" }, [
    "media.endpoint",
    "has no encryption",
    "use https://",
  ]),
  bad(
    "no encryption, at an address of the own network that visitors would be sent to",
    { endpoint: "http://192.168.1.20:9000" },
    ["media.endpoint", "together with an aliasHost"],
  ),
  bad(
    "no encryption behind an alias, at an address that is everybody's",
    { endpoint: "http://203.0.113.7:9000", aliasHost: "media.example.org" },
    ["media.endpoint", "has no encryption"],
  ),
  bad("this machine, as a container sees it", { endpoint: "http://localhost:9000" }, [
    "media.endpoint",
    "the container itself",
  ]),
  bad("the loopback by its number", { endpoint: "https://127.0.0.1:9000" }, [
    "media.endpoint",
    "the container itself",
  ]),
  bad("the loopback of IPv6", { endpoint: "https://[::1]:9000" }, [
    "media.endpoint",
    "the container itself",
  ]),
  bad("the bucket in the endpoint", { endpoint: "https://social-media.fsn1.example.org" }, [
    "media.endpoint",
    "write https://fsn1.example.org",
  ]),
  bad("a path in the endpoint", { endpoint: "https://storage.example.org/social-media" }, [
    "media.endpoint",
    "has a path",
  ]),
  bad("an endpoint without a scheme", { endpoint: "storage.example.org" }, [
    "media.endpoint",
    "is no address",
  ]),
  bad("an endpoint with the keys in it", { endpoint: "https://id:secret@storage.example.org" }, [
    "media.endpoint",
    "holds credentials",
  ]),
  bad("a bucket with a dot, as a host", { bucket: "social.media", addressing: "virtual" }, [
    "media.addressing",
    "no certificate is valid",
    "addressing: path",
  ]),
  bad("a bucket in upper case", { bucket: "Social-Media" }, ["media.bucket", "a-z, 0-9"]),
  bad("no bucket at all", { bucket: undefined }, ["media.bucket", "must be"]),
  bad("no region", { region: "" }, ["media.region", "must not be empty"]),
  bad("an ACL for everybody to write", { acl: "public-read-write" }, ["media.acl", "public-read"]),
  bad("an unknown way to address", { addressing: "dns" }, ["media.addressing", "path"]),
  bad("an alias with a scheme", { aliasHost: "https://media.example.org" }, [
    "media.aliasHost",
    "has a scheme",
  ]),
  bad("the instance as its own alias", { aliasHost: "social.example.org" }, [
    "media.aliasHost",
    "the instance itself",
    "media.social.example.org",
  ]),
  bad("the address of its pages as its alias", { aliasHost: "www.example.org" }, [
    "media.aliasHost",
    "the instance itself",
  ]),
  bad("the endpoint as its alias", { aliasHost: "storage.example.org" }, [
    "media.aliasHost",
    "is the endpoint",
    "leave aliasHost out",
  ]),
  bad("R2 with an ACL", { ...r2, acl: "public-read" }, ["media.acl", "has no ACLs", "acl: none"]),
  bad("R2 without an alias", { ...r2, aliasHost: undefined }, [
    "media.aliasHost",
    "Cloudflare R2",
    "media.example.org",
  ]),
  bad("R2 with a region", { ...r2, region: "weur" }, ["media.region", "use auto"]),
  bad("AWS with the region of elsewhere", { endpoint: "https://s3.eu-central-1.amazonaws.com" }, [
    "media.region",
    '"eu-1"',
    "use eu-central-1",
  ]),
  bad("Hetzner with the region of elsewhere", { endpoint: "https://fsn1.your-objectstorage.com" }, [
    "media.region",
    "use fsn1",
  ]),
  bad("B2 with the region of elsewhere", { ...b2, region: "us-west-002" }, [
    "media.region",
    "use us-west-004",
  ]),
  bad("B2 with an ACL", { ...b2, acl: "public-read" }, ["media.acl", "Backblaze B2", "acl: none"]),
  bad(
    "R2 with all that is wrong there",
    { ...r2, acl: "public-read", aliasHost: undefined, region: "eu" },
    ["media.acl"],
    ["media.aliasHost"],
    ["media.region"],
  ),
];
