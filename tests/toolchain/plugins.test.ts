import { versions } from "../support/providers/install";
import { callToolchain } from "../support/toolchain";

test("each plugin that is fetched has a stand-in of its very version, and each stand-in a plugin", () => {
  const wanted = callToolchain("plugins", "wantedPlugins", []) as readonly {
    readonly name: string;
    readonly version: string;
  }[];
  expect(Object.fromEntries(wanted.map(({ name, version }) => [name, version]))).toEqual(versions);
});
