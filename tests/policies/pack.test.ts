import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import {
  EnforcementLevel,
  type AnalyzerInfo,
  type PolicyInfo,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { parse } from "yaml";
import { rules } from "../../policies/rules";
import { until } from "../support/commands";
import { textOf } from "../support/page";
import { projectFolder } from "../support/projectFolder";
import { callToolchain } from "../support/toolchain";

const inProject = (name: string): string => path.join(projectFolder, name);

/** `limitMemory` as `limit-memory`; a number begins no word. */
const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace("404", "-404");

it("has each rule in a file of its own, which is called as the rule is", () => {
  const files = readdirSync(inProject("policies/rules")).map((file) => path.parse(file).name);
  expect(rules.map(({ name }) => name).sort()).toEqual(files.map(kebab).sort());
});

it("has a spec for each rule", () => {
  const specs = readdirSync(inProject("tests/policies/rules"));
  const files = readdirSync(inProject("policies/rules"));
  expect(specs.sort()).toEqual(files.map((file) => file.replace(".ts", ".test.ts")).sort());
});

it("says of each rule what it demands, how grave it is, and what to do", () => {
  for (const { name, description, severity, remediationSteps } of rules) {
    expect({ name, description, severity, remediationSteps }).toEqual({
      name,
      description: expect.stringMatching(/^[A-Z].{20,}\.$/) as unknown,
      severity: expect.stringMatching(/^(low|medium|high|critical)$/) as unknown,
      remediationSteps: expect.stringMatching(/^[a-z].{10,}[^.]$/) as unknown,
    });
  }
});

it("is of the project's own version", () => {
  const version = (file: string): unknown =>
    (JSON.parse(textOf(file)) as { readonly version: unknown }).version;
  expect(version("policies/package.json")).toBe(version("package.json"));
});

/** How the pack is started: by Pulumi's own host as the pack of a folder, and by the npm commands. */
const starts: Readonly<Record<string, readonly string[]>> = {
  policies: [
    process.execPath,
    inProject("node_modules/@pulumi/pulumi/cmd/run-policy-pack"),
    "127.0.0.1:1",
    ".",
  ],
  "toolchain/policies": [
    inProject("toolchain/policies/pulumi-analyzer-policy-embedded"),
    "127.0.0.1:1",
    ".",
  ],
};

describe.each(Object.entries(starts))("the pack %s", (folder, [program = "", ...args]) => {
  let running: ChildProcess;
  let client: AnalyzerClient;

  beforeAll(async () => {
    callToolchain("compile", "compile", []);
    const cwd = inProject(folder);
    running = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<string>((resolve, reject) => {
      running.once("error", reject);
      running.stdout?.once("data", (text: Buffer) => resolve(text.toString().trim()));
    });
    client = new AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  });

  afterAll(() => {
    client.close();
    running.kill();
  });

  it("tells Pulumi what it is", () => {
    expect(parse(textOf(`${folder}/PulumiPolicy.yaml`))).toMatchObject({
      runtime: expect.stringMatching(/^(nodejs|embedded)$/) as unknown,
      description: expect.stringMatching(/.{20,}/) as unknown,
    });
  });

  it("offers every rule, with its level and its parameters", async () => {
    const info = await new Promise<AnalyzerInfo>((resolve, reject) => {
      client.getAnalyzerInfo(new Empty(), (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
    expect(info.getName()).toBe("mastodon");
    const { MANDATORY, ADVISORY, REMEDIATE } = EnforcementLevel;
    const levels = { mandatory: MANDATORY, advisory: ADVISORY, remediate: REMEDIATE, disabled: -1 };
    expect(info.getPoliciesList().map(described)).toEqual(
      rules.map(({ name, enforcementLevel = "mandatory", configSchema }) => ({
        name,
        level: levels[enforcementLevel],
        parameters: Object.keys(configSchema?.properties ?? {}).sort(),
      })),
    );
  });
});

it("ends with the engine that has started it, also where that is killed", async () => {
  const start = inProject("toolchain/policies/pulumi-analyzer-policy-embedded");
  const engine = spawn("sh", ["-c", '"$0" & echo $!; wait', start], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = await new Promise<string[]>((resolve) => {
    let said = "";
    engine.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      const found = said.split("\n").filter((line) => line !== "");
      // Its process id, and once it is ready its port.
      if (found.length === 2) resolve(found);
    });
  });
  const pack = Number(lines[0]);
  const lives = (): boolean => callToolchain("processes", "isAlive", [pack]) as boolean;
  try {
    expect(lives()).toBe(true);
    engine.kill("SIGKILL");
    await until("the pack to end", 15_000, () => Promise.resolve(!lives()));
  } finally {
    if (lives()) process.kill(pack);
  }
});

const described = (policy: PolicyInfo) => ({
  name: policy.getName(),
  level: policy.getEnforcementlevel(),
  parameters: Object.keys(policy.getConfigschema()?.getProperties()?.toJavaScript() ?? {}).sort(),
});
