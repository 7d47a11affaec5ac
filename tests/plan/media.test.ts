import { execFileSync } from "node:child_process";
import {
  makePlan,
  mediaMove,
  parseConfig,
  secretKeys,
  type Config,
  type SecretKey,
} from "../../plan";
import { mastodonEnvironment, streamingEnvironment } from "../../plan/environment";
import {
  hasBucket,
  mediaEnvironment,
  mediaRedirect,
  publicBase,
  type BucketConfig,
  type S3Media,
} from "../../plan/media";
import { mediaCheck, mediaCheckScript } from "../../plan/mediaCheck";
import { bucketInUse, type MoveWishes } from "../../plan/mediaMove";
import { configWith } from "../support/fixtures";
import { Page } from "../support/page";
import { badMedia, bucket } from "./badMedia";
import { faultsOf } from "../support/refusals";

const bothKeys: readonly SecretKey[] = ["s3AccessKeyId", "s3SecretAccessKey"];

function configOf(media: Readonly<Record<string, unknown>> = {}, others = {}): BucketConfig {
  const config = parseConfig({ ...others, media: { ...bucket, ...media } }, bothKeys);
  if (!hasBucket(config)) throw new Error("the configuration has no bucket");
  return config;
}

const mediaOf = (media: Readonly<Record<string, unknown>>): S3Media => configOf(media).media;

describe("a bad bucket", () => {
  it("is listed once under each name", () => {
    expect(new Set(badMedia.map(({ name }) => name)).size).toBe(badMedia.length);
  });

  it.each(badMedia)("is refused: $name", ({ raw, setSecrets, faults: expected }) => {
    const found = faultsOf(raw, setSecrets);
    expect(found.map(({ path }) => path).sort()).toEqual(expected.map(([path]) => path).sort());
    for (const [path, ...words] of expected) {
      const message = found.find((fault) => fault.path === path)?.message ?? "";
      for (const word of words) expect(message).toContain(word);
      expect(message).toMatch(/\b(must|write|use|leave|give|set)\b/);
      expect(message).not.toMatch(/undefined|\[object|\.$/);
    }
  });
});

describe("a good bucket", () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["the shortest", {}],
    [
      "AWS, its bucket as a host",
      {
        endpoint: "https://s3.eu-central-1.amazonaws.com",
        region: "eu-central-1",
        addressing: "virtual",
      },
    ],
    [
      "AWS behind CloudFront",
      {
        endpoint: "https://s3.us-east-1.amazonaws.com",
        region: "us-east-1",
        acl: "none",
        aliasHost: "media.example.org",
      },
    ],
    ["Hetzner", { endpoint: "https://nbg1.your-objectstorage.com", region: "nbg1" }],
    [
      "Cloudflare R2",
      {
        endpoint: "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com",
        region: "auto",
        acl: "none",
        aliasHost: "media.example.org",
      },
    ],
    [
      "Backblaze B2",
      {
        endpoint: "https://s3.eu-central-003.backblazeb2.com",
        region: "eu-central-003",
        acl: "none",
      },
    ],
    [
      "MinIO in the own network, behind an alias",
      { endpoint: "http://192.168.1.20:9000", aliasHost: "media.example.org" },
    ],
    ["a bucket with a dot, in the path", { bucket: "media.example.org" }],
  ])("is taken: %s", (_name, media) => {
    const production = {
      hardware: "vps",
      domain: "social.example.org",
      smtp: { server: "smtp.example.org", from: "notifications@example.org" },
      admin: { username: "alice", email: "alice@example.org" },
    };
    expect(() => configOf(media, production)).not.toThrow();
  });

  it("may be spoken to in clear by an instance of one's own machine", () => {
    expect(() => configOf({ endpoint: "http://storage.test:9000" })).not.toThrow();
  });
});

