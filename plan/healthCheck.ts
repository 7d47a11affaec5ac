import type { Config } from "./configSchema";
import type { HealthCheck } from "./containerSpec";

/** Docker 25: https://docs.docker.com/reference/dockerfile/#healthcheck */
export const looksEarly = (engineVersion: string): boolean =>
  Number.parseInt(engineVersion, 10) >= 25;

/**
 * A health check that is asked for as often as the engine allows. One that looks more often at a container that starts
 * than at one that runs tells it healthy a moment after it is, and costs little from then on: each look starts a process.
 *
 * @param check with the interval of an engine that looks always alike
 */
export const healthCheck = (
  { host, looksEarly: isEarly = host.kind === "hetzner" }: Config,
  check: Omit<HealthCheck, "startInterval">,
): HealthCheck => (isEarly ? { ...check, interval: "30s", startInterval: "2s" } : check);
