import { randomBytes } from "node:crypto";
import { Client, DatabaseError, escapeIdentifier } from "pg";
import { postgresConfig } from "./connections";
import { columnKeyring, makeSigningKey } from "./encryption";
import type { Environment } from "./environment";
import { release } from "./home";
import { migrationsOf, type Migration } from "./migrations";

/** Ends a rails task with this message and exit code 1. */
export class TaskError extends Error {
  override name = "TaskError";
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The rails tasks that the stand-in knows, by name. */
export const tasks: Readonly<Record<string, (environment: Environment) => Promise<void>>> = {
  "db:prepare": prepare,
  "db:migrate": () => withDatabase(migrate),
  "db:seed": (environment) => withDatabase((client) => seed(client, environment)),
  "db:create": create,
  "db:version": () => withDatabase(printVersion),
  "db:migrate:status": () => withDatabase(printStatus),
  "db:abort_if_pending_migrations": () => withDatabase(abortIfPending),
};

/** Creates the database where it is missing, loads schema and seeds into an empty one, else runs what is pending. */
async function prepare(environment: Environment): Promise<void> {
  if (!(await databaseExists())) await create();
  await withDatabase(async (client) => {
    if (await isInitialised(client)) {
      await runPending(client);
    } else {
      await loadSchema(client);
      await seed(client, environment);
    }
  });
}

/** Unlike `db:prepare`, checks the server's version first, and leaves an empty database without seeds. */
async function migrate(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; text: string }>(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS text",
  );
  if ((rows[0]?.number ?? 0) < 140_000) {
    throw new TaskError(
      `ERROR: This version of Mastodon requires PostgreSQL 14.0 or newer.\nYou are running PostgreSQL ${rows[0]?.text}.`,
    );
  }
  if (await isInitialised(client)) await runPending(client);
  else await loadSchema(client);
}

async function create(): Promise<void> {
  const name = databaseName();
  await withClient({ ...postgresConfig(process.env), ...maintenance() }, async (client) => {
    try {
      await client.query(`CREATE DATABASE ${escapeIdentifier(name)} ENCODING 'unicode'`);
      say(`Created database '${name}'`);
    } catch (error) {
      if (!hasCode(error, "42P04")) throw error;
      say(`Database '${name}' already exists`);
    }
  });
}

/** Connection details of the server's own database, from which another one is created. */
function maintenance(): { database: string } | { connectionString: string } {
  if (!process.env.DATABASE_URL) return { database: "postgres" };
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = "/postgres";
  return { connectionString: url.href };
}

function databaseName(): string {
  return new Client(postgresConfig(process.env)).database ?? "";
}

async function databaseExists(): Promise<boolean> {
  try {
    await withClient(postgresConfig(process.env), () => Promise.resolve());
    return true;
  } catch (error) {
    if (hasCode(error, "3D000")) return false;
    throw error;
  }
}

async function isInitialised(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS found",
  );
  return rows[0]?.found ?? false;
}

async function loadSchema(client: Client): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`
      CREATE TABLE schema_migrations (version text PRIMARY KEY);
      CREATE TABLE ar_internal_metadata (key text PRIMARY KEY, value text);
      INSERT INTO ar_internal_metadata VALUES ('environment', 'production')`);
    for (const migration of migrationsOf(release())) await apply(client, migration);
  });
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query(migration.up);
  await client.query("INSERT INTO schema_migrations VALUES ($1)", [migration.version]);
}

async function pendingMigrations(client: Client): Promise<Migration[]> {
  const { rows } = await client.query<{ version: string }>("SELECT version FROM schema_migrations");
  const done = new Set(rows.map((row) => row.version));
  // The mere presence of the variable counts, whatever it says.
  const skipsPost = process.env.SKIP_POST_DEPLOYMENT_MIGRATIONS !== undefined;
  return migrationsOf(release()).filter(
    (migration) => !done.has(migration.version) && !(skipsPost && migration.phase === "post"),
  );
}

async function runPending(client: Client): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    "SELECT pg_try_advisory_lock(hashtext(current_database())) AS locked",
  );
  if (!rows[0]?.locked) {
    throw new TaskError(
      "ActiveRecord::ConcurrentMigrationError: Cannot run migrations because another migration process is currently running.",
    );
  }
  for (const migration of await pendingMigrations(client)) {
    const started = performance.now();
    say(heading(`${migration.version} ${migration.name}: migrating`));
    await inTransaction(client, () => apply(client, migration));
    const seconds = ((performance.now() - started) / 1_000).toFixed(4);
    say(`${heading(`${migration.version} ${migration.name}: migrated (${seconds}s)`)}\n`);
  }
}

const heading = (text: string): string => `== ${text} `.padEnd(79, "=");

/** What an empty instance needs before its first account: roles, the instance's own actor, and the web application. */
async function seed(client: Client, environment: Environment): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`
      INSERT INTO user_roles (id, name, position, permissions, highlighted)
      VALUES (-99, '', -1, 65536, false), (1, 'Moderator', 10, 1308, true), (2, 'Admin', 100, 983036, true),
             (3, 'Owner', 1000, 1, true)
      ON CONFLICT DO NOTHING;
      SELECT setval('user_roles_id_seq', 3);
      INSERT INTO accounts (id, username, display_name, actor_type)
      VALUES (-99, 'mastodon.internal', '', 'Application') ON CONFLICT DO NOTHING`);
    const actor = makeSigningKey();
    await client.query(
      "INSERT INTO keypairs (account_id, public_key, private_key) VALUES (-99, $1, $2) ON CONFLICT DO NOTHING",
      [actor.publicKey, columnKeyring(environment).seal(actor.privateKey)],
    );
    await client.query(
      `INSERT INTO oauth_applications (name, uid, secret, redirect_uri, scopes, superapp)
       SELECT 'Web', $1, $2, 'urn:ietf:wg:oauth:2.0:oob', 'read write follow push', true
       WHERE NOT EXISTS (SELECT FROM oauth_applications WHERE superapp)`,
      [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")],
    );
  });
}

async function printVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string | null }>(
    "SELECT max(version) AS version FROM schema_migrations",
  );
  say(`database: ${databaseName()}\nCurrent version: ${rows[0]?.version ?? 0}`);
}

async function printStatus(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>("SELECT version FROM schema_migrations");
  const done = new Set(rows.map((row) => row.version));
  say(
    `\ndatabase: ${databaseName()}\n\n Status   Migration ID    Migration Name\n${"-".repeat(50)}`,
  );
  for (const { version, name } of migrationsOf(release())) {
    say(`  ${done.has(version) ? " up " : "down"}    ${version}  ${name}`);
  }
}

async function abortIfPending(client: Client): Promise<void> {
  const pending = await pendingMigrations(client);
  if (pending.length === 0) return;
  throw new TaskError(
    [
      `You have ${pending.length} pending ${pending.length === 1 ? "migration" : "migrations"}:`,
      ...pending.map(({ version, name }) => `  ${version} ${name}`),
      "Run `bin/rails db:migrate` to update your database then try again.",
    ].join("\n"),
  );
}

async function withDatabase(work: (client: Client) => Promise<void>): Promise<void> {
  try {
    await withClient(postgresConfig(process.env), work);
  } catch (error) {
    if (!hasCode(error, "3D000")) throw error;
    throw new TaskError(
      `ActiveRecord::NoDatabaseError: We could not find your database: ${databaseName()}.`,
    );
  }
}

async function withClient(
  config: ConstructorParameters<typeof Client>[0],
  work: (client: Client) => Promise<void>,
) {
  const client = new Client(config);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof DatabaseError && error.code === code;
