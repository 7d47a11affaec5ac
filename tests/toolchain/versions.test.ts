import { callToolchain } from "../support/toolchain";

test.each([
  ["3.259.0", "3.248.0", true],
  ["v3.248.0", "3.248.0", true],
  ["3.248.0-alpha.1", "3.248.0", true],
  ["4.0.0", "3.248.0", true],
  ["3.247.9", "3.248.0", false],
  ["2.999.999", "3.248.0", false],
  ["3.99.0", "3.248.0", false],
  ["", "3.248.0", false],
  ["command not found", "3.248.0", false],
])("version %j against the least, %j: %j", (version, minimum, expected) => {
  expect(callToolchain("versions", "isAtLeast", [version, minimum])).toBe(expected);
});
