import fc from "fast-check";
import {
  imageKeys,
  pinImages,
  resolveImages,
  unpinnedImages,
  type Config,
  type ImageKey,
} from "../../plan";
import { majorOf, tagOf } from "../../plan/images";
import { ImageReference } from "../../plan/shapes";
import { configWith, tunnelled } from "../support/fixtures";

/** Of everything that an instance may consist of, but for the one of two engines of search. */
const searching = (engine: string): Config =>
  configWith({
    ...tunnelled,
    sizing: { memoryMb: 16384 },
    search: { kind: "container", engine },
  });
const [choice, other] = [searching("opensearch"), searching("elasticsearch")];
const resolved = resolveImages(choice);
const choiceFor = (key: ImageKey): Config => (key === "elasticsearch" ? other : choice);
const digest = `sha256:${"0a".repeat(32)}`;

it.each(imageKeys)("names %s by a full tag that the configuration itself would accept", (key) => {
  const reference = resolveImages(choiceFor(key))[key];
  expect(ImageReference.safeParse(reference).success).toBe(true);
  expect(tagOf(reference ?? "")).toMatch(/^v?\d+\.\d+(\.\d+)?(-|$)/);
});

it("takes web and streaming of the version that is asked for", () => {
  const images = resolveImages({ ...choice, image: { flavour: "official", version: "4.6.1" } });
  expect([images.mastodon, images.streaming]).toEqual([
    "ghcr.io/mastodon/mastodon:v4.6.1",
    "ghcr.io/mastodon/mastodon-streaming:v4.6.1",
  ]);
});

it.each(imageKeys)("lets the stack file override %s and nothing beside it", (key) => {
  const chosen = choiceFor(key);
  expect(resolveImages({ ...chosen, images: { [key]: "example:1.0" } })).toEqual({
    ...resolveImages(chosen),
    [key]: "example:1.0",
  });
});

it("fills in the digests of a lock file, and only where none is written", () => {
  const images = {
    ...resolved,
    redis: `redis:7.4@${digest}`,
    caddy: "caddy:2.11",
    postgres: "postgres:17.6",
  };
  const other = `sha256:${"0b".repeat(32)}`;
  const pinned = pinImages(images, {
    "caddy:2.11": other,
    "redis:7.4": other,
    [images.redis]: other,
  });

  expect(pinned.caddy).toBe(`caddy:2.11@${other}`);
  expect(pinned.redis).toBe(images.redis);
  expect(pinned.postgres).toBe("postgres:17.6");
  expect(unpinnedImages(pinned)).toContain("postgres:17.6");
  expect(unpinnedImages(pinned)).not.toContain(pinned.caddy);
});

it("leaves nothing open once the lock holds every reference that was", () => {
  const open = unpinnedImages(resolved);
  const lock = Object.fromEntries(open.map((reference) => [reference, digest]));
  expect(unpinnedImages(pinImages(resolved, lock))).toEqual([]);
});

it.each([
  ["postgres:17.11-bookworm", "17.11-bookworm", 17],
  ["registry.example:5000/postgres:9.6", "9.6", 9],
  [`redis:7.4@${digest}`, "7.4", 7],
  ["ghcr.io/mastodon/mastodon:v4.7.2", "v4.7.2", 4],
  ["postgres:trixie", "trixie", undefined],
])("reads of %s the tag %s and the major version %p", (reference, tag, major) => {
  expect(tagOf(reference)).toBe(tag);
  expect(majorOf(reference)).toBe(major);
});

it("accepts references as Docker writes them", () => {
  const name = fc.stringMatching(
    /^([a-z0-9]{1,5}(\.[a-z]{2,3})?(:[1-9]\d{1,3})?\/)?[a-z0-9]{1,5}([._-][a-z0-9]{1,4})?$/,
  );
  const tag = fc.stringMatching(/^\d{1,2}(\.\d{1,2}){0,2}(-[a-z]{1,8})?$/);
  fc.assert(
    fc.property(name, tag, fc.boolean(), (base, version, pinned) => {
      const reference = `${base}:${version}${pinned ? `@${digest}` : ""}`;
      expect({ reference, ok: ImageReference.safeParse(reference).success }).toEqual({
        reference,
        ok: true,
      });
    }),
  );
});
