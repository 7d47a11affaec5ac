import type { Pool } from "pg";
import { messageOf } from "./log";
import { CommandError } from "./commandError";

type Variables = Readonly<Record<string, string | undefined>>;

/** The indices of the original, smaller ones first, with what of the stand-in's tables belongs into each. */
const indices = {
  instances: undefined,
  accounts: "SELECT id::text, username FROM accounts",
  tags: undefined,
  public_statuses: "SELECT id::text, text FROM statuses WHERE visibility = 'public'",
  statuses: "SELECT id::text, text FROM statuses",
} as const;

/**
 * `tootctl search deploy`: makes the indices that are missing and fills all of them from the database.
 *
 * Stricter than the original in one point, which does not ask whether search is switched on.
 * @throws CommandError where the search server does not answer, or refuses
 */
export async function deploySearch(env: Variables, pool: Pool): Promise<number> {
  if (env.ES_ENABLED !== "true") {
    throw new CommandError("ES_ENABLED is not true: nothing would ever search what is indexed");
  }
  const server = searchServer(env);
  let added = 0;
  for (const [name, query] of Object.entries(indices)) {
    const index = [env.ES_PREFIX, name].filter(Boolean).join("_");
    if ((await server("HEAD", `/${index}`)).status === 404)
      await succeed(server("PUT", `/${index}`));
    const { rows } = query === undefined ? { rows: [] } : await pool.query<{ id: string }>(query);
    if (rows.length === 0) continue;
    const lines = rows.flatMap(({ id, ...document }) => [
      JSON.stringify({ index: { _index: index, _id: id } }),
      JSON.stringify(document),
    ]);
    await succeed(server("POST", "/_bulk", `${lines.join("\n")}\n`));
    added += rows.length;
  }
  return added;
}

type Server = (method: string, path: string, body?: string) => Promise<Response>;

function searchServer(env: Variables): Server {
  const host = env.ES_HOST ?? "localhost";
  const origin = `${host.includes("://") ? host : `http://${host}`}:${env.ES_PORT ?? "9200"}`;
  const credentials = Buffer.from(`${env.ES_USER ?? ""}:${env.ES_PASS ?? ""}`).toString("base64");
  return async (method, path, body) => {
    try {
      return await fetch(`${origin}${path}`, {
        method,
        headers: {
          "Content-Type": "application/json",
          ...(env.ES_USER === undefined ? {} : { Authorization: `Basic ${credentials}` }),
        },
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      throw unreachable(messageOf(cause ?? error));
    }
  };
}

async function succeed(answer: Promise<Response>): Promise<void> {
  const { ok, status } = await answer;
  if (!ok) throw unreachable(`[${status}]`);
}

const unreachable = (reason: string): CommandError =>
  new CommandError(
    `There was an issue connecting to the search server. Make sure the\nserver is configured and running correctly, and that the environment\nvariable settings match what the server is expecting.\n\n${reason}`,
  );
