import { applicationColumn, migrationsOf } from "../support/standin/migrations";

test("two releases differ by one migration before and one after the swap", () => {
  const before = migrationsOf("4.7.1").map(({ version }) => version);
  const added = migrationsOf("4.7.2").filter(({ version }) => !before.includes(version));
  expect(added.map(({ phase }) => phase)).toEqual(["deploy", "post"]);
  expect(applicationColumn("4.7.1")).not.toBe(applicationColumn("4.7.2"));
});

test("versions ascend", () => {
  const versions = migrationsOf("4.10.0").map(({ version }) => version);
  expect(versions).toEqual([...versions].sort());
});
