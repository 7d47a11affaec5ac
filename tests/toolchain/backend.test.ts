import { callToolchain } from "../support/toolchain";

test.each([
  ['{"current":"https://api.pulumi.com","accounts":{}}', true],
  ['{"current":"s3://states"}', true],
  ['{"current":""}', false],
  ["{}", false],
  ["", false],
])("logged in elsewhere by %s: %j", (credentials, expected) => {
  expect(callToolchain("backend", "isLoggedIn", [credentials])).toBe(expected);
});
