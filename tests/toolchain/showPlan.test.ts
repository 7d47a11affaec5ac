import { spawnSync } from "node:child_process";
import path from "node:path";
import { projectFolder } from "../support/projectFolder";

const show = (
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [path.join(projectFolder, "toolchain/showPlan.mjs"), ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });

it.each([
  ["dev", "this machine"],
  ["prod", "a new cx23 at Hetzner (fsn1)"],
  ["mac", "ssh://alice@192.0.2.20"],
  ["pi", "ssh://alice@192.0.2.20"],
])("npm run plan prints the table of %s, filled in or not", (stack, where) => {
  const { status, stdout } = show("--stack", stack);
  expect(status).toBe(0);
  expect(stdout).toContain(where);
  expect(stdout).toMatch(/^max_connections +\d+ +\w/m);
  expect(stdout).toMatch(/^gateway +\d+ MB +egress +caddy:/m);
  expect(stdout.includes("yet to be filled in: domain")).toBe(stack !== "dev");
});

it("says so where there is no such stack", () => {
  const { status, stderr } = show("--stack", "nope");
  expect(status).toBe(1);
  expect(stderr).toContain("There is no Pulumi.nope.yaml");
});
