/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/dist/", "<rootDir>/tests/acceptance/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
};
