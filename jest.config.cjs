/** @type {import("jest").Config} */
module.exports = {
  // A machine under load takes several seconds for what mostly takes one.
  testTimeout: 30_000,
  // By default one core is left out: of two, that is half.
  maxWorkers: "100%",
  testEnvironment: "node",
  transform: { "^.+\\.ts$": "<rootDir>/tests/support/jestTransform.cjs" },
  setupFiles: ["<rootDir>/tests/support/failOnUnhandledRejection.cjs"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/dist/", "<rootDir>/tests/acceptance/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
};
