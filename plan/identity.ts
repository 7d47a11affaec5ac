import type { Config } from "./configSchema";
import { publicHost } from "./environment";

/** What other servers know an instance and its posts by: another value is another instance, and there is no way back. */
export interface Identity {
  /** In the name of every account. */
  readonly domain: string;
  /** Where people browse it. */
  readonly webDomain: string;
}

export function identityOf(config: Config): Identity {
  const { domain, webDomain = domain } = config;
  return { domain: publicHost(domain, config), webDomain: publicHost(webDomain, config) };
}
