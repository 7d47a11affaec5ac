import { callToolchain } from "../support/toolchain";

test.each([
  [["up"], "up", null],
  [["up", "-s", "prod"], "up", "prod"],
  [["--stack", "prod", "up"], "up", "prod"],
  [["destroy", "--stack=pi", "--yes"], "destroy", "pi"],
  [["-C", "/somewhere", "stack", "output"], "stack", null],
  [["--non-interactive", "preview", "--diff"], "preview", null],
  [[], null, null],
  [["--help"], null, null],
])("%j", (args, name, stack) => {
  const found = callToolchain("pulumiArguments", "parseArguments", [args]) as Record<
    string,
    string
  >;
  expect([found["name"] ?? null, found["stack"] ?? null]).toEqual([name, stack]);
});
