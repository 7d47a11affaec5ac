import { textOf } from "../support/page";
import { callToolchain } from "../support/toolchain";

const { dependencies } = JSON.parse(textOf("package.json")) as {
  readonly dependencies: { readonly "@pulumi/pulumi": string };
};

const sum = "0a".repeat(32);
const other = "1b".repeat(32);
const list = `${other}  pulumi-v3.259.0-linux-x64.tar.gz.sig\n${sum}  pulumi-v3.259.0-linux-x64.tar.gz\n`;

test("the checksum is that of exactly the named archive", () => {
  expect(callToolchain("cli", "findSum", [list, "pulumi-v3.259.0-linux-x64.tar.gz"])).toBe(sum);
});

test.each([
  ["an archive that is not listed", list, "pulumi-v3.259.0-darwin-x64.tar.gz"],
  ["an error page", "<html>not found</html>", "pulumi-v3.259.0-linux-x64.tar.gz"],
  ["a sum that is cut short", `${sum.slice(1)}  a.tar.gz\n`, "a.tar.gz"],
])("no checksum is found for %s", (_, text, name) => {
  expect(callToolchain("cli", "findSum", [text, name])).toBeNull();
});

test("no CLI is used that is older than the SDK, or knows no --ignore-protect", () => {
  const oldest = callToolchain("cli", "minimumVersion", []);
  for (const needed of [dependencies["@pulumi/pulumi"], "3.256.0"])
    expect(callToolchain("versions", "isAtLeast", [oldest, needed])).toBe(true);
});
