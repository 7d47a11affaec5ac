import { statSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { textOf } from "../support/page";
import { projectFolder } from "../support/projectFolder";
import { callToolchain } from "../support/toolchain";

const pack = path.join(projectFolder, "toolchain/policies");
const argumentsOf = (command: string): unknown =>
  callToolchain("policies", "policyArguments", [command]);

it.each(["up", "update", "preview", "watch"])("has %s judged", (command) => {
  expect(argumentsOf(command)).toEqual(["--policy-pack", pack]);
});

// They would refuse the flag: they run no program.
it.each(["destroy", "refresh", "import", "stack", "config"])("leaves %s alone", (command) => {
  expect(argumentsOf(command)).toEqual([]);
});

it("has Pulumi.yaml say where that is started from", () => {
  const { plugins } = parse(textOf("Pulumi.yaml")) as { readonly plugins: unknown };
  const { runtime } = parse(textOf("toolchain/policies/PulumiPolicy.yaml")) as { runtime: string };
  const name = `policy-${runtime}`;
  expect(plugins).toEqual({ analyzers: [{ name, path: path.relative(projectFolder, pack) }] });
  const { mode } = statSync(path.join(pack, `pulumi-analyzer-${name}`));
  expect(mode & 0o111).toBe(0o111);
});
