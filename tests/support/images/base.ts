import type { Architecture } from "./architecture";
import { run } from "./run";

/** Never of use inside a container. Stays in force for packages that are installed later. */
const excluded = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/locale/*/*",
];

/** Packages and indexes are used once: kept, they would double an image's size. */
const aptOptions = [
  'Dir::Cache::pkgcache ""',
  'Dir::Cache::srcpkgcache ""',
  'Acquire::Languages "none"',
  'APT::Keep-Downloaded-Packages "false"',
  'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; }',
];

/** Nothing may start a service while packages are installed. */
const noServices = `printf '#!/bin/sh\\nexit 101\\n' > "$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"`;

/** Makes a minimal Debian as a tar archive, about half a minute. */
export async function bootstrapDebian(suite: string, archive: string): Promise<void> {
  await run("mmdebstrap", [
    "--variant=minbase",
    "--include=ca-certificates",
    ...excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--customize-hook=${noServices}`,
    `--customize-hook=printf '%s;\\n' ${aptOptions.map((option) => `'${option}'`).join(" ")} > "$1/etc/apt/apt.conf.d/99keep-nothing"`,
    `--customize-hook=rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/*`,
    suite,
    archive,
  ]);
}

/** Half of all files, and none that anything needs: without LLVM, Postgres does not compile queries just in time. */
const compilers = [
  "/usr/lib/*/libLLVM*",
  "/usr/lib/*/libz3*",
  "/usr/lib/postgresql/*/lib/bitcode/*",
  "/usr/lib/postgresql/*/lib/llvmjit*",
];

/**
 * Makes a Debian of another architecture as a tar archive, about half a minute. Its packages are unpacked and no more:
 * to run their scripts with an emulator takes a quarter of an hour.
 */
export async function unpackDebian(
  suite: string,
  architecture: Architecture,
  packages: readonly string[],
  archive: string,
): Promise<void> {
  await run("mmdebstrap", [
    "--variant=extract",
    `--architectures=${architecture}`,
    // Nothing of it is run.
    "--skip=check/qemu",
    '--aptopt=APT::Install-Recommends "false"',
    "--include=?essential",
    ...packages.map((name) => `--include=${name}`),
    ...[...excluded, ...compilers].map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    suite,
    archive,
  ]);
}
