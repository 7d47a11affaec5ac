import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./commands";

/** A server's own, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority that only the tests trust, by `openssl`. */
export class Authority {
  private constructor(
    private readonly folder: string,
    /** What whoever trusts it is given, in PEM. */
    readonly root: string,
  ) {}

  /** @param folder is made where it is not there, and holds its key */
  static async create(folder: string): Promise<Authority> {
    await mkdir(folder, { recursive: true });
    const subject = ["-subj", "/CN=Authority of the tests", "-days", "30"];
    await openssl(folder, [
      ...["req", "-x509", ...keyPair("authority"), ...subject],
      ...["-out", "authority.crt"],
    ]);
    return new Authority(folder, await readFile(path.join(folder, "authority.crt"), "utf8"));
  }

  /**
   * @param names DNS names and IPv4 addresses; files are named for the first
   * @param days how long it is good for; a negative number of days ago, it ended
   */
  async issue(names: readonly string[], days = 30): Promise<Certificate> {
    const [first = "server"] = names;
    const kinds = names.map((name) => `${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}`);
    await openssl(this.folder, [
      ...["req", ...keyPair(first), "-subj", `/CN=${first}`, "-out", `${first}.csr`],
    ]);
    await writeFile(path.join(this.folder, `${first}.ext`), `subjectAltName=${kinds.join(",")}\n`);
    await openssl(this.folder, [
      ...["x509", "-req", "-in", `${first}.csr`, "-out", `${first}.crt`],
      ...["-extfile", `${first}.ext`, "-days", String(days)],
      ...["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial"],
    ]);
    const read = (extension: string): Promise<string> =>
      readFile(path.join(this.folder, `${first}.${extension}`), "utf8");
    return { key: await read("key"), cert: await read("crt") };
  }
}

const keyPair = (name: string): string[] => [
  ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
  ...["-keyout", `${name}.key`],
];

const openssl = (cwd: string, args: readonly string[]): Promise<unknown> =>
  run("openssl", args, { cwd });
