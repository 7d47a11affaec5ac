import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./commands";
import { projectFolder } from "./projectFolder";

const standin = path.join(projectFolder, "dist", "tests", "support", "standin");

/**
 * A test double of Mastodon's repository, from whose two Dockerfiles the stand-in is built: like the originals, they need
 * BuildKit, know SOURCE_COMMIT and MASTODON_VERSION_METADATA, and start from images of a registry. What a build is of is
 * told by the page `/commit.txt`.
 */
export class SourceRepository {
  /** What its images are built on. */
  readonly bases = [baseOf("mastodon"), baseOf("mastodon-streaming")];

  constructor(readonly folder: string) {}

  async create(): Promise<void> {
    await mkdir(path.join(this.folder, "streaming"), { recursive: true });
    await mkdir(path.join(this.folder, "public"), { recursive: true });
    await cp(standin, path.join(this.folder, "standin"), { recursive: true });
    await this.write("Dockerfile", dockerfile("mastodon"));
    await this.write("streaming/Dockerfile", dockerfile("mastodon-streaming"));
    await this.git("init", "--quiet", "--initial-branch=main");
  }

  /** Writes a file of the next commit. */
  async write(name: string, content: string): Promise<void> {
    await writeFile(path.join(this.folder, name), content);
  }

  /** Commits everything, under a name that the pages of a build of it show. @returns the commit */
  async commit(name: string): Promise<string> {
    await this.write("public/commit.txt", name);
    await this.git("add", "--all");
    await this.git(
      ...["-c", "user.name=Test", "-c", "user.email=test@example.org"],
      ...["commit", "--quiet", "--no-gpg-sign", `--message=${name}`],
    );
    return (await this.git("rev-parse", "HEAD")).trim();
  }

  async git(...args: string[]): Promise<string> {
    return (await run("git", ["-C", this.folder, ...args])).stdout;
  }
}

const baseOf = (image: string): string => `ghcr.io/mastodon/${image}:v4.7.2`;

const dockerfile = (image: string): string => `FROM ${baseOf(image)}
ARG SOURCE_COMMIT=""
ARG MASTODON_VERSION_METADATA=""
ENV SOURCE_COMMIT=$SOURCE_COMMIT MASTODON_VERSION_METADATA=$MASTODON_VERSION_METADATA
COPY standin /opt/mastodon/standin
COPY public/commit.txt /opt/mastodon/public/commit.txt
RUN --mount=type=bind,target=/source test -f /source/${image === "mastodon" ? "" : "streaming/"}Dockerfile
`;
