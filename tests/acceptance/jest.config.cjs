const base = require("../../jest.config.cjs");

/** @type {import("jest").Config} */
module.exports = {
  ...base,
  rootDir: "../..",
  roots: ["<rootDir>/tests/acceptance"],
  testPathIgnorePatterns: ["/node_modules/"],
  globalSetup: "<rootDir>/tests/acceptance/setup.ts",
  globalTeardown: "<rootDir>/tests/acceptance/teardown.ts",
  // The files of one folder share an engine, its ports and its pace.
  maxWorkers: 1,
  testTimeout: 15 * 60_000,
};
