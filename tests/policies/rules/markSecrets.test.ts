import { markSecrets } from "../../../policies/rules/markSecrets";
import { mastodonVariables } from "../../../plan/variables/mastodonVariables";
import { container, job, password, server } from "../../support/compliant";
import { judge, resource, secretValue, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const provider = (token: unknown) =>
  resource("pulumi:providers:hcloud", "instance-hcloud", { inputs: { token } });
const upload = (file: string, content: unknown) =>
  container("web", { uploads: [{ file, content }] });
const [clear, marked] = ["hunter2", secretValue("hunter2")];

specify(markSecrets, {
  passes: {
    "secrets with their mark": [
      container("web"),
      job({ DATABASE_PASSWORD: marked, TZ: "UTC" }),
      provider(marked),
      server(),
      upload("/run/secrets/DB_PASS", marked),
    ],
    "a mark around all of it": [
      container("web", { envs: secretValue(["DB_PASS=hunter2"]) }),
      job({}, "instance-other"),
    ],
    "what has no mark yet": [
      container("web", { envs: [unknownValue.string, "TZ=UTC"] }),
      job({ DATABASE_PASSWORD: unknownValue.string }),
      provider(unknownValue.string),
    ],
    "names that only sound like it": [
      container("web", { command: ["PASSWORD=$(cat /run/password)"] }),
      job({ VAPID_PUBLIC_KEY: clear, OIDC_CLIENT_AUTH_METHOD: "basic", PASSWORD_LENGTH: "8" }),
    ],
    "the place of a secret": [
      container("web", { envs: ["FILE__DB_PASS=/run/secrets/DB_PASS", "DB_PASS="] }),
    ],
  },
  refuses: {
    "a variable of a container": [
      [container("web", { envs: ["DB_PASS=hunter2"] })],
      "instance-web holds DB_PASS in clear",
    ],
    "one of several": [
      [container("web", { envs: [secretValue("DB_PASS=x"), "SECRET_KEY_BASE=y"] })],
      "holds SECRET_KEY_BASE in clear",
    ],
    "a variable of a job": [
      [job({ DATABASE_PASSWORD: clear })],
      "instance-job holds DATABASE_PASSWORD in clear",
    ],
    "a token of a provider": [[provider(clear)], "instance-hcloud holds token in clear"],
    "what a server is told at its first start": [
      [server({ userData: "#cloud-config" })],
      "instance-server holds userData in clear",
    ],
    "a file among the secrets": [
      [upload("/run/secrets/database", clear)],
      "instance-web holds SECRET in clear",
    ],
    "a file that is named like one": [[upload("/etc/smtp-token", clear)], "holds smtp-token"],
    "what a password is kept for": [
      [password({ keepers: { oldPassword: clear } })],
      "instance-password holds oldPassword in clear",
    ],
    "what its owner calls a secret": [
      { resources: [job({ PIN: "1234" })], set: { names: ["PIN"] } },
      "instance-job holds PIN in clear",
    ],
  },
});

it("knows every variable of Mastodon that holds a secret", async () => {
  const secrets = [...mastodonVariables].flatMap(([name, { secret }]) => (secret ? [name] : []));
  expect(secrets).not.toHaveLength(0);
  for (const name of secrets) {
    const [finding] = await judge([markSecrets], [job({ [name]: "x" })]);
    expect({ name, says: finding?.message }).toEqual({
      name,
      says: expect.stringContaining(`holds ${name} in clear`) as unknown,
    });
  }
});

it("never repeats the value", async () => {
  const found = await judge([markSecrets], [container("web", { envs: ["DB_PASS=hunter2"] })]);
  expect(found).toHaveLength(1);
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

it("says so where it was not shown the marks", async () => {
  const found = await judge(
    [{ ...markSecrets, enforcementLevel: "mandatory" }],
    [container("web")],
  );
  expect(found).toEqual([
    {
      rule: "mark-secrets",
      level: "refused",
      message: expect.stringContaining("instance-web was not looked at") as unknown,
    },
  ]);
});
