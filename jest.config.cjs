/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  transform: { "^.+\\.ts$": "<rootDir>/tests/support/jestTransform.cjs" },
  setupFiles: ["<rootDir>/tests/support/failOnUnhandledRejection.cjs"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/dist/", "<rootDir>/tests/acceptance/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
};
