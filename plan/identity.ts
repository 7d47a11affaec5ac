import type { Config } from "./configSchema";
import { publicHost } from "./environment";

/**
 * What an instance is known by, and where it keeps what it was given: another value is another instance, or leaves
 * something behind. It is kept in the state, so that a change of it is seen before it is made.
 */
export interface Identity {
  /** In the name of every account, as other servers know it. */
  readonly domain: string;
  /** Where people browse it. */
  readonly webDomain: string;
  /** Where uploads are: `volume`, or bucket and server. */
  readonly media: string;
}

export function identityOf(config: Config): Identity {
  const { domain, webDomain = domain, media } = config;
  return {
    domain: publicHost(domain, config),
    webDomain: publicHost(webDomain, config),
    media: media.kind === "s3" ? `bucket ${media.bucket} at ${media.endpoint}` : "volume",
  };
}
