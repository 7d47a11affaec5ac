import type { ParsedConfig, SecretKey } from "./configSchema";
import type { Fault } from "./faults";
import type { S3Media } from "./media";
import { quoted } from "./shapes";

/** What is known of a service, beyond that it understands S3. */
interface Service {
  readonly name: string;
  /** Its endpoints; a group holds the region. */
  readonly endpoint: RegExp;
  /** Of all its endpoints, where they do not say it themselves. */
  readonly region?: string;
  /** An object of it has no rights of its own, and what asks for some is refused. */
  readonly withoutAcls?: true;
  /** Nobody reads at its endpoint without a key, whatever the bucket's settings are. */
  readonly neverPublic?: true;
}

const services: readonly Service[] = [
  // https://docs.aws.amazon.com/general/latest/gr/s3.html
  {
    name: "AWS",
    endpoint: /^s3[.-](?:dualstack\.)?([a-z]+(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$/,
  },
  // https://docs.hetzner.com/storage/object-storage/overview/
  { name: "Hetzner", endpoint: /^([a-z]+\d)\.your-objectstorage\.com$/ },
  // https://developers.cloudflare.com/r2/api/s3/api/ and https://developers.cloudflare.com/r2/buckets/public-buckets/
  {
    name: "Cloudflare R2",
    endpoint: /\.r2\.cloudflarestorage\.com$/,
    region: "auto",
    withoutAcls: true,
    neverPublic: true,
  },
  // https://www.backblaze.com/docs/cloud-storage-s3-compatible-api
  {
    name: "Backblaze B2",
    endpoint: /^s3\.([a-z]+-[a-z]+-\d{3})\.backblazeb2\.com$/,
    withoutAcls: true,
  },
];

const loopback = /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|\[::1?\])$/;

/** Addresses that no router passes on: https://www.rfc-editor.org/rfc/rfc1918 */
const privateAddress = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/;

const keys = ["s3AccessKeyId", "s3SecretAccessKey"] as const satisfies readonly SecretKey[];

/**
 * What is wrong with where media is to be kept, as far as the stack file shows it; the bucket itself is asked by `up`.
 *
 * @param setSecrets the secret keys that have a value, where that is known
 */
export function mediaFaults(
  { media, ...config }: Pick<ParsedConfig, "domain" | "hardware" | "media" | "webDomain">,
  setSecrets: readonly SecretKey[] | undefined,
): Fault[] {
  if (media.kind === "volume") return keys.filter((key) => setSecrets?.includes(key)).map(unused);
  return [
    ...keys.filter((key) => setSecrets?.includes(key) === false).map(missing),
    ...endpointFaults(media, config.hardware),
    ...serviceFaults(media),
    ...aliasFaults(media, config),
  ];
}

const fault = (key: keyof S3Media, message: string): Fault => ({ path: `media.${key}`, message });

const missing = (key: SecretKey): Fault => ({
  path: key,
  message: `is missing: media.kind: s3 needs it; set it with \`npm run pulumi -- config set --secret mastodon:${key}\``,
});

const unused = (key: SecretKey): Fault => ({
  path: key,
  message: `is set, but media is kept on a volume; set media to {kind: s3, …}, or remove the secret with \`npm run pulumi -- config rm mastodon:${key}\``,
});

function endpointFaults(media: S3Media, hardware: ParsedConfig["hardware"]): Fault[] {
  const { bucket, endpoint, addressing } = media;
  const { hostname, protocol } = new URL(endpoint);
  const faults: Fault[] = [];
  if (loopback.test(hostname)) {
    faults.push(
      fault(
        "endpoint",
        `${quoted(endpoint)} is, inside a container, the container itself, where no storage is; use the address that the host has in its network, for example http://192.168.1.20:9000`,
      ),
    );
  } else if (protocol === "http:" && hardware !== "dev" && !isBehindAlias(media)) {
    faults.push(
      fault(
        "endpoint",
        `${quoted(endpoint)} has no encryption: anybody on the way could read and change media, and browsers would not show it; use https://, or an address of your own network together with an aliasHost`,
      ),
    );
  }
  if (hostname.startsWith(`${bucket}.`)) {
    faults.push(
      fault(
        "endpoint",
        `${quoted(endpoint)} begins with the bucket, which is added by itself; write ${protocol}//${hostname.slice(bucket.length + 1)}`,
      ),
    );
  }
  if (addressing === "virtual" && bucket.includes(".") && protocol === "https:") {
    faults.push(
      fault(
        "addressing",
        `"virtual" makes the host name ${bucket}.${hostname}, for which no certificate is valid, since the bucket has a dot in its name; use addressing: path, or a bucket without dots`,
      ),
    );
  }
  return faults;
}

/** What the host asks in its own network, and nobody else has to. */
const isBehindAlias = ({ aliasHost, endpoint }: S3Media): boolean =>
  aliasHost !== undefined && privateAddress.test(new URL(endpoint).hostname);

function serviceFaults({ endpoint, region, acl, aliasHost }: S3Media): Fault[] {
  const { hostname } = new URL(endpoint);
  const service = services.find((one) => one.endpoint.test(hostname));
  if (service === undefined) return [];
  const { name, withoutAcls, neverPublic } = service;
  const right = service.region ?? service.endpoint.exec(hostname)?.[1];
  const faults: Fault[] = [];
  if (right !== undefined && region !== right) {
    faults.push(
      fault("region", `${quoted(region)} is not the region of ${hostname} (${name}); use ${right}`),
    );
  }
  if (withoutAcls && acl !== "none") {
    faults.push(
      fault(
        "acl",
        `${quoted(acl)} is not for ${name}, which has no ACLs of objects; use acl: none`,
      ),
    );
  }
  if (neverPublic && aliasHost === undefined) {
    faults.push(
      fault(
        "aliasHost",
        `is missing: nobody can read at ${name}'s endpoint without a key; give the domain under which the bucket is public, for example media.example.org`,
      ),
    );
  }
  return faults;
}

function aliasFaults(
  { aliasHost, endpoint }: S3Media,
  { domain, webDomain }: Pick<ParsedConfig, "domain" | "webDomain">,
): Fault[] {
  if (aliasHost === undefined) return [];
  const own = [domain, webDomain].includes(aliasHost);
  if (own) {
    return [
      fault(
        "aliasHost",
        `${quoted(aliasHost)} is the instance itself; give a name of its own that leads to the bucket, for example media.${aliasHost}`,
      ),
    ];
  }
  return aliasHost === new URL(endpoint).hostname
    ? [
        fault(
          "aliasHost",
          `${quoted(aliasHost)} is the endpoint, and the bucket would be missing in every address; leave aliasHost out, or give a name that leads into the bucket`,
        ),
      ]
    : [];
}
