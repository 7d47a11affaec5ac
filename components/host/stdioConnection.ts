import { spawn } from "node:child_process";
import { Duplex } from "node:stream";

/** A connection to what a command passes its input and output on to, as `ssh … docker system dial-stdio` does. */
export class StdioConnection extends Duplex {
  private readonly child;
  private complaint = "";

  constructor(command: string, args: readonly string[]) {
    super();
    this.child = spawn(command, args, { stdio: "pipe" });
    const { stdin, stdout, stderr } = this.child;
    stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding("utf8").on("data", (text: string) => (this.complaint += text));
    // Whoever no longer reads says why by how it ends.
    stdin.on("error", () => undefined);
    this.child.on("error", (error) => this.destroy(error));
    this.child.on("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(this.complaint.trim() || `${command} ended with ${code}`));
    });
  }

  override _read(): void {
    this.child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.child.kill();
    done(error);
  }
}
