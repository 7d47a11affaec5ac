import { callToolchain } from "../support/toolchain";

const file = {
  encryptionsalt: "v1:x",
  config: { "mastodon:hardware": "dev", "mastodon:domain": "a.example" },
};

test("values take the place of those in the file, and nothing else changes", () => {
  expect(callToolchain("stack", "mergeConfig", [file, { "mastodon:domain": "b.example" }])).toEqual(
    {
      encryptionsalt: "v1:x",
      config: { "mastodon:hardware": "dev", "mastodon:domain": "b.example" },
    },
  );
});

test("an empty file takes values too", () => {
  expect(callToolchain("stack", "mergeConfig", [null, { "mastodon:domain": "b.example" }])).toEqual(
    {
      config: { "mastodon:domain": "b.example" },
    },
  );
});
