import { openPool } from "./connections";
import { hashPassword } from "./encryption";
import { TaskError } from "./migrator";

/** The stand-in reads no Ruby: it knows what these two scripts do, and refuses every other. */
const retention =
  /^Setting\.media_cache_retention_period = (\d+) if Setting\.media_cache_retention_period\.nil\?$/;

export const knownScript = `user = Account.find_local(ENV.fetch("ADMIN_USERNAME")).user
if user.current_sign_in_at.nil?
  user.skip_password_change_notification!
  user.update!(password: ENV.fetch("ADMIN_PASSWORD"))
end`;

/**
 * `rails runner SCRIPT`.
 * @throws TaskError for another script than the known ones, and as the original for an account that is not there
 */
export async function runScript(script: string): Promise<void> {
  const days = retention.exec(script)?.[1];
  if (days !== undefined) return setRetention(days);
  if (script !== knownScript) {
    throw new TaskError(
      `The stand-in for Mastodon reads no Ruby, and does not know this script:\n${script}`,
    );
  }
  const { ADMIN_USERNAME: username, ADMIN_PASSWORD: password } = process.env;
  if (username === undefined) throw new TaskError('key not found: "ADMIN_USERNAME" (KeyError)');
  if (password === undefined) throw new TaskError('key not found: "ADMIN_PASSWORD" (KeyError)');
  if (password.length < 8 || password.length > 72) {
    throw new TaskError(
      "Validation failed: Password is too short or too long (ActiveRecord::RecordInvalid)",
    );
  }
  const pool = openPool(process.env, 1);
  try {
    const { rows } = await pool.query<{ id: string }>(
      `SELECT users.id FROM users JOIN accounts ON accounts.id = users.account_id
       WHERE lower(username) = lower($1) AND domain IS NULL`,
      [username],
    );
    if (rows[0] === undefined)
      throw new TaskError("undefined method 'user' for nil (NoMethodError)");
    await pool.query(
      "UPDATE users SET encrypted_password = $2 WHERE id = $1 AND current_sign_in_at IS NULL",
      [rows[0].id, hashPassword(password)],
    );
  } finally {
    await pool.end();
  }
}

/** In days; what was set before stays. */
async function setRetention(days: string): Promise<void> {
  const pool = openPool(process.env, 1);
  try {
    await pool.query(
      "INSERT INTO settings VALUES ('media_cache_retention_period', $1) ON CONFLICT (var) DO NOTHING",
      [days],
    );
  } finally {
    await pool.end();
  }
}
