import { readdirSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { textOf } from "../support/page";
import { projectFolder } from "../support/projectFolder";
import { isMap } from "../../plan";
import { callScript } from "../support/toolchain";

type Map = Readonly<Record<string, unknown>>;

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(projectFolder, folder)).map((file) => `${folder}/${file}`);

const mapOf = (value: unknown): Map => (isMap(value) ? value : {});
const textIn = (value: unknown): string => (typeof value === "string" ? value : "");
const listOf = (value: unknown): Map[] => (Array.isArray(value) ? value.map(mapOf) : []);

/** One job of a workflow, or the steps of an action. */
interface Job {
  readonly name: string;
  readonly job: Map;
  readonly steps: readonly Map[];
}

interface Workflow {
  readonly file: string;
  readonly text: string;
  readonly whole: Map;
  readonly jobs: readonly Job[];
}

const workflowOf = (file: string, text = textOf(file)): Workflow => {
  const whole = mapOf(parse(text));
  const jobs = Object.entries(mapOf(whole["jobs"])).map(([name, value]) => {
    const job = mapOf(value);
    return { name, job, steps: listOf(job["steps"]) };
  });
  return { file, text, whole, jobs };
};

const workflows = filesIn(".github/workflows").map((file) => workflowOf(file));
const actions = readdirSync(path.join(projectFolder, ".github/actions")).map((name) =>
  workflowOf(`.github/actions/${name}/action.yaml`),
);
const workflow = (name: string): Workflow => {
  const found = workflows.find(({ file }) => file.endsWith(`/${name}.yaml`));
  if (found === undefined) throw new Error(`there is no workflow ${name}`);
  return found;
};

const stepsOf = ({ whole, jobs }: Workflow): readonly Map[] => [
  ...listOf(mapOf(whole["runs"])["steps"]),
  ...jobs.flatMap(({ steps }) => steps),
];

/** A rule for each file, and one way to break it. */
interface Rule {
  readonly name: string;
  /** What of a file breaks it. */
  readonly offenders: (workflow: Workflow) => readonly unknown[];
  /** What is put in place of what, in the file that is named. */
  readonly spoilt: readonly [workflow: string, from: RegExp, to: string];
}

