import type { Pool } from "pg";

/** How new people come in: anyone, after approval, or not at all. */
export type RegistrationsMode = "open" | "approved" | "none";

export async function registrationsMode(pool: Pool): Promise<RegistrationsMode> {
  const { rows } = await pool.query<{ value: RegistrationsMode }>(
    "SELECT value FROM settings WHERE var = 'registrations_mode'",
  );
  return rows[0]?.value ?? "none";
}

export async function setRegistrationsMode(pool: Pool, mode: RegistrationsMode): Promise<void> {
  await pool.query(
    "INSERT INTO settings VALUES ('registrations_mode', $1) ON CONFLICT (var) DO UPDATE SET value = excluded.value",
    [mode],
  );
}
