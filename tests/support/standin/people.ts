import type { Pool } from "pg";

/** A person who can sign in, with the account that belongs to them. */
export interface Person {
  readonly id: string;
  readonly account_id: string;
  readonly username: string;
  readonly email: string;
  readonly encrypted_password: string;
  readonly private_key: string;
  readonly role: string | null;
  readonly confirmed: boolean;
  readonly approved: boolean;
  readonly disabled: boolean;
}

const columns = `
  users.id, users.account_id, accounts.username, users.email, users.encrypted_password, keypairs.private_key,
  user_roles.name AS role, users.confirmed_at IS NOT NULL AS confirmed, users.approved, users.disabled`;
const tables = `
  users JOIN accounts ON accounts.id = users.account_id JOIN keypairs ON keypairs.account_id = users.account_id
  LEFT JOIN user_roles ON user_roles.id = users.role_id`;

export async function findByEmail(pool: Pool, email: string): Promise<Person | undefined> {
  const { rows } = await pool.query<Person>(
    `SELECT ${columns} FROM ${tables} WHERE users.email = lower($1)`,
    [email],
  );
  return rows[0];
}

export async function findBySession(
  pool: Pool,
  id: string,
): Promise<(Person & { token: string }) | undefined> {
  const { rows } = await pool.query<Person & { token: string }>(
    `SELECT ${columns}, tokens.token FROM ${tables}
     JOIN session_activations ON session_activations.user_id = users.id
     JOIN oauth_access_tokens tokens ON tokens.id = session_activations.access_token_id
     WHERE session_id = $1 AND tokens.revoked_at IS NULL`,
    [id],
  );
  return rows[0];
}

/** A token's scopes and application, and its person unless the application speaks for itself. */
export interface Token {
  readonly scopes: readonly string[];
  readonly application: {
    readonly id: string;
    readonly name: string;
    readonly website: string | null;
  };
  readonly person: Person | undefined;
}

export async function findByToken(pool: Pool, token: string): Promise<Token | undefined> {
  const { rows } = await pool.query<{
    scopes: string;
    application_id: string;
    name: string;
    website: string | null;
    resource_owner_id: string | null;
  }>(
    `SELECT tokens.scopes, tokens.resource_owner_id, applications.id AS application_id, applications.name, applications.website
     FROM oauth_access_tokens tokens JOIN oauth_applications applications ON applications.id = tokens.application_id
     WHERE token = $1 AND revoked_at IS NULL`,
    [token],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const people =
    row.resource_owner_id === null
      ? undefined
      : await pool.query<Person>(`SELECT ${columns} FROM ${tables} WHERE users.id = $1`, [
          row.resource_owner_id,
        ]);
  return {
    scopes: row.scopes.split(" "),
    application: { id: row.application_id, name: row.name, website: row.website },
    person: people?.rows[0],
  };
}

/** Why a person who gave the right password may not use the instance yet; nothing when they may. */
export function obstacle(person: Person): string | undefined {
  if (person.disabled) return "Your login is currently disabled";
  if (!person.confirmed) return "Your login is missing a confirmed e-mail address";
  if (!person.approved) return "Your login is currently pending approval";
  return undefined;
}
