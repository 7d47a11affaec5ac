import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { linesOf, run, type Result } from "../support/commands";
import { projectFolder } from "../support/projectFolder";

const call = `
  const [file, stack, ...args] = process.argv.slice(1);
  process.exitCode = await (await import(file)).destroy(process.env, stack, args);
`;

/** Tells the state that it is given, does nothing else, and notes what it was asked for: a test double. */
const pulumi = `#!/bin/sh
case "$*" in
  "stack export "*) cat "$FOLDER/state.json" ;;
  *) echo "$*" >> "$FOLDER/asked"; exit "$CODE" ;;
esac
`;

/** Knows one volume. */
const docker = `#!/bin/sh
echo "docker $*" >> "$FOLDER/asked"
case "$*" in *"volume ls"*) echo mastodon-media ;; esac
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "destroy-"));
  for (const [name, text] of Object.entries({ pulumi, docker }))
    await writeFile(path.join(folder, name), text, { mode: 0o755 });
});

afterEach(() => rm(folder, { recursive: true }));

const protect = true;
const secret = { urn: "secret", type: "random:index/randomPassword:RandomPassword", protect };
const volume = {
  urn: "volume",
  type: "docker:index/volume:Volume",
  id: "mastodon-media",
  protect,
  retainOnDelete: true,
  inputs: { labels: [{ label: "org.joinmastodon.instance", value: "mastodon" }] },
};
const engineAt = (host: string): object => ({
  urn: "engine",
  type: "pulumi:providers:docker",
  inputs: { host },
});
const atHetzner = [
  secret,
  { urn: "disk", type: "hcloud:index/volume:Volume", id: "7", protect },
  { urn: "server", type: "hcloud:index/server:Server", id: "9" },
  engineAt("ssh://mastodon-server"),
  volume,
];
const onOwnMachine = [secret, engineAt("unix:///docker.sock"), volume];

/** What Pulumi is asked for, and what is said. @param code that Pulumi ends with */
async function destroyed(
  resources: readonly object[],
  args: readonly string[],
  code = 0,
): Promise<Result & { readonly asked: readonly string[] }> {
  await writeFile(path.join(folder, "state.json"), JSON.stringify({ deployment: { resources } }));
  const result = await run(
    process.execPath,
    [
      ...["--input-type=module", "--eval", call],
      ...[path.join(projectFolder, "toolchain/destroy.mjs"), "prod", ...args],
    ],
    {
      env: {
        PATH: `${folder}${path.delimiter}${process.env["PATH"]}`,
        HOME: folder,
        FOLDER: folder,
        MASTODON_STATE: folder,
        CODE: String(code),
      },
      mayFail: true,
    },
  );
  const asked = await readFile(path.join(folder, "asked"), "utf8").catch(() => "");
  return { ...result, asked: linesOf(asked) };
}

/** As an `up` on this machine leaves it. */
const knowTheServer = (): Promise<string | undefined> =>
  mkdir(path.join(folder, "ssh/mastodon-server"), { recursive: true });

const keepingTheDisk = "destroy --ignore-protect --exclude secret --exclude disk";

describe("destroy", () => {
  it("leaves all that is protected on a machine that is there anyway", async () => {
    const { asked, stdout } = await destroyed(onOwnMachine, ["--yes"]);
    expect(asked).toEqual(["destroy --exclude-protected --yes"]);
    expect(stdout).toContain("Kept: 1 data volumes (mastodon-media) and 1 permanent secrets.\n");
  });

  it("lets go of a server of its own and of the volumes on its disk, and of no protection", async () => {
    await knowTheServer();
    const { asked } = await destroyed(atHetzner, ["--yes"]);
    expect(asked).toEqual([`${keepingTheDisk} --yes`]);
  });

  it("says what is kept at Hetzner, where Pulumi would say that nothing is left", async () => {
    const kept = atHetzner.slice(0, 2);
    const { stdout } = await destroyed(kept, []);
    expect(stdout).toBe(
      [
        "Kept: 1 data volumes (7) and 1 permanent secrets.",
        "The data volume is Hetzner's, and goes on being paid for.",
        "Keep the stack too, even if Pulumi proposes to remove it: nothing else knows of them.",
        "The same instance comes back by: npm run pulumi -- up --stack prod",
        "To remove them for good: npm run pulumi -- destroy --remove-data --stack prod",
        "",
      ].join("\n"),
    );
  });

  it("has the program run first on a machine that does not know the way to the server", async () => {
    expect((await destroyed(atHetzner, [])).asked).toEqual([`${keepingTheDisk} --run-program`]);
  });

  it("shows in a preview what it would do, and says nothing of what is kept", async () => {
    await knowTheServer();
    const { asked, stdout } = await destroyed(atHetzner, ["--preview-only"]);
    expect(asked).toEqual([`${keepingTheDisk} --preview-only`]);
    expect(stdout).toBe("");
  });

  it("leaves it to Pulumi where targets are named", async () => {
    await knowTheServer();
    const { asked } = await destroyed(atHetzner, ["--target", "server"]);
    expect(asked).toEqual(["destroy --target server"]);
  });

  it("ends as Pulumi does where that fails or is declined", async () => {
    await knowTheServer();
    const { asked, code, stdout } = await destroyed(atHetzner, [], 255);
    expect([asked, code, stdout]).toEqual([[keepingTheDisk], 255, ""]);
  });

  it("removes data only where it is told to, and never by lifting a protection", async () => {
    const { asked, code, stderr } = await destroyed(atHetzner, ["--remove-data"]);
    expect([asked, code]).toEqual([[], 1]);
    expect(stderr).toContain("removes all posts, media and keys of mastodon for good. Add --yes");
    const told = await destroyed(atHetzner, ["--remove-data", "--yes"]);
    expect(told.asked).toEqual(["destroy --ignore-protect --yes --run-program"]);
  });

  it("removes the volumes of a machine that is there anyway, but in no preview", async () => {
    const args = ["--remove-data", "--yes"];
    const shown = await destroyed(onOwnMachine, [...args, "--preview-only"]);
    expect(shown.asked).toEqual(["destroy --ignore-protect --yes --preview-only"]);
    const { asked } = await destroyed(onOwnMachine, args);
    expect(asked.slice(1)).toEqual([
      "destroy --ignore-protect --yes",
      expect.stringMatching(/^docker .*volume ls --quiet --filter label=.*=mastodon$/),
      expect.stringMatching(/^docker .*volume rm mastodon-media$/),
    ]);
  });
});
