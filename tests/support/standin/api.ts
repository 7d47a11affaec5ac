import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { hasBucket, putInBucket } from "./bucket";
import { home, release } from "./home";
import { HttpError, json, redirect, type Reply } from "./http";
import { applicationColumn } from "./migrations";
import type { Person } from "./people";
import { enqueue } from "./queue";
import { registrationsMode } from "./settings";
import { personOf, tokenOf, type Route, type Site, type Visit } from "./site";
import { makeId } from "./snowflake";
import { findStatus, findStatuses, presentAccount, presentMedia } from "./statuses";

const characterLimit = 500;
const imageLimit = 16 * 1024 * 1024;
const extensions: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
};

/** The REST API as far as the stand-in goes. */
export const apiRoutes: readonly Route[] = [
  { method: "GET", pattern: /^\/api\/v2\/instance$/, answer: instance },
  { method: "GET", pattern: /^\/api\/v1\/instance$/, answer: oldInstance },
  { method: "GET", pattern: /^\/\.well-known\/webfinger$/, answer: webfinger },
  { method: "GET", pattern: /^\/\.well-known\/nodeinfo$/, answer: nodeinfoLinks },
  { method: "GET", pattern: /^\/nodeinfo\/2\.0$/, answer: nodeinfo },
  {
    method: "GET",
    pattern: /^\/api\/v1\/accounts\/verify_credentials$/,
    answer: verifyCredentials,
  },
  { method: "GET", pattern: /^\/api\/v1\/apps\/verify_credentials$/, answer: verifyApplication },
  { method: "POST", pattern: /^\/api\/v1\/statuses$/, answer: postStatus },
  { method: "GET", pattern: /^\/api\/v1\/statuses\/([^/]+)$/, answer: showStatus },
  { method: "GET", pattern: /^\/api\/v1\/timelines\/home$/, answer: homeTimeline },
  { method: "GET", pattern: /^\/api\/v1\/timelines\/public$/, answer: publicTimeline },
  { method: "POST", pattern: /^\/api\/v2\/media$/, answer: uploadMedia },
  { method: "GET", pattern: /^\/api\/v1\/streaming(\/.*)?$/, answer: streamingElsewhere },
];

/** Key of the week's set of people who signed in, as the original counts active people. */
export function activityKey(): string {
  return `activity:logins:${Math.floor(Date.now() / 604_800_000)}`;
}

async function figures({ pool, redis }: Site) {
  const { rows } = await pool.query<{
    people: number;
    statuses: number;
    username: string | null;
    email: string | null;
  }>(
    `SELECT (SELECT count(*)::int FROM users WHERE confirmed_at IS NOT NULL) AS people,
            (SELECT count(*)::int FROM statuses) AS statuses, owner.username, owner.email
     FROM (SELECT 1) one LEFT JOIN (
       SELECT accounts.username, users.email, accounts.id FROM users JOIN accounts ON accounts.id = users.account_id
       WHERE users.role_id = 3 ORDER BY users.id LIMIT 1) owner ON true`,
  );
  const row = rows[0] ?? { people: 0, statuses: 0, username: null, email: null };
  return {
    ...row,
    active: await redis.pfcount(activityKey()),
    mode: await registrationsMode(pool),
  };
}

const version = (): string => `${release()}+standin`;

async function instance({ site }: Visit): Promise<Reply> {
  const { localDomain, webDomain, streamingBaseUrl, vapidPublicKey } = site.environment;
  const { active, mode, username, email } = await figures(site);
  return json({
    domain: localDomain,
    title: "REHEARSAL — stand-in for Mastodon",
    version: version(),
    description: "",
    usage: { users: { active_month: active } },
    languages: ["en"],
    configuration: {
      urls: { streaming: streamingBaseUrl, status: null, about: `https://${webDomain}/about` },
      vapid: { public_key: vapidPublicKey },
      statuses: { max_characters: characterLimit, max_media_attachments: 4 },
      media_attachments: {
        supported_mime_types: Object.keys(extensions),
        image_size_limit: imageLimit,
      },
    },
    registrations: {
      enabled: mode !== "none",
      approval_required: mode === "approved",
      message: null,
      url: null,
    },
    api_versions: { mastodon: 7 },
    contact: {
      email: email ?? "",
      account: username === null ? null : { username, acct: username },
    },
    rules: [],
  });
}

