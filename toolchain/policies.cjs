const path = require("node:path");
const { loadSerializersLazily } = require("./serializers.cjs");

// What `pulumi preview --policy-pack policies` loads: the compiled pack, compiling first what has changed.
module.exports = async () => {
  loadSerializersLazily();
  const { compile } = await import("./compile.mjs");
  await compile();
  require(path.join(__dirname, "../dist/policies/index.js"));
};
