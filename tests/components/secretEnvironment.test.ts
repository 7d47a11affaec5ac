import * as pulumi from "@pulumi/pulumi";
import { Instance, type ProvidedSecrets } from "../../components";
import { makePlan, parseConfig } from "../../plan";
import { recordProgram } from "../support/harness";

const names = ["GITHUB_API_TOKEN", "LDAP_PASSWORD"];
const config = parseConfig({ environment: { LDAP_ENABLED: "false" } }, [], names);

const recordWith = (provided: ProvidedSecrets) =>
  recordProgram(
    (parent) => new Instance("mastodon", { plan: makePlan(config), provided }, { parent }).outputs,
  );

const secretEnvironment = {
  GITHUB_API_TOKEN: pulumi.secret("correct horse"),
  LDAP_PASSWORD: pulumi.secret("battery staple"),
};

it("gives an encrypted variable to web and sidekiq, as a secret, and to nothing else", async () => {
  const { resources } = await recordWith({ secretEnvironment });
  const having = resources.filter(({ inputs }) => JSON.stringify(inputs).includes("correct horse"));
  expect(having.map(({ name }) => name)).toEqual([
    "mastodon-app-sidekiq-default",
    "mastodon-app-web",
  ]);
  for (const { inputs, secretInputs } of having) {
    const envs = JSON.stringify(inputs["envs"]);
    expect(envs).toContain("GITHUB_API_TOKEN=correct horse");
    expect(envs).toContain("LDAP_PASSWORD=battery staple");
    expect(secretInputs).toContain("envs");
  }
});

it("writes it into the environment file, which is a secret as a whole", async () => {
  const { outputs } = await recordWith({ secretEnvironment });
  const found = Object.entries(outputs).filter(([, { value }]) =>
    JSON.stringify(value).includes("correct horse"),
  );
  expect(found).toEqual([["environmentFile", expect.objectContaining({ secret: true })]]);
});

it("is not made up where nobody provides it", async () => {
  await expect(recordWith({})).rejects.toThrow(
    "the plan refers to the secret environment.GITHUB_API_TOKEN, which nobody provides",
  );
});
