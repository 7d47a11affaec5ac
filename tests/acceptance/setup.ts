import { Site } from "../support/site";
import { cacheFolder } from "../support/cacheFolder";

declare global {
  // Jest hands objects from its setup to its teardown in no other way.
  var acceptanceSite: Site | undefined;
}

/** Starts what all acceptance tests share, and tells them where it is. */
export default async function setup(): Promise<void> {
  const site = await Site.open(cacheFolder());
  globalThis.acceptanceSite = site;
  process.env["ACCEPTANCE_SITE"] = JSON.stringify(site.address);
}
