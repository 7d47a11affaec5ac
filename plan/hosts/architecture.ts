/** A processor architecture as image registries name it. */
export type Architecture = "amd64" | "arm64";

/** What the kernel (`uname -m`) and Docker (`docker info`) call them. */
const kernelNames: Readonly<Record<string, Architecture>> = {
  x86_64: "amd64",
  amd64: "amd64",
  aarch64: "arm64",
  arm64: "arm64",
};

/** @param name as the kernel says it; undefined where Mastodon has no images for such a processor */
export const architectureOf = (name: string): Architecture | undefined => kernelNames[name];
