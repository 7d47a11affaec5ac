import path from "node:path";
import type { Emulator } from "../emulation";
import { machineOf, type Architecture } from "./architecture";
import type { Builder } from "./builder";

/** Takes the emulator of an architecture out of the image of them, into a folder. */
export async function copyEmulator(
  docker: Builder,
  image: string,
  architecture: Architecture,
  folder: string,
): Promise<Emulator> {
  const program = `qemu-${machineOf[architecture]}`;
  const emulator = {
    interpreter: path.join(folder, program),
    rule: path.join(folder, `${program}.conf`),
  };
  const container = await docker("create", "--network=none", image);
  try {
    await docker("cp", `${container}:/usr/bin/${program}`, emulator.interpreter);
    await docker("cp", `${container}:/usr/lib/binfmt.d/${program}.conf`, emulator.rule);
  } finally {
    await docker("rm", container);
  }
  return emulator;
}
