import type { Config } from "./configSchema";
import type { Environment } from "./environmentValue";

/** The alias of the engine's container, and the port that both engines listen on. */
export const searchService = "search";
export const searchPort = 9200;

/** Where Mastodon finds its search server; nothing where there is none. */
export function searchEnvironment({ search }: Pick<Config, "search">): Environment {
  switch (search.kind) {
    case "none":
      return {};
    case "container":
      return {
        ES_ENABLED: "true",
        ES_HOST: searchService,
        ES_PORT: String(searchPort),
        ES_PRESET: "single_node_cluster",
      };
    case "external": {
      const { protocol, hostname, port: given } = new URL(search.url);
      const encrypted = protocol === "https:";
      return {
        ES_ENABLED: "true",
        // Mastodon puts the port behind it, and takes it for plain HTTP unless it says otherwise.
        ES_HOST: encrypted ? `https://${hostname}` : hostname,
        ES_PORT: given === "" ? (encrypted ? "443" : "80") : given,
        ES_PRESET: search.preset,
        ...(search.user === undefined ? {} : { ES_USER: search.user }),
        ...(search.prefix === undefined ? {} : { ES_PREFIX: search.prefix }),
      };
    }
    default:
      return search satisfies never;
  }
}
