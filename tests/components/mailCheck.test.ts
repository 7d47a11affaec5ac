import { configWith } from "../support/fixtures";
import { record, type RecordedResource } from "../support/harness";

const smtp = { server: "smtp.example.org", login: "alice", from: "notifications@example.org" };
const password = "correct horse battery staple";
const check = "mastodon-checks-mail";

const recorded = async (): Promise<readonly RecordedResource[]> =>
  (await record(configWith({ smtp }), { smtpPassword: password })).resources;

it.each(["mastodon-database-postgres", "mastodon-cache-redis"])(
  "changes nothing of %s before the mail server has agreed",
  async (name) => {
    const found = (await recorded()).find((resource) => resource.name === name);
    expect(found?.dependsOn).toContain(check);
  },
);

it("asks with the mail's password, as a secret, and with no other", async () => {
  const found = (await recorded()).find(({ name }) => name === check);
  expect(found?.secretInputs).toEqual(["environment"]);
  const values = JSON.stringify(found?.inputs);
  expect(values.match(/‹\w+›/g)).toEqual(["‹smtpPassword›"]);
});

it("asks nobody where mail stays on the machine", async () => {
  const { resources } = await record(configWith());
  expect(resources.map(({ name }) => name)).not.toContain(check);
});
