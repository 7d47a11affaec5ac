import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Redis } from "ioredis";
import { DatabaseError, type Pool } from "pg";
import { CommandError } from "./commandError";
import { openPool, openRedis } from "./connections";
import { columnKeyring, hashPassword, makeSigningKey } from "./encryption";
import { readEnvironment, type Environment } from "./environment";
import { release } from "./home";
import { enqueue } from "./queue";
import { deploySearch } from "./search";
import { setRegistrationsMode, type RegistrationsMode } from "./settings";
import { makeId } from "./snowflake";

interface Context {
  readonly environment: Environment;
  readonly pool: Pool;
  readonly redis: Redis;
}

const registrationModes: Readonly<Record<string, RegistrationsMode>> = {
  open: "open",
  approved: "approved",
  close: "none",
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `tootctl COMMAND …`: `version`, `accounts create|modify`, `search deploy`, `settings registrations`.
 * @throws CommandError with the original's message
 */
export async function tootctl(args: readonly string[]): Promise<void> {
  const environment = readEnvironment(process.env);
  const [group, command, ...rest] = args;
  if (group === "version" || group === "--version") {
    say(`${release()}+standin`);
    return;
  }
  const pool = openPool(process.env, 1);
  const redis = openRedis(process.env);
  const context = { environment, pool, redis };
  try {
    if (group === "accounts" && command === "create") await createAccount(context, rest);
    else if (group === "accounts" && command === "modify") await modifyAccount(context, rest);
    else if (group === "settings" && command === "registrations")
      await setRegistrations(context, rest);
    else if (group === "search" && command === "deploy") await fillIndices(context, rest);
    else
      throw new CommandError(
        `Could not find command "${[group, command].filter(Boolean).join(" ")}".`,
      );
  } finally {
    redis.disconnect();
    await pool.end();
  }
}

async function createAccount({ environment, pool, redis }: Context, args: string[]): Promise<void> {
  const { positionals, values } = parse("create", args, {
    email: { type: "string" },
    confirmed: { type: "boolean" },
    approve: { type: "boolean" },
    role: { type: "string" },
  });
  if (values.email === undefined)
    throw new CommandError("No value provided for required options '--email'");
  const roleId = values.role === undefined ? null : await findRole(pool, values.role);
  const [username = ""] = positionals;
  const email = values.email.toLowerCase();
  const faults = [
    ...(await emailFaults(pool, environment, email)),
    ...(await usernameFaults(pool, username)),
  ];
  if (faults.length > 0) {
    throw new CommandError(
      faults.map(([attribute, type]) => `Failure/Error: ${attribute}\n    ${type}\n`).join(""),
    );
  }
  const password = randomBytes(16).toString("hex");
  const accountId = makeId();
  const key = makeSigningKey();
  await inTransaction(pool, [
    ["INSERT INTO accounts (id, username) VALUES ($1, $2)", [accountId, username]],
    [
      "INSERT INTO keypairs (account_id, public_key, private_key) VALUES ($1, $2, $3)",
      [accountId, key.publicKey, columnKeyring(environment).seal(key.privateKey)],
    ],
    [
      `INSERT INTO users (email, account_id, encrypted_password, role_id, confirmed_at, approved)
       VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN now() END, $6)`,
      [
        email,
        accountId,
        hashPassword(password),
        roleId,
        values.confirmed ?? false,
        values.approve ?? false,
      ],
    ],
  ]);
  // As in the original, the account exists by now: without Redis the command fails here and its password is lost.
  await enqueue(redis, "default", "TriggerWebhookWorker", ["account.created", accountId]);
  say("OK");
  say(`New password: ${password}`);
}

async function modifyAccount({ pool, redis }: Context, args: string[]): Promise<void> {
  const { positionals, values } = parse("modify", args, {
    "reset-password": { type: "boolean" },
    confirm: { type: "boolean" },
    approve: { type: "boolean" },
    enable: { type: "boolean" },
    disable: { type: "boolean" },
    role: { type: "string" },
    "remove-role": { type: "boolean" },
  });
  const { rows } = await pool.query<{ id: string; role_id: string | null }>(
    `SELECT users.id, users.role_id FROM users JOIN accounts ON accounts.id = users.account_id
     WHERE lower(accounts.username) = lower($1) AND accounts.domain IS NULL`,
    [positionals[0] ?? ""],
  );
  const user = rows[0];
  if (user === undefined) throw new CommandError("No user with such username");
  let roleId = user.role_id;
  if (values.role !== undefined) roleId = await findRole(pool, values.role);
  else if (values["remove-role"]) roleId = null;
  const password = values["reset-password"] ? randomBytes(16).toString("hex") : undefined;
  await pool.query(
    `UPDATE users SET role_id = $2, approved = approved OR $3, confirmed_at = coalesce(confirmed_at, CASE WHEN $4 THEN now() END),
       disabled = (disabled OR $5) AND NOT $6, encrypted_password = coalesce($7, encrypted_password) WHERE id = $1`,
    [
      user.id,
      roleId,
      values.approve ?? false,
      values.confirm ?? false,
      values.disable ?? false,
      values.enable ?? false,
      password === undefined ? null : hashPassword(password),
    ],
  );
  if (password !== undefined) await signOutEverywhere(pool, redis, user.id);
  say("OK");
  if (password !== undefined) say(`New password: ${password}`);
}

async function setRegistrations({ pool }: Context, args: string[]): Promise<void> {
  const mode = registrationModes[args[0] ?? ""];
  if (mode === undefined) throw new CommandError(`Could not find command "${args[0] ?? ""}".`);
  await setRegistrationsMode(pool, mode);
  say("OK");
}

async function fillIndices({ pool }: Context, args: string[]): Promise<void> {
  if (args.length > 0) throw new CommandError(`Unknown switches "${args.join(", ")}"`);
  say(`Indexed ${await deploySearch(process.env, pool)} records, de-indexed 0`);
}

async function signOutEverywhere(pool: Pool, redis: Redis, userId: string): Promise<void> {
  await pool.query("DELETE FROM session_activations WHERE user_id = $1", [userId]);
  const { rows } = await pool.query<{ id: string }>(
    "UPDATE oauth_access_tokens SET revoked_at = now() WHERE resource_owner_id = $1 AND revoked_at IS NULL RETURNING id",
    [userId],
  );
  for (const { id } of rows)
    await redis.publish(`timeline:access_token:${id}`, JSON.stringify({ event: "kill" }));
}

async function findRole(pool: Pool, name: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>("SELECT id FROM user_roles WHERE name = $1", [
    name,
  ]);
  if (rows[0] === undefined) throw new CommandError("Cannot find user role with that name");
  return rows[0].id;
}

type Fault = readonly [attribute: string, type: string];

async function usernameFaults(pool: Pool, username: string): Promise<Fault[]> {
  if (!/^[a-z0-9_]+$/i.test(username)) return [["account.username", "invalid"]];
  if (username.length > 30) return [["account.username", "too_long"]];
  const { rowCount } = await pool.query(
    "SELECT FROM accounts WHERE lower(username) = lower($1) AND domain IS NULL",
    [username],
  );
  return rowCount === 0 ? [] : [["account.username", "taken"]];
}

async function emailFaults(
  pool: Pool,
  { emailAllowlist }: Environment,
  email: string,
): Promise<Fault[]> {
  const domain = /^[^@\s]+@([^@\s]+)$/.exec(email)?.[1];
  if (domain === undefined) return [["email", "invalid"]];
  const { rowCount } = await pool.query("SELECT FROM users WHERE email = $1", [email]);
  if (rowCount !== 0) return [["email", "taken"]];
  if (emailAllowlist.some((allowed) => domain === allowed || domain.endsWith(`.${allowed}`)))
    return [];
  if (emailAllowlist.length > 0) return [["email", "blocked"]];
  return (await acceptsMail(domain)) ? [] : [["email", "unreachable"]];
}

/** Whether a mail server of the domain can be found in DNS within five seconds. */
async function acceptsMail(domain: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  const exchangers = await resolver.resolveMx(domain).catch(() => []);
  if (exchangers.some(({ exchange }) => exchange === "")) return false;
  const hosts = exchangers.length > 0 ? exchangers.map(({ exchange }) => exchange) : [domain];
  const found = hosts.flatMap((host) => [resolver.resolve4(host), resolver.resolve6(host)]);
  return Promise.any(found).then(
    () => true,
    () => false,
  );
}

async function inTransaction(
  pool: Pool,
  statements: readonly (readonly [string, unknown[]])[],
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    for (const [sql, values] of statements) await client.query(sql, values);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    // Two runs at once: the second learns of the first only here.
    if (error instanceof DatabaseError && error.code === "23505") {
      throw new CommandError("Failure/Error: account.username\n    taken\n");
    }
    throw error;
  } finally {
    client.release();
  }
}

function parse<Options extends NonNullable<ParseArgsConfig["options"]>>(
  command: string,
  args: string[],
  options: Options,
) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true });
    if (parsed.positionals.length === 1) return parsed;
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
  throw new CommandError(
    `ERROR: "tootctl accounts ${command}" was called with wrong arguments\nUsage: "tootctl accounts ${command} USERNAME"`,
  );
}
