import {
  DecryptionError,
  hashPassword,
  Keyring,
  passwordMatches,
} from "../support/standin/encryption";

test("opens what it sealed, and nothing else does", () => {
  const sealed = new Keyring("one", "salt").seal("text");
  expect(new Keyring("one", "salt").open(sealed)).toBe("text");
  expect(() => new Keyring("two", "salt").open(sealed)).toThrow(DecryptionError);
  expect(() => new Keyring("one", "pepper").open(sealed)).toThrow(DecryptionError);
  expect(() => new Keyring("one", "salt").open("")).toThrow(DecryptionError);
});

test("knows a password again", () => {
  const stored = hashPassword("secret");
  expect(passwordMatches("secret", stored)).toBe(true);
  expect(passwordMatches("Secret", stored)).toBe(false);
});
