import type { Pool } from "pg";
import { mediaBase } from "./bucket";
import { release } from "./home";
import { applicationColumn } from "./migrations";
import { escapeHtml } from "./page";

interface Row {
  readonly id: string;
  readonly account_id: string;
  readonly text: string;
  readonly spoiler_text: string;
  readonly visibility: string;
  readonly sensitive: boolean;
  readonly language: string | null;
  readonly in_reply_to_id: string | null;
  readonly application: string | null;
  readonly created_at: Date;
  readonly username: string;
  readonly display_name: string;
  readonly media: readonly Media[];
}

interface Media {
  readonly id: string;
  readonly file_path: string;
  readonly description: string | null;
}

/** A status as the API shows it. */
export type Status = ReturnType<typeof present>;

/**
 * Reads statuses, newest first.
 * @param filter SQL over `statuses`, its parameters being `values`
 */
export async function findStatuses(
  pool: Pool,
  webDomain: string,
  filter: string,
  values: readonly unknown[],
  limit = 20,
): Promise<Status[]> {
  const { rows } = await pool.query<Row>(
    `SELECT statuses.*, statuses.${applicationColumn(release())} AS application, accounts.username, accounts.display_name,
       (SELECT coalesce(json_agg(json_build_object('id', id::text, 'file_path', file_path, 'description', description)), '[]')
        FROM media_attachments WHERE status_id = statuses.id) AS media
     FROM statuses JOIN accounts ON accounts.id = statuses.account_id
     WHERE ${filter} ORDER BY statuses.id DESC LIMIT ${limit}`,
    [...values],
  );
  return rows.map((row) => present(row, webDomain));
}

export async function findStatus(
  pool: Pool,
  webDomain: string,
  id: string,
): Promise<Status | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  return (await findStatuses(pool, webDomain, "statuses.id = $1", [id]))[0];
}

function present(row: Row, webDomain: string) {
  const profile = `https://${webDomain}/@${row.username}`;
  return {
    id: row.id,
    created_at: row.created_at.toISOString(),
    in_reply_to_id: row.in_reply_to_id,
    sensitive: row.sensitive,
    spoiler_text: row.spoiler_text,
    visibility: row.visibility,
    language: row.language,
    uri: `https://${webDomain}/users/${row.username}/statuses/${row.id}`,
    url: `${profile}/${row.id}`,
    content: `<p>${escapeHtml(row.text)}</p>`,
    text: row.text,
    application: row.application === null ? null : { name: row.application },
    account: presentAccount(
      { id: row.account_id, username: row.username, display_name: row.display_name },
      webDomain,
    ),
    media_attachments: row.media.map((media) => presentMedia(media, webDomain)),
    mentions: [],
    tags: [],
  };
}

export function presentAccount(
  account: { id: string; username: string; display_name?: string },
  webDomain: string,
) {
  return {
    id: account.id,
    username: account.username,
    acct: account.username,
    display_name: account.display_name ?? "",
    url: `https://${webDomain}/@${account.username}`,
    uri: `https://${webDomain}/users/${account.username}`,
  };
}

export function presentMedia(media: Media, webDomain: string) {
  const url = `${mediaBase(webDomain)}/${media.file_path}`;
  return { id: media.id, type: "image", url, preview_url: url, description: media.description };
}
