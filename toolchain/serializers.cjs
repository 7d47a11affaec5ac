const Module = require("node:module");

/**
 * The SDK's functions that turn functions into text, as dynamic providers and lambdas need it. The modules that hold them
 * load a compiler and npm's resolver: half of the time in which a program starts, for what nothing here calls.
 */
const serializers = {
  "@pulumi/pulumi/runtime/closure/codePaths": ["computeCodePaths", "findWorkspaceRoot"],
  "@pulumi/pulumi/runtime/closure/serializeClosure": [
    "serializeFunction",
    "serializeFunctionAsync",
  ],
};

/** Has their modules loaded by whoever calls one. To be done before the SDK is loaded, and without effect after that. */
exports.loadSerializersLazily = () => {
  for (const [name, functions] of Object.entries(serializers)) {
    const file = require.resolve(name);
    if (require.cache[file] !== undefined) continue;
    const placeholder = new Module(file);
    placeholder.exports = Object.fromEntries(functions.map((each) => [each, callOf(file, each)]));
    require.cache[file] = placeholder;
  }
};

/**
 * @param {string} file
 * @param {string} name of one of its functions
 * @returns {(...args: unknown[]) => unknown} which puts the module itself in the placeholder's place
 */
function callOf(file, name) {
  return (...args) => {
    if (require.cache[file]?.loaded === false) require.cache[file] = undefined;
    const functions = /** @type {Record<string, (...args: unknown[]) => unknown>} */ (
      require(file)
    );
    return functions[name]?.(...args);
  };
}

exports.serializers = serializers;
