import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { transpile } from "../../toolchain/transpile.cjs";

const project = path.join(__dirname, "../..");
const source = `
interface NoTrace { readonly ofThis: string }

export const fail = (): Error => new Error("failed");`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "traces-"));
  writeFileSync(path.join(folder, "failing.js"), transpile(source, "failing.ts"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What plain Node prints, with the translation into TypeScript that the SDK has. */
const printed = (script: string): string =>
  execFileSync(
    process.execPath,
    [
      "--eval",
      `require("source-map-support/register");
       const { fail } = require(${JSON.stringify(path.join(folder, "failing.js"))});
       require("./toolchain/stackTraces.cjs").translateFailuresOnly();
       ${script}`,
    ],
    { cwd: project, encoding: "utf8" },
  );

it("leaves alone the traces that nobody is shown", () => {
  expect(printed("console.log(fail().stack)")).toMatch(/at fail \(.*failing\.js:/);
});

it("translates that of a failure, for whoever has waited for one before", () => {
  const script = `
    process.on("unhandledRejection", (error) => console.log(error.stack));
    void Promise.reject(fail());`;
  expect(printed(script)).toMatch(/at .*failing\.ts:4:/);
});
