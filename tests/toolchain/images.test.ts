import { callToolchain } from "../support/toolchain";

test.each([
  ["postgres:17.6-trixie", "registry-1.docker.io"],
  ["library/postgres:17", "registry-1.docker.io"],
  ["ghcr.io/mastodon/mastodon:v4.7.2", "ghcr.io"],
  ["127.0.0.1:5043/redis:7@sha256:00", "127.0.0.1:5043"],
  ["localhost/redis:7", "localhost"],
])("%s is pulled from %s", (reference, registry) => {
  expect(callToolchain("images", "registryOf", [reference])).toBe(registry);
});

describe("the images of a rehearsal", () => {
  const made = (repository: string, tag: string) => ({ repository, tag, digest: "sha256:00" });
  const images = {
    postgres: made("library/postgres", "17.5-trixie"),
    "mastodon-4.7.1": made("mastodon/mastodon", "v4.7.1"),
    "mastodon-4.7.2": made("mastodon/mastodon", "v4.7.2"),
    "linuxserver-4.7.2": made("linuxserver/mastodon", "4.7.2"),
  };
  const references = (wanted: Readonly<Record<string, string>>) =>
    callToolchain("rehearsal", "imageReferences", [wanted, images, "127.0.0.1:5043"]);

  test("stand in for those of the same version", () => {
    expect(references({ mastodon: "ghcr.io/mastodon/mastodon:v4.7.1@sha256:ff" })).toEqual({
      mastodon: "127.0.0.1:5043/mastodon/mastodon:v4.7.1@sha256:00",
    });
  });

  test("stand in for those of the same maker", () => {
    expect(references({ mastodon: "lscr.io/linuxserver/mastodon:4.7.2" })).toEqual({
      mastodon: "127.0.0.1:5043/linuxserver/mastodon:4.7.2@sha256:00",
    });
  });

  test("are those that there are, where they are real", () => {
    expect(references({ postgres: "postgres:17.6-trixie" })).toEqual({
      postgres: "127.0.0.1:5043/library/postgres:17.5-trixie@sha256:00",
    });
  });

  test("are none for a version that has no stand-in", () => {
    expect(() => references({ mastodon: "ghcr.io/mastodon/mastodon:v4.6.0" })).toThrow(
      /no stand-in for/,
    );
  });
});
