import * as pulumi from "@pulumi/pulumi";
import { Instance } from "../../components";
import { makePlan, parseConfig } from "../../plan";
import { recordProgram, type RecordedResource } from "../support/harness";
import { bucket } from "../plan/badMedia";

const keys = ["s3AccessKeyId", "s3SecretAccessKey"] as const;
const plan = makePlan(parseConfig({ media: bucket }, keys));
const provided = Object.fromEntries(keys.map((key) => [key, pulumi.secret(`value of ${key}`)]));

const containerType = "docker:index/container:Container";

async function recorded(): Promise<readonly RecordedResource[]> {
  const { resources } = await recordProgram(
    (parent) => new Instance("mastodon", { plan, provided }, { parent }).outputs,
  );
  return resources;
}

/** Everything that a resource waits for, by option or for its id, and what that waits for in turn. */
function awaited(name: string, all: readonly RecordedResource[]): ReadonlySet<string> {
  const found = new Set<string>();
  const direct = ({ dependsOn = [], inputs }: RecordedResource): string[] => [
    ...dependsOn,
    ...all.map((one) => one.name).filter((one) => JSON.stringify(inputs).includes(`"${one}-id"`)),
  ];
  const visit = (each: string): void => {
    const resources = all.filter((one) => one.name === each);
    for (const next of resources.flatMap(direct).filter((one) => !found.has(one))) {
      found.add(next);
      visit(next);
    }
  };
  visit(name);
  return found;
}

it("changes no container before the bucket was found to be good", async () => {
  const all = await recorded();
  const containers = all.filter(({ type }) => type === containerType);
  expect(containers.map(({ name }) => name)).toContain("mastodon-app-web");
  for (const { name } of containers)
    expect([name, awaited(name, all).has("mastodon-checks-media")]).toEqual([name, true]);
});

it("asks by the network that leads out, which is there by then, and keeps what is said secret", async () => {
  const check = (await recorded()).find(({ name }) => name === "mastodon-checks-media");
  expect(check).toMatchObject({
    type: "command:local:Command",
    dependsOn: ["mastodon-foundation"],
    additionalSecretOutputs: ["stdout", "stderr"],
    secretInputs: ["environment"],
  });
});
