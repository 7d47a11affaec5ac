/**
 * Turns one TypeScript file into JavaScript without looking at its types: for the program and for its tests alike.
 *
 * @param {string} source
 * @param {string} fileName
 * @returns {string} with its source map inside
 */
exports.transpile = (source, fileName) => {
  /** @type {typeof import("typescript")} */
  const ts = require("typescript");
  const { outputText } = ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
  });
  return outputText;
};
