const path = require("node:path");
const { loadSerializersLazily } = require("./serializers.cjs");
const { translateFailuresOnly } = require("./stackTraces.cjs");

// What Pulumi loads. It runs the compiled program, compiling first what has changed: the SDK's own loader would
// type-check on every run, which costs five seconds and happens twice in each `pulumi up`.
module.exports = async () => {
  translateFailuresOnly();
  loadSerializersLazily();
  const { compile } = await import("./compile.mjs");
  await compile();
  const program = /** @type {typeof import("../index.js")} */ (
    require(path.join(__dirname, "../dist/index.js"))
  );
  return program.default();
};
