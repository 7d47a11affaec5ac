import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sshFolder, writeSshFolder } from "../../components/host/sshFolder";
import { sshPreamble } from "../../plan/hosts/sshConfig";
import { withVariables } from "../support/dockerClientDouble";

const args = { name: "mastodon-example", address: "203.0.113.10", user: "mastodon" };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "ssh-folder-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("the way to a server", () => {
  it("is written for nobody else to read, and found first by scripts", async () => {
    await withVariables({ MASTODON_STATE: folder }, () => {
      const made = writeSshFolder({
        ...args,
        privateKey: "secret\n",
        hostKey: "ssh-ed25519 AAAA\n",
      });
      expect(made).toBe(sshFolder(args.name));
      expect(statSync(made).mode & 0o777).toBe(0o700);
      expect(statSync(path.join(made, "id_ed25519")).mode & 0o777).toBe(0o600);
      const found = execFileSync("sh", ["-c", `${sshPreamble(args.name)}command -v ssh`], {
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin", MASTODON_STATE: folder },
      });
      expect(found.trim()).toBe(path.join(made, "ssh"));
      return Promise.resolve();
    });
  });

  it("leads a client that takes no options, and does not lead in circles", () => {
    const real = path.join(folder, "real");
    mkdirSync(real);
    writeFileSync(path.join(real, "ssh"), '#!/bin/sh\necho "$@"\n');
    chmodSync(path.join(real, "ssh"), 0o755);
    return withVariables({ MASTODON_STATE: folder }, () => {
      writeSshFolder({ ...args, privateKey: "secret\n", hostKey: "ssh-ed25519 AAAA\n" });
      const said = execFileSync("sh", ["-c", `${sshPreamble(args.name)}ssh ${args.name} true`], {
        encoding: "utf8",
        env: { PATH: `${real}:/usr/bin:/bin`, MASTODON_STATE: folder },
      });
      expect(said.trim()).toBe(`-F ${sshFolder(args.name)}/config ${args.name} true`);
      return Promise.resolve();
    });
  });
});