describe("what Mastodon is told of the bucket", () => {
  it("is all that it needs, with the keys by reference", () => {
    expect(mediaEnvironment(configOf())).toEqual({
      S3_ENABLED: "true",
      S3_BUCKET: "social-media",
      S3_REGION: "eu-1",
      S3_ENDPOINT: "https://storage.example.org",
      S3_PROTOCOL: "https",
      S3_HOSTNAME: "storage.example.org",
      S3_PERMISSION: "public-read",
      AWS_ACCESS_KEY_ID: { secret: "s3AccessKeyId" },
      AWS_SECRET_ACCESS_KEY: { secret: "s3SecretAccessKey" },
    });
  });

  it("says outright that there are no ACLs: left out, it would send public-read", () => {
    expect(mediaEnvironment(configOf({ acl: "none" }))).toMatchObject({ S3_PERMISSION: "" });
  });

  it("has pages load media by plain HTTP, which Mastodon's own rules never do", () => {
    expect(mediaEnvironment(configOf({ endpoint: "http://storage.test:9000" }))).toMatchObject({
      S3_PROTOCOL: "http",
      S3_HOSTNAME: "storage.test:9000",
      EXTRA_MEDIA_HOSTS: "http://storage.test:9000",
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string, string | undefined]>([
    ["in the path", {}, "https://storage.example.org/social-media", undefined],
    [
      "as a host",
      { addressing: "virtual" },
      "https://social-media.storage.example.org",
      "social-media.storage.example.org",
    ],
    [
      "behind an alias",
      { aliasHost: "media.example.org" },
      "https://media.example.org",
      "media.example.org",
    ],
    [
      "as a host, behind an alias",
      { aliasHost: "media.example.org", addressing: "virtual" },
      "https://media.example.org",
      "media.example.org",
    ],
    [
      "with a port",
      { endpoint: "https://storage.example.org:8443" },
      "https://storage.example.org:8443/social-media",
      undefined,
    ],
    [
      "in clear",
      { endpoint: "http://storage.test:9000" },
      "http://storage.test:9000/social-media",
      undefined,
    ],
    [
      "in clear within, behind an alias",
      { endpoint: "http://10.0.0.5:9000", aliasHost: "media.example.org" },
      "https://media.example.org",
      "media.example.org",
    ],
  ])("publishes a bucket %s", (_name, media, base, alias) => {
    expect(publicBase(mediaOf(media))).toBe(base);
    expect(mediaEnvironment(configOf(media))["S3_ALIAS_HOST"]).toBe(alias);
    expect(mediaRedirect(configOf(media))).toBe(base);
  });

  it("reaches every Ruby process, and streaming not at all", () => {
    const config = configOf();
    const { sizing, containers } = makePlan(config);
    expect(mastodonEnvironment(config)).toMatchObject(mediaEnvironment(config));
    for (const spec of [containers.web, ...containers.sidekiq])
      expect(spec.environment).toMatchObject(mediaEnvironment(config));
    expect(JSON.stringify(streamingEnvironment(config, sizing))).not.toMatch(/S3_|AWS_/);
  });

  it("is nothing where media stays on the volume", () => {
    expect(mediaEnvironment(configWith())).toEqual({});
    expect(mediaRedirect(configWith())).toBeUndefined();
    expect(makePlan(configWith()).checks.map(({ part }) => part)).not.toContain("media");
  });
});

it("leaves the volume where it is, as what was on it is still to be moved", () => {
  const parts = (config: Config) => makePlan(config).volumes.map(({ key }) => key);
  expect(parts(configOf())).toEqual(parts(configWith()));
});

describe("the check of the bucket", () => {
  const config = configOf();
  const { sizing } = makePlan(config);
  const [job] = mediaCheck(config, sizing);

  it("goes out by the network that leads out, hardened", () => {
    for (const option of [
      "--network=mastodon-localhost-egress",
      "--read-only",
      "--cap-drop=ALL",
      "--rm",
    ])
      expect(job?.script).toContain(option);
    expect(job?.script).not.toMatch(/--volume|--publish|--privileged/);
  });

  it("has its program and its keys in variables, and none of them in its text", () => {
    expect(job?.script).not.toContain("aws-sdk-s3");
    for (const name of Object.keys(job?.environment ?? {})) {
      expect(job?.script).toContain(`--env=${name}`);
      expect(job?.script).not.toContain(`--env=${name}=`);
    }
  });

  it("gets the keys of the bucket, and no secret beside them", () => {
    const secrets = Object.values(job?.environment ?? {}).flatMap((value) =>
      typeof value === "string" ? [] : value.secret,
    );
    expect(secrets).toEqual(["s3AccessKeyId", "s3SecretAccessKey"]);
    expect(secrets.every((name) => (secretKeys as readonly string[]).includes(name))).toBe(true);
  });

  it("runs again for another setting and another image, and for nothing else", () => {
    const again = (others: BucketConfig) => mediaCheck(others, makePlan(others).sizing)[0];
    expect(again(configOf({ region: "eu-2" }))?.environment).not.toEqual(job?.environment);
    expect(again(configOf({}, { timezone: "Europe/Berlin", registrations: "open" }))).toEqual(job);
    expect(job?.followsImage).toBe(true);
  });

  it("asks for what Mastodon and its visitors will do, in that order", () => {
    const steps = [
      "put_as_mastodon(client)",
      "check_readable",
      "check_unlisted(client)",
      "delete_object",
    ];
    const main = mediaCheckScript.slice(mediaCheckScript.lastIndexOf("client = Aws"));
    const places = steps.map((step) => main.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((left, right) => left - right));
  });
});

describe("the move to the bucket", () => {
  const scriptOf = (media = {}, wishes: Partial<MoveWishes> = {}): string => {
    const config = configOf(media);
    const all = { withoutCache: false, verify: false, ...wishes };
    return mediaMove(config, makePlan(config).sizing, all).script;
  };

  it.each<[string, object, Partial<MoveWishes>]>([
    ["all", {}, {}],
    ["without ACLs", { acl: "none" }, {}],
    ["without the cache, compared", {}, { withoutCache: true, verify: true }],
  ])("is understood by a shell: %s", (_name, media, wishes) => {
    const input = scriptOf(media, wishes);
    expect(() => execFileSync("/bin/sh", ["-n"], { input, stdio: "pipe" })).not.toThrow();
  });

  it("reads the volume, and has keys only in variables", () => {
    const { script, environment } = mediaMove(configOf(), makePlan(configOf()).sizing, {
      withoutCache: false,
      verify: true,
    });
    expect(script).toContain("--volume=mastodon-localhost-media:/media:ro,nocopy");
    expect(script).toContain("--user=991:991");
    for (const name of Object.keys(environment)) expect(script).not.toContain(`--env=${name}=`);
  });

  it("gives each file the caching that Mastodon would, and what is not for all no public ACL", () => {
    const script = scriptOf();
    expect(script).toContain("Cache-Control: public, max-age=315576000, immutable");
    expect(script).toMatch(/MEDIA_ACL=public-read rclone .*--files-from-raw=\/tmp\/public/);
    expect(script).toMatch(
      /MEDIA_ACL=private rclone .*--ignore-times .*--files-from-raw=\/tmp\/private/,
    );
  });

  it("sends no ACL where there are none", () => {
    expect(scriptOf({ acl: "none" })).not.toMatch(/public-read|MEDIA_ACL=private/);
  });

  it("leaves out other servers' media only where that is wished, and compares when the bucket is in use", () => {
    expect(scriptOf()).not.toMatch(/cache\/\*|rclone .* check /);
    expect(scriptOf({}, { withoutCache: true })).toContain("./cache/*");
    expect(scriptOf({}, { verify: true })).toMatch(/rclone .* check --one-way/);
  });

  it("uses the image of the stack file where it names one", () => {
    const config = configOf({}, { images: { rclone: "registry.example:5000/rclone:1.75" } });
    const wishes = { withoutCache: false, verify: false };
    expect(mediaMove(config, makePlan(config).sizing, wishes).script).toContain(
      "registry.example:5000/rclone:1.75",
    );
    expect(scriptOf()).toMatch(/rclone\/rclone:[\d.]+@sha256:[0-9a-f]{64}/);
    expect(JSON.stringify(makePlan(configOf()).images)).not.toContain("rclone");
  });

  it("asks the running instance for nothing but the bucket's name and place", () => {
    const script = bucketInUse(configOf());
    expect(script).toContain('(eq . "S3_BUCKET=social-media") (eq . "S3_ENDPOINT=');
    expect(script).not.toMatch(/println|json|AWS_/);
  });
});

describe("docs/media.md", () => {
  const page = new Page("docs/media.md");

  it("shows a bucket that is accepted", () => {
    expect(page.examples.map((example) => parseConfig(example, bothKeys).media)).toEqual([
      expect.objectContaining({ kind: "s3", acl: "public-read", addressing: "path" }),
    ]);
  });

  it("explains every key of a bucket, with its default", () => {
    const { kind: _, ...keys } = configOf({ aliasHost: "media.example.org" }).media;
    const rows = page.table("What to enter").map(([key = "", value = ""]) => [key, value]);
    expect(rows.map(([key]) => key).sort()).toEqual(
      Object.keys(keys)
        .map((key) => `\`${key}\``)
        .sort(),
    );
    for (const [key = "", value = ""] of rows.filter(([, each]) => each?.startsWith("`")))
      expect(
        `\`${String(Object.entries(configOf().media).find(([name]) => `\`${name}\`` === key)?.[1])}\``,
      ).toBe(value);
  });

  it("explains sentences that the check says", () => {
    const rows = page.table("What is asked at each change");
    for (const [, says = ""] of rows) {
      for (const phrase of says.matchAll(/`([^`]+)`/g))
        for (const part of (phrase[1] ?? "").split("…").map((each) => each.trim()))
          expect(mediaCheckScript).toContain(part);
    }
    expect(rows.length).toBeGreaterThan(8);
  });
});
