const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { transpile } = require("../../toolchain/transpile.cjs");

const settings = readFileSync(require.resolve("../../toolchain/transpile.cjs"));

/** Hands TypeScript to jest as the program itself is compiled. Types are checked by `npm run check`. */
module.exports = {
  /**
   * @param {string} source
   * @param {string} file
   */
  process: (source, file) => ({ code: transpile(source, file) }),
  /**
   * @param {string} source
   * @param {string} file
   */
  getCacheKey: (source, file) =>
    createHash("sha256").update(settings).update(file).update(source).digest("hex"),
};