async function oldInstance({ site }: Visit): Promise<Reply> {
  const { localDomain, streamingBaseUrl } = site.environment;
  const { people, statuses, mode, username, email } = await figures(site);
  return json({
    uri: localDomain,
    title: "REHEARSAL — stand-in for Mastodon",
    version: version(),
    email: email ?? "",
    urls: { streaming_api: streamingBaseUrl },
    stats: { user_count: people, status_count: statuses, domain_count: 0 },
    languages: ["en"],
    registrations: mode !== "none",
    approval_required: mode === "approved",
    contact_account: username === null ? null : { username, acct: username },
  });
}

async function webfinger({ site, params }: Visit): Promise<Reply> {
  const { localDomain, webDomain } = site.environment;
  const resource = params.get("resource");
  if (resource === "") return { status: 400, headers: {}, body: "" };
  const [, name, domain] = /^(?:acct:)?@?([^@]+)@([^@]+)$/.exec(resource) ?? [];
  if (name === undefined || ![localDomain, webDomain].includes(domain ?? ""))
    return { status: 404, headers: {}, body: "" };
  const { rows } = await site.pool.query<{ username: string }>(
    "SELECT username FROM accounts WHERE lower(username) = lower($1) AND domain IS NULL",
    [name],
  );
  const username = rows[0]?.username;
  if (username === undefined) return { status: 404, headers: {}, body: "" };
  return json(
    {
      subject: `acct:${username}@${localDomain}`,
      aliases: [`https://${webDomain}/@${username}`, `https://${webDomain}/users/${username}`],
      links: [
        {
          rel: "http://webfinger.net/rel/profile-page",
          type: "text/html",
          href: `https://${webDomain}/@${username}`,
        },
        {
          rel: "self",
          type: "application/activity+json",
          href: `https://${webDomain}/users/${username}`,
        },
      ],
    },
    200,
    {
      "Content-Type": "application/jrd+json; charset=utf-8",
      "Cache-Control": "max-age=259200, public",
      "Access-Control-Allow-Origin": "*",
    },
  );
}

function nodeinfoLinks({ site }: Visit): Reply {
  const href = `https://${site.environment.webDomain}/nodeinfo/2.0`;
  return json({ links: [{ rel: "http://nodeinfo.diaspora.software/ns/schema/2.0", href }] });
}

async function nodeinfo({ site }: Visit): Promise<Reply> {
  const { people, statuses, mode } = await figures(site);
  return json({
    version: "2.0",
    software: { name: "mastodon-standin", version: version() },
    protocols: ["activitypub"],
    services: { outbound: [], inbound: [] },
    usage: { users: { total: people }, localPosts: statuses },
    openRegistrations: mode === "open",
    metadata: {},
  });
}

async function verifyCredentials(visit: Visit): Promise<Reply> {
  const { person } = await personOf(visit, "read:accounts");
  const account = presentAccount(
    { id: person.account_id, username: person.username },
    visit.site.environment.webDomain,
  );
  return json({
    ...account,
    role: { name: person.role ?? "" },
    source: { privacy: "public", language: null },
  });
}

async function verifyApplication(visit: Visit): Promise<Reply> {
  const token = await tokenOf(visit);
  if (token === undefined) throw new HttpError(401, "The access token is invalid");
  return json({ name: token.application.name, website: token.application.website });
}

/** Writes the status, and leaves its distribution to sidekiq. */
async function postStatus(visit: Visit): Promise<Reply> {
  const { person, token } = await personOf(visit, "write:statuses");
  const { site, headers } = visit;
  const { webDomain } = site.environment;
  const key =
    typeof headers["idempotency-key"] === "string" ? headers["idempotency-key"] : undefined;
  const marker = `idempotency:status:${person.account_id}:${key}`;
  const earlier = key === undefined ? null : await site.redis.get(marker);
  if (earlier !== null) return json(await findStatus(site.pool, webDomain, earlier));

  const id = await insertStatus(visit, person, token.application.name);
  if (key !== undefined) await site.redis.set(marker, id, "EX", 3_600);
  await enqueue(site.redis, "default", "DistributionWorker", [id]);
  return json(await findStatus(site.pool, webDomain, id));
}

