/** The architectures that Mastodon has images for, by Docker's names, which are also Go's and Debian's. */
export const architectures = ["amd64", "arm64"] as const;

export type Architecture = (typeof architectures)[number];

/** This machine's own. @throws where Mastodon has no images for it */
export function nativeArchitecture(): Architecture {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new Error(`There are no images for ${process.arch}, only for ${architectures.join(", ")}.`);
}

/** The kernel's name for it, as `uname -m` prints it; QEMU's emulators are named for it, too. */
export const machineOf: Readonly<Record<Architecture, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
};
