import { Testbed } from "../support/testbed";
import { callToolchain } from "../support/toolchain";

declare global {
  // Jest hands objects from its setup to its teardown in no other way.
  var acceptanceTestbed: Testbed | undefined;
}

/** Starts what all acceptance tests share, and tells them where it is. */
export default async function setup(): Promise<void> {
  const { HOME, XDG_CACHE_HOME, MASTODON_CACHE } = process.env;
  const variables = { HOME, XDG_CACHE_HOME, MASTODON_CACHE };
  const { cache } = callToolchain("folders", "foldersFor", [variables]) as { cache: string };
  const testbed = await Testbed.open(cache);
  globalThis.acceptanceTestbed = testbed;
  process.env["ACCEPTANCE_TESTBED"] = JSON.stringify(testbed.address);
}
