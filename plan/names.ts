import { createHash } from "node:crypto";

/** The prefix of every physical name of an instance: containers, networks and volumes of two never collide. */
export const instanceName = (name: string): string => `mastodon-${name}`;

/** What DNS allows as a label, so that a container's name also resolves. */
const longestName = 63;

/**
 * The name under which a container, network or volume is known to the engine.
 *
 * @param instance the instance's name; a very long one is cut, and told apart by a digest of the whole
 */
export const physicalName = (instance: string, part: string): string =>
  shortened(instanceName(instance), `-${part}`);

/** What Hetzner takes as a label's value: no longer than a DNS label. */
export const labelValue = (instance: string): string => shortened(instanceName(instance), "");

function shortened(name: string, suffix: string): string {
  const whole = `${name}${suffix}`;
  if (whole.length <= longestName) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${name.slice(0, longestName - suffix.length - digest.length - 1)}-${digest}${suffix}`;
}

const instanceLabel = "org.joinmastodon.instance";

/** The label of everything that belongs to an instance, as filters of the docker client take it. */
export const labelOf = (instance: string): string => `${instanceLabel}=${instanceName(instance)}`;

/** The label that says which part of its instance something is. */
export const partLabel = "org.joinmastodon.part";

/** The label of a container that says on which network it is found once it is healthy. */
export const networkLabel = "org.joinmastodon.network";

/** Labels by which everything that belongs to an instance is found again, whatever became of the state. */
export function labelsOf(instance: string, part: string): Readonly<Record<string, string>> {
  return {
    [instanceLabel]: instanceName(instance),
    [partLabel]: part,
  };
}
