const path = require("node:path");

// What `pulumi preview --policy-pack policies` loads: the compiled pack, compiling first what has changed.
module.exports = async () => {
  const { compile } = await import("./compile.mjs");
  await compile();
  require(path.join(__dirname, "../dist/policies/index.js"));
};
