import { open, rm, truncate, type FileHandle } from "node:fs/promises";
import { run } from "../commands";

const gigabyte = 1024 ** 3;

/**
 * A block device of a given size, over a file that takes only the room of what was written. The device is freed by the
 * kernel once nobody has it open or mounted any more, so also after a process that was killed.
 */
export class Disk {
  private constructor(
    private readonly file: string,
    private readonly device: string,
    private readonly handle: FileHandle,
  ) {}

  static async create(file: string, sizeGb: number): Promise<Disk> {
    await (await open(file, "wx")).close();
    await truncate(file, sizeGb * gigabyte);
    const device = (await run("losetup", ["--find", "--show", file])).stdout.trim();
    const handle = await open(device, "r");
    // Takes effect with the last one who closes it.
    await run("losetup", ["--detach", device]);
    return new Disk(file, device, handle);
  }

  /** By which, among the loop devices, every kernel and container knows it. */
  get minor(): number {
    return Number(/\d+$/.exec(this.device)?.[0]);
  }

  /** @param format as `mkfs.` takes it */
  async format(format: string): Promise<void> {
    await run(`mkfs.${format}`, ["-q", this.device]);
  }

  async resize(sizeGb: number): Promise<void> {
    await truncate(this.file, sizeGb * gigabyte);
    await run("losetup", ["--set-capacity", this.device]);
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.file);
  }
}
