import { callToolchain } from "../support/toolchain";

test.each([
  ["home alone", { HOME: "/h" }, "/h/.local/state/mastodon", "/h/.cache/mastodon"],
  ["XDG", { HOME: "/h", XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/c" }, "/s/mastodon", "/c/mastodon"],
  [
    "folders of one's own",
    { HOME: "/h", XDG_STATE_HOME: "/s", MASTODON_STATE: "/own/s", MASTODON_CACHE: "/own/c" },
    "/own/s",
    "/own/c",
  ],
])("state and cache with %s", (_, env, state, cache) => {
  expect(callToolchain("folders", "foldersFor", [env])).toEqual({ state, cache });
});
