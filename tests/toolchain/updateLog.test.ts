import { callToolchain } from "../support/toolchain";

test.each([
  ["@ updating....", true],
  ["Loading policy packs...: done", true],
  ["    ❌ mastodon@v0.1.0 (local: toolchain/policies)", false],
  [" +  docker:index:Container web creating (0s) ", true],
  [" +  docker:index:Container web created (6s) ", false],
  [" ~  docker:index:Container web refreshing (0s) ", true],
  [" ~  docker:index:Container web refresh (0.04s) ", true],
  [" +- docker:index:Container web replaced (1s) ", false],
  [" -  docker:index:Container web deleted (0.51s) ", false],
  [" +  command:local:Command migrate created (1s) Created database", false],
  [" +  command:local:Command migrate **creating failed** error: exit status 1", true],
  [" +  random:index:RandomPassword password created (0.08s) ", true],
  ["    pulumi:pulumi:Stack mastodon-dev running error: update failed", true],
  ["  docker:index:Container (mastodon-redis):", false],
  ["    + 32 created", false],
  ["    error: The configuration has one fault; nothing was changed.", false],
  ["Duration: 3s", false],
])("%j is left out: %j", (line, expected) => {
  expect(callToolchain("updateLog", "isNoise", [line])).toBe(expected);
});
