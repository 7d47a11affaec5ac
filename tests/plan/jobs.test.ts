import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { makePlan, type JobSpec } from "../../plan";
import { caddyfile } from "../../plan/edge/caddyfile";
import { firstPasswordScript, retentionScript } from "../../plan/jobs";
import { configWith, fullest } from "../support/fixtures";

const jobsOf = (overrides: Readonly<Record<string, unknown>>): JobSpec[] =>
  Object.values(makePlan(configWith(overrides)).jobs);

const plans = { smallest: {}, fullest };
const table = Object.entries(plans).flatMap(([name, overrides]) =>
  jobsOf(overrides).map((job): [string, JobSpec] => [`${job.part}, ${name}`, job]),
);

/** Throws with the shell's own words where it does not understand the script. */
const readByShell = (script: string): void => {
  execFileSync("/bin/sh", ["-n"], { input: script, stdio: ["pipe", "pipe", "pipe"] });
};

it.each(jobsOf({}).map((job) => [job.part, job] as const))(
  "%s does what was reviewed",
  (_part, job) => {
    expect(job.script).toMatchSnapshot();
  },
);

it.each(table)("is understood by a shell: %s", (_name, { script }) => {
  expect(() => readByShell(script)).not.toThrow();
});

it("would be told where a script is none", () => {
  expect(() => readByShell('if [ -n "$x" ]; then')).toThrow();
});

it.each(table)("stops at the first command that fails: %s", (_name, { script, part }) => {
  if (part === "role") expect(script).toContain("--set=ON_ERROR_STOP=1");
  else expect(script).toMatch(/^set -eu\n/);
});

it.each(table)("takes values from its environment, never from its text: %s", (_name, job) => {
  for (const name of Object.keys(job.environment)) {
    expect(job.script).not.toMatch(new RegExp(`\\b${name}=`));
    expect(job.script).toContain(`--env=${name}`);
  }
});

it("puts nothing of the owner's account into a script", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9_]{8,30}$/), (username) => {
      const config = { admin: { username, email: `${username}@example.org` } };
      for (const { script } of jobsOf(config)) expect(script).not.toContain(username);
    }),
    { numRuns: 50 },
  );
});

it.each(table.filter(([, { part }]) => part !== "role"))(
  "runs hardened as the containers do: %s",
  (_name, { script, part }) => {
    for (const option of [
      "--rm",
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      // Caddy's image has no user of its own.
      part === "caddyfile" ? "--user=0:0" : "--user=991:991",
    ]) {
      expect(script).toContain(option);
    }
    expect(script).toMatch(/--memory=(\d+)m --memory-swap=\1m/);
    expect(script).not.toMatch(/--privileged|--publish|-p \d|--network=host|--volume/);
  },
);

it.each(table)(
  "leaves no container to be taken for one that its owner has stopped: %s",
  (_name, job) => {
    expect(job.script).not.toMatch(/docker (container )?(kill|stop)\b/);
  },
);

it("removes what an interrupted run left behind before it runs again", () => {
  for (const { script, part } of jobsOf({ domain: "social.example.org" })) {
    if (part === "role") continue;
    const name = `mastodon-social.example.org-${part}`;
    expect(script).toContain(`'name=^/?${name}$'`);
    expect(script.indexOf("docker rm --force")).toBeLessThan(script.indexOf(`--name=${name}`));
  }
});

it.each([
  ["none", "close"],
  ["approval", "approved"],
  ["open", "open"],
])("says registrations %s as tootctl does: %s", (registrations, mode) => {
  const { settings } = makePlan(configWith({ registrations })).jobs;
  expect(settings.script).toMatch(new RegExp(`tootctl settings registrations ${mode}$`, "m"));
});

it("has other servers' media cleared away after as long as the plan says, unless somebody decided otherwise", () => {
  const { jobs, sizing } = makePlan(configWith());
  expect(jobs.settings.script).toContain(retentionScript(sizing.retention.mediaDays));
  expect(retentionScript(14)).toMatch(/= 14 if .*\.nil\?$/);
});

it("migrates again with another image, and does nothing else again for it", () => {
  const follows = jobsOf({}).filter(({ followsImage }) => followsImage);
  expect(follows.map(({ part }) => part)).toEqual(["migrate"]);
});

it("leaves the password of an owner who signed in alone", () => {
  expect(firstPasswordScript).toMatch(/^user = .*\nif user\.current_sign_in_at\.nil\?\n/);
});

describe("the publication of a container", () => {
  const { publications } = makePlan(configWith({ domain: "social.example.org" }));

  it("does what was reviewed", () => {
    expect(publications).toMatchSnapshot();
  });

  it.each(Object.values(publications))(
    "is understood by a shell: $part",
    ({ publish, withdraw }) => {
      expect(() => readByShell(publish)).not.toThrow();
      expect(() => readByShell(withdraw)).not.toThrow();
    },
  );

  it.each(Object.values(publications))(
    "names $part as the gateway asks for it",
    ({ part, publish }) => {
      expect(publish).toContain(`--alias ${part} `);
      expect(caddyfile(configWith())).toContain(`name ${part}\n`);
    },
  );
});
