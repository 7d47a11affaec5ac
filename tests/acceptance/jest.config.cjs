const base = require("../../jest.config.cjs");

/** @type {import("jest").Config} */
module.exports = {
  ...base,
  rootDir: "../..",
  roots: ["<rootDir>/tests/acceptance"],
  testPathIgnorePatterns: ["/node_modules/"],
  globalSetup: "<rootDir>/tests/acceptance/setup.ts",
  globalTeardown: "<rootDir>/tests/acceptance/teardown.ts",
  // One engine, two cores: side by side, the tests would only wait for each other, and then for their time limits.
  maxWorkers: 1,
  testTimeout: 15 * 60_000,
};
