import { Instance, readConfig, type InstanceOutputs } from "./components";
import { makePlan } from "./plan";

/** One stack file becomes one running Mastodon instance. */
export default async function program(): Promise<InstanceOutputs> {
  const { config, provided } = await readConfig();
  const plan = makePlan(config);
  return new Instance("mastodon", { plan, provided }).outputs;
}
