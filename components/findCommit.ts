import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError, nearest } from "../plan";

const run = promisify(execFile);

/** A repository on the other side of the world answers within seconds. */
const patienceMs = 60_000;

/**
 * Asks a git repository which commit a branch or tag names.
 *
 * @returns 40 hexadecimal digits
 * @throws ConfigError in words that help, whatever git printed
 */
export async function findCommit(repository: string, ref: string): Promise<string> {
  const named = await listRefs(repository);
  // As git itself would choose between a tag and a branch; of an annotated tag, the commit that it stands for.
  const commit = [`refs/tags/${ref}^{}`, `refs/tags/${ref}`, `refs/heads/${ref}`]
    .map((name) => named.get(name))
    .find((found) => found !== undefined);
  if (commit !== undefined) return commit;
  const names = [...named.keys()].flatMap(
    (name) => /^refs\/(?:heads|tags)\/(.*?)(?:\^\{\})?$/.exec(name)?.[1] ?? [],
  );
  throw fault("ref", unknownMessage(ref, repository, [...new Set(names)]));
}

function unknownMessage(ref: string, repository: string, names: readonly string[]): string {
  const subject = `${JSON.stringify(ref)} is neither a branch nor a tag of ${repository}`;
  if (/^[0-9a-f]{7,39}$/.test(ref)) return `${subject}: write all 40 digits of a commit`;
  const match = nearest(ref, names);
  if (match !== undefined) return `${subject}: did you mean ${match}?`;
  return names.length === 0
    ? `${subject}, which has none`
    : `${subject}: there is, for example, ${names.slice(0, 5).join(", ")}`;
}

async function listRefs(repository: string): Promise<ReadonlyMap<string, string>> {
  const args = ["ls-remote", "--quiet", "--heads", "--tags", "--", repository];
  const env = {
    // Nobody is there to answer: a helper or an agent has the credentials, or there are none.
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=15",
    ...process.env,
    GIT_TERMINAL_PROMPT: "0",
  };
  try {
    const { stdout } = await run("git", args, {
      env,
      timeout: patienceMs,
      maxBuffer: 64 * 1024 ** 2,
    });
    return new Map(
      stdout
        .split("\n")
        .map((line) => line.split("\t"))
        .flatMap(([commit = "", name]) => (name === undefined ? [] : [[name, commit] as const])),
    );
  } catch (error) {
    throw fault("repository", explain(error, repository));
  }
}

function explain(error: unknown, repository: string): string {
  const {
    code,
    killed,
    stderr = "",
  } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT")
    return "needs git, which is not on the PATH of this machine: install it, and repeat";
  if (killed === true)
    return `${repository} did not answer within ${patienceMs / 1000} seconds: check the address and the connection`;
  const reason = stderr
    .split("\n")
    .map((line) => line.replace(/^(fatal|remote|ERROR): /, "").trim())
    .find((line) => line !== "");
  return `${repository} cannot be read: ${reason ?? String(error)}. Check the address; for a private one, let git ask a credential helper, or use ssh`;
}

const fault = (key: string, message: string): ConfigError =>
  new ConfigError([{ path: `image.${key}`, message }]);