const uses = /^\s*(?:- )?uses: (.*)$/gm;
const pinned = /^(?:\.\/\.github\/actions\/\w+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;

/** What an expression may be of that stands in a command: nothing. Its value would be part of the script. */
const expression = /\$\{\{/;

const runsForForks = ({ whole }: Workflow, { job }: Job): boolean => {
  const events = mapOf(whole["on"]);
  const own = "github.event.pull_request.head.repo.full_name == github.repository";
  return "pull_request" in events && !textIn(job["if"]).includes(own);
};

const rules: readonly Rule[] = [
  {
    name: "takes each action by the commit of a version, or from this repository",
    offenders: ({ text }) =>
      [...text.matchAll(uses)].map(([, used = ""]) => used).filter((used) => !pinned.test(used)),
    spoilt: ["check", /@[0-9a-f]{40} # v7.0.1/, "@v7"],
  },
  {
    name: "allows nothing to all jobs",
    offenders: ({ whole }) =>
      JSON.stringify(whole["permissions"]) === "{}" ? [] : [whole["permissions"] ?? "none"],
    spoilt: ["drift", /^permissions: \{\}$/m, "permissions: write-all"],
  },
  {
    name: "says of each job what it is allowed",
    offenders: ({ jobs }) =>
      jobs
        .filter(({ job }) => Object.keys(mapOf(job["permissions"])).length === 0)
        .map(({ name }) => name),
    spoilt: ["deploy", /^ {4}permissions:\n {6}contents: read$/m, ""],
  },
  {
    name: "lets no job write but comments and issues",
    offenders: ({ jobs }) =>
      jobs.flatMap(({ job }) =>
        Object.entries(mapOf(job["permissions"]))
          .filter(([scope, right]) => !(right === "read" || /^(pull-requests|issues)$/.test(scope)))
          .map(([scope]) => scope),
      ),
    spoilt: ["review", /contents: read/, "contents: write"],
  },
  {
    name: "gives each job a limit of time",
    offenders: ({ jobs }) =>
      jobs.filter(({ job }) => typeof job["timeout-minutes"] !== "number").map(({ name }) => name),
    spoilt: ["check", /^ {4}timeout-minutes: 30$/m, ""],
  },
  {
    name: "is not run for pull requests with the rights of the repository",
    offenders: ({ whole }) =>
      Object.keys(mapOf(whole["on"])).filter((event) =>
        ["pull_request_target", "workflow_run", "issue_comment"].includes(event),
      ),
    spoilt: ["review", /^ {2}pull_request:$/m, "  pull_request_target:"],
  },
  {
    name: "leaves no token behind in the work tree",
    offenders: (found) =>
      stepsOf(found).filter(
        ({ uses: used, with: settings }) =>
          textIn(used).startsWith("actions/checkout@") &&
          mapOf(settings)["persist-credentials"] !== false,
      ),
    spoilt: ["deploy", /persist-credentials: false/, "persist-credentials: true"],
  },
  {
    name: "puts no expression into a command",
    offenders: (found) => stepsOf(found).filter(({ run }) => expression.test(textIn(run))),
    spoilt: ["drift", /run: node (\S+findDrift.mjs)/, "run: node $1 ${{ github.head_ref }}"],
  },
  {
    name: "gives secrets to single steps, never to a whole job or to an action",
    offenders: ({ jobs, whole }) => [
      ...[whole["env"], ...jobs.map(({ job }) => job["env"])].filter((env) =>
        JSON.stringify(env ?? {}).includes("secrets."),
      ),
      ...jobs.flatMap(({ steps }) =>
        steps.filter(
          ({ uses: used, ...step }) =>
            used !== undefined && /secrets\.|github\.token/.test(JSON.stringify(step)),
        ),
      ),
    ],
    spoilt: [
      "review",
      /^ {4}env:$/m,
      "    env:\n      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}",
    ],
  },
  {
    name: "gives no step both the keys to a stack and those to GitHub",
    offenders: (found) =>
      stepsOf(found).filter(({ env }) => {
        const text = JSON.stringify(env ?? {});
        return text.includes("secrets.") && text.includes("github.token");
      }),
    spoilt: [
      "review",
      /^ {10}PULUMI_ACCESS_TOKEN: .*$/m,
      "          PULUMI_ACCESS_TOKEN: ${{ secrets.PULUMI_ACCESS_TOKEN }}\n          GITHUB_TOKEN: ${{ github.token }}",
    ],
  },
  {
    name: "has no secret, no right to write and no runner of one's own where forks run it",
    offenders: (found) =>
      found.jobs
        .filter((job) => runsForForks(found, job))
        .filter(({ job }) => /secrets\.|vars\.|"write"/.test(JSON.stringify(job)))
        .map(({ name }) => name),
    spoilt: [
      "review",
      /&& github\.event\.pull_request\.head\.repo\.full_name == github\.repository\n/,
      "\n",
    ],
  },
];

describe.each(workflows)("$file", (found) => {
  it.each(rules)("$name", ({ offenders }) => {
    expect(offenders(found)).toEqual([]);
  });

  it("has jobs, each with steps", () => {
    expect(found.jobs).not.toEqual([]);
    for (const { steps } of found.jobs) expect(steps).not.toEqual([]);
  });

  it("runs only scripts that are there", () => {
    const scripts = filesIn(".github/scripts");
    const named = [...found.text.matchAll(/node (\.github\/scripts\/\S+)/g)];
    for (const [, script] of named) expect(scripts).toContain(script);
  });
});

it.each(rules)("it would be noticed if a workflow broke: $name", ({ offenders, spoilt }) => {
  const [name, from, to] = spoilt;
  const { file, text } = workflow(name);
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  expect(offenders(workflowOf(file, changed))).not.toEqual([]);
});

describe.each(actions)("$file", (found) => {
  it.each(rules.filter(({ name }) => /by the commit|into a command/.test(name)))(
    "$name",
    ({ offenders }) => {
      expect(offenders(found)).toEqual([]);
    },
  );

  it("is given no secret", () => {
    expect(found.text).not.toMatch(/secrets\.|inputs\./);
  });
});

describe("the workflows that work on stacks", () => {
  const stepEnvironments = (pattern: RegExp): Map[] =>
    ["review", "deploy", "drift"]
      .flatMap((name) => workflow(name).jobs)
      .flatMap(({ steps }) => steps)
      .filter(({ run }) => pattern.test(textIn(run)))
      .map(({ env }) => mapOf(env));

  it("are given the same keys in each step that opens a stack", () => {
    const given = stepEnvironments(/reviewStacks|findDrift|pulumi\.mjs up/);
    expect(given).toHaveLength(4);
    for (const { STACKS: _stacks, ...env } of given) {
      expect(Object.keys(env).sort()).toEqual([
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
      ]);
      for (const [name, value] of Object.entries(env))
        expect(value).toBe(`\${{ secrets.${name} }}`);
    }
  });

  it("say where the state is in each job that opens a stack", () => {
    const jobs = ["review", "deploy", "drift"]
      .flatMap((name) => workflow(name).jobs)
      .filter(({ job }) => JSON.stringify(job).includes("secrets."));
    expect(jobs).toHaveLength(4);
    for (const { job } of jobs) {
      const { PULL_REQUEST: _number, ...env } = mapOf(job["env"]);
      expect(env).toEqual({
        PULUMI_BACKEND_URL: "${{ vars.PULUMI_BACKEND_URL || 'https://api.pulumi.com' }}",
        PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
      });
    }
  });

  it("do nothing in a repository that names no stacks", () => {
    for (const name of ["review", "deploy", "drift"]) {
      const [first] = workflow(name).jobs;
      expect(textIn(first?.job["if"])).toContain("vars.STACKS != ''");
    }
  });
});

describe("deploying", () => {
  const { whole, jobs } = workflow("deploy");
  const up = jobs.find(({ name }) => name === "up")?.job;

  it("is approved, after what it does was reviewed", () => {
    expect(up).toMatchObject({
      environment: "production",
      needs: ["approval", "review"],
      if: "needs.approval.outputs.approved == 'true'",
    });
  });

  it("never goes on beside another, and is never cut short", () => {
    expect(whole["concurrency"]).toEqual({ group: "deploy", "cancel-in-progress": false });
  });

  it("is of the default branch alone", () => {
    const [approval] = jobs;
    expect(approval?.job["if"]).toContain(
      "github.ref_name == github.event.repository.default_branch",
    );
    for (const { name, job } of jobs.slice(1))
      expect([name, [job["needs"]].flat()]).toEqual([name, expect.arrayContaining(["approval"])]);
  });

  it("leaves out what the review leaves out", () => {
    const { push } = mapOf(whole["on"]);
    expect(mapOf(push)["paths-ignore"]).toEqual(callScript("stacks", "patternsApart", []));
  });
});
