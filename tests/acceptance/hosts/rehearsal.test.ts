import { run } from "../../support/commands";
import { authorityOf, containersOf } from "../../support/inspection";
import { Project } from "../../support/project";
import { currentTestbed } from "../../support/testbed";
import { Visitor } from "../../support/visitor";

const testbed = currentTestbed();
const instance = "mastodon-rehearsal";
const project = new Project({
  folder: `${testbed.folder}/rehearsal`,
  endpoint: testbed.endpoint,
  cache: testbed.cache,
  config: { edge: { kind: "local", port: 8446 } },
});

let output = "";

beforeAll(async () => {
  await project.create();
  // Neither plugins nor, for want of a terminal, a person to ask: what is left is to rehearse.
  output = (await project.start()).stdout;
});

afterAll(async () => {
  await project.pulumi(["destroy", "--yes", "--remove-data", "--stack", "rehearsal"], true);
  await project.remove();
});

describe("npm start where the plugins cannot be had", () => {
  it("says what cannot be reached, and that it rehearses", () => {
    expect(output).toMatch(/get\.pulumi\.com cannot be reached/);
    expect(output).toMatch(/A rehearsal is possible/);
  });

  it("marks every later line, and the page itself", async () => {
    const lines = output.split("A rehearsal is possible")[1]?.split("\n").slice(1) ?? [];
    const unmarked = lines.filter((line) => line !== "" && !line.startsWith("REHEARSAL: "));
    expect(unmarked).toEqual([]);
    const authority = await authorityOf(testbed.endpoint, instance);
    const page = await new Visitor("https://localhost:8446", authority).get("/");
    expect(page.text).toContain("REHEARSAL");
  });

  it("brings the same parts up healthy, under names of their own", async () => {
    const containers = await containersOf(testbed.endpoint, instance);
    expect(containers.map(({ health }) => health)).toEqual(Array(6).fill("healthy"));
    expect(output).toMatch(/URL\s+https:\/\/localhost:8446/);
  });

  it("leaves nothing outside its clone, its state and its cache", async () => {
    const { stdout } = await run("find", [project.env["HOME"] ?? "", "-type", "f"]);
    expect(stdout).toBe("");
  });

  it("changes nothing the second time", async () => {
    const { stdout } = await project.start();
    expect(stdout).toMatch(/\d+ unchanged/);
    expect(stdout).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
  });
});
