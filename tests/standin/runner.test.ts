import { firstPasswordScript } from "../../plan/jobs";
import { knownScript, runScript } from "../support/standin/runner";

it("knows the script with which the program gives the owner a password", () => {
  expect(knownScript).toBe(firstPasswordScript);
});

it("refuses every other script", async () => {
  await expect(runScript("puts 1")).rejects.toThrow(/does not know this script/);
});