async function insertStatus(
  { site, params }: Visit,
  person: Person,
  application: string,
): Promise<string> {
  const media = params.all("media_ids[]");
  const text = params.get("status");
  const visibility = params.get("visibility") || "public";
  if (text.trim() === "" && media.length === 0)
    throw new HttpError(422, "Validation failed: Text can't be blank");
  if ([...new Intl.Segmenter().segment(text)].length > characterLimit) {
    throw new HttpError(
      422,
      `Validation failed: Text character limit of ${characterLimit} exceeded`,
    );
  }
  if (!["public", "unlisted", "private", "direct"].includes(visibility)) {
    throw new HttpError(422, "Validation failed: Visibility is not included in the list");
  }
  // Every post goes out signed, so it fails where the account's key cannot be read.
  site.columns.open(person.private_key);
  const id = makeId();
  await site.pool.query(
    `WITH status AS (
       INSERT INTO statuses (id, account_id, text, spoiler_text, visibility, sensitive, language, in_reply_to_id, ${applicationColumn(release())})
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id)
     UPDATE media_attachments SET status_id = $1 WHERE id = ANY ($10) AND account_id = $2 AND status_id IS NULL`,
    [
      id,
      person.account_id,
      text,
      params.get("spoiler_text"),
      visibility,
      params.get("sensitive") === "true",
      params.get("language") || "en",
      params.get("in_reply_to_id") || null,
      application,
      media,
    ],
  );
  return id;
}

async function showStatus(visit: Visit, [id = ""]: readonly string[]): Promise<Reply> {
  const status = await findStatus(visit.site.pool, visit.site.environment.webDomain, id);
  const token = await tokenOf(visit);
  const visible =
    status !== undefined &&
    (["public", "unlisted"].includes(status.visibility) ||
      status.account.id === token?.person?.account_id);
  if (!visible) throw new HttpError(404, "Record not found");
  return json(status);
}

async function homeTimeline(visit: Visit): Promise<Reply> {
  const { person } = await personOf(visit, "read:statuses");
  const { pool, environment } = visit.site;
  const filter = "statuses.id IN (SELECT status_id FROM home_feed_entries WHERE account_id = $1)";
  return json(
    await findStatuses(pool, environment.webDomain, filter, [person.account_id], limitOf(visit)),
  );
}

async function publicTimeline(visit: Visit): Promise<Reply> {
  await tokenOf(visit);
  const { pool, environment } = visit.site;
  return json(
    await findStatuses(pool, environment.webDomain, "visibility = 'public'", [], limitOf(visit)),
  );
}

/** How many statuses were asked for: 20 unless told, 40 at most. */
function limitOf({ params }: Visit): number {
  return Math.min(Math.max(Number.parseInt(params.get("limit") || "20", 10) || 20, 1), 40);
}

async function uploadMedia(visit: Visit): Promise<Reply> {
  const { person } = await personOf(visit, "write:media");
  const file = visit.params.files.get("file");
  if (file === undefined) throw new HttpError(422, "Validation failed: File can't be blank");
  const extension = extensions[file.type];
  if (extension === undefined)
    throw new HttpError(422, "Validation failed: File content type is invalid");
  if (file.bytes.length > imageLimit)
    throw new HttpError(422, "Validation failed: File size must be less than 16 MB");
  const id = makeId();
  const name = createHash("sha256").update(randomBytes(16)).digest("hex").slice(0, 16);
  const folder = `media_attachments/files/${id.match(/.{1,3}/g)?.join("/")}/original`;
  const relative = `${folder}/${name}.${extension}`;
  if (hasBucket()) {
    await putInBucket(relative, file.type, file.bytes);
  } else {
    await mkdir(path.join(mediaRoot(), folder), { recursive: true });
    await writeFile(path.join(mediaRoot(), relative), file.bytes);
  }
  const media = { id, file_path: relative, description: visit.params.get("description") || null };
  await visit.site.pool.query(
    "INSERT INTO media_attachments (id, account_id, file_path, content_type, description) VALUES ($1, $2, $3, $4, $5)",
    [id, person.account_id, relative, file.type, media.description],
  );
  return json(presentMedia(media, visit.site.environment.webDomain));
}

/** Where uploads lie. */
export function mediaRoot(): string {
  return process.env.PAPERCLIP_ROOT_PATH ?? path.join(home, "public", "system");
}

/** A request that a gateway should have taken to the streaming process. */
function streamingElsewhere({ site, url }: Visit): Reply {
  const base = new URL(site.environment.streamingBaseUrl.replace(/^ws/, "http"));
  if (base.host === site.environment.webDomain) throw new HttpError(404, "Not found");
  return redirect(`${base.origin}${url.pathname}${url.search}`, 301);
}
