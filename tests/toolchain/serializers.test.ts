import { execFileSync } from "node:child_process";
import path from "node:path";

const project = path.join(__dirname, "../..");

/** What plain Node prints that has been told to load the serializers lazily. Jest has a module loader of its own. */
function printed(script: string): unknown {
  const whole = `
    const { loadSerializersLazily, serializers } = require("./toolchain/serializers.cjs");
    const loaded = () => ["typescript", "@npmcli/arborist"].filter((name) =>
      Object.keys(require.cache).some((file) => file.includes("/node_modules/" + name + "/")));
    (async () => console.log(JSON.stringify(await (async () => { ${script} })())))();`;
  return JSON.parse(
    execFileSync(process.execPath, ["--eval", whole], { cwd: project, encoding: "utf8" }),
  );
}

it("the SDK is there without what turns functions into text", () => {
  expect(
    printed(`
      loadSerializersLazily();
      const pulumi = require("@pulumi/pulumi");
      return [typeof pulumi.Output, loaded()];`),
  ).toEqual(["function", []]);
});

it("so are the policies", () => {
  expect(
    printed(`
      loadSerializersLazily();
      return [typeof require("@pulumi/policy").PolicyPack, loaded()];`),
  ).toEqual(["function", []]);
});

it.each(["program", "policies"])("%s.cjs sees to it before it loads the SDK", (entry) => {
  expect(
    printed(`
      require("./toolchain/${entry}.cjs")().catch(() => undefined);
      // What it does next is to compile, which is not asked for here.
      setImmediate(() => process.exit());
      return [typeof require("@pulumi/pulumi").Output, loaded()];`),
  ).toEqual(["function", []]);
});

it("a function can be turned into text all the same", () => {
  expect(
    printed(`
      loadSerializersLazily();
      const { runtime } = require("@pulumi/pulumi");
      const { text } = await runtime.serializeFunction(() => "turned");
      return [text.includes("turned"), loaded()];`),
  ).toEqual([true, ["typescript"]]);
});

it("names all that those modules of the SDK have", () => {
  expect(
    printed(`
      return Object.entries(serializers).map(([name, functions]) =>
        [functions, Object.keys(require(name)).filter((key) => key !== "default")]);`),
  ).toEqual([
    [
      ["computeCodePaths", "findWorkspaceRoot"],
      ["computeCodePaths", "findWorkspaceRoot"],
    ],
    [
      ["serializeFunction", "serializeFunctionAsync"],
      ["serializeFunction", "serializeFunctionAsync"],
    ],
  ]);
});
